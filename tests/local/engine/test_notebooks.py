"""Notebooks on the driver: language features, dbutils, errors, imports, secrets."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_cells_share_a_namespace_and_the_page_shows_what_they_print(engine: Any) -> None:
    answer = engine.run(
        """\
        # Databricks notebook source
        print("<b>one</b>")
        x = 20

        # COMMAND ----------

        # MAGIC %sql
        # MAGIC create or replace temporary view numbers as select id from range(3);
        # MAGIC select sum(id) as total, ':day' as day from numbers where id > :least

        # COMMAND ----------

        x + _sqldf.first().total

        # COMMAND ----------

        import pandas, matplotlib.pyplot as plt
        display(pandas.DataFrame({"name": ["<i>"]}))
        figure = plt.figure()
        display(figure)
        displayHTML("<h1>report</h1>")
        dbutils.notebook.exit("done")
        """,
        {"least": "1"},
    )
    assert (answer["state"], answer["exit_value"]) == ("SUCCEEDED", "done"), answer
    page = engine.page(answer)
    assert "&lt;b&gt;one&lt;/b&gt;" in page
    assert "<th>total</th><th>day</th>" in page
    assert "<td>2</td><td>:day</td>" in page
    assert "<pre>22\n</pre>" in page
    assert "<td>&lt;i&gt;</td>" in page
    assert "data:image/png;base64," in page
    assert '<iframe sandbox srcdoc="&lt;h1&gt;report' in page


def test_error_names_cell_and_line_and_the_trace_begins_in_the_notebook(engine: Any) -> None:
    answer = engine.run(
        """\
        # Databricks notebook source
        def check(value):
            raise ValueError(f"bad value {value}")

        # COMMAND ----------

        # MAGIC %python
        # MAGIC check(3)
        """
    )
    assert answer["state"] == "FAILED"
    assert answer["error"] == "ValueError: bad value 3 (cell 1, line 3)"
    lines = answer["error_trace"].splitlines()
    assert lines[1] == '  File "/Shared/tests/example [cell 2]", line 8, in <module>'
    assert lines[2] == "    check(3)"
    assert "local/engine" not in answer["error_trace"]
    assert "bad value 3" in engine.page(answer)


def test_markdown_plots_and_query_results_are_on_the_page_each_once(engine: Any) -> None:
    answer = engine.run(
        """\
        # MAGIC %md
        # MAGIC ## Takings
        # MAGIC of *all* <script>alert(1)</script> days

        # COMMAND ----------

        import matplotlib.pyplot as plt
        import pandas
        plt.plot([1, 2])
        plt.show()
        pandas.DataFrame({"n": [1, 2]}).plot()
        figure, axes = plt.subplots()
        display(figure)

        # COMMAND ----------

        assert plt.get_fignums() == [], "a cell closes what it drew"

        # COMMAND ----------

        # MAGIC %sql
        # MAGIC select 'net' as kind, 7 as amount

        # COMMAND ----------

        display(_sqldf.selectExpr("amount * 3 as tripled"))
        """
    )
    assert answer["state"] == "SUCCEEDED", answer["error_trace"]
    page = engine.page(answer)
    assert "<h2>Takings</h2>" in page
    assert "<em>all</em> &lt;script&gt;" in page
    assert page.count("data:image/png;base64,") == 3
    assert "<th>kind</th><th>amount</th>" in page
    assert "<th>tripled</th></tr></thead><tbody>\n<tr><td>21</td>" in page


def test_an_error_in_an_included_notebook_names_its_cell_and_line(engine: Any) -> None:
    broken = "def half(n):\n    return n / 0\n\n# COMMAND ----------\n\nhalf(1)"
    engine.workspace.notebooks["/Shared/tests/broken"] = ("PYTHON", broken)
    answer = engine.run("# MAGIC %run ./broken")
    assert answer["error"] == "ZeroDivisionError: division by zero (cell 1, line 2)"
    assert '  File "/Shared/tests/broken [cell 2]", line 6, in <module>' in answer["error_trace"]


@pytest.mark.parametrize(
    "source",
    [
        "open('/Volumes/shop/raw/x')",
        "open('/Volumes/shop/raw/x', 'w')",
        "import pandas; pandas.read_csv('/Volumes/shop/raw/x')",
        "import os; os.makedirs('/Volumes/shop/raw/x')",
        "import os; os.listdir('/dbfs/x')",
        "from concurrent.futures import ThreadPoolExecutor as Pool; Pool().submit(open, '/Volumes/x').result()",
    ],
)
def test_pythons_own_file_functions_refuse_volumes_by_name(engine: Any, source: str) -> None:
    answer = engine.run(f"try:\n    {source}\nexcept FileNotFoundError:\n    print('took it for absent')")
    assert answer["state"] == "FAILED"
    assert answer["error"].startswith("VolumePathError: Python's own file functions do not reach /")
    assert "use dbutils.fs or Spark" in answer["error"]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("x = 1\n\nif x\n", "SyntaxError: expected ':' (cell 1, line 3)"),
        ("import sys\nsys.exit(3)", "SystemExit: 3 (cell 1, line 2)"),
        ("spark.table('no.such')", "AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]"),
        ("dbutils.widgets.get('day')", "InputWidgetNotDefined: No input widget named day is defined"),
        (
            "spark.sql('CREATE MATERIALIZED VIEW shop.silver.m AS SELECT 1 AS n')",
            "[UNSUPPORTED_FEATURE] The local workspace does not do MATERIALIZED VIEW. SQLSTATE: 0A000",
        ),
        ("# MAGIC %sql\n# MAGIC refresh streaming table shop.silver.s", "does not do STREAMING TABLE. SQLSTATE: 0A000"),
        ("dbutils.secrets.list('none')", "Scope none does not exist!"),
        (
            "dbutils.fs.mount('s3://b', '/mnt/b')",
            "AttributeError: dbutils.fs.mount is not supported by the local workspace",
        ),
        ("# MAGIC %scala\n# MAGIC val x = 1", "%scala is not supported by the local workspace"),
        ("# MAGIC %run ./absent", "%run ./absent: there is no notebook /Shared/tests/absent."),
    ],
)
def test_failures_are_one_clear_line(engine: Any, source: str, error: str) -> None:
    answer = engine.run(source)
    assert answer["state"] == "FAILED"
    assert error in answer["error"]
    assert "\n" not in answer["error"]


def test_run_shares_the_namespace_and_notebook_run_does_not(engine: Any) -> None:
    engine.workspace.notebooks["/Shared/tests/setup"] = ("PYTHON", "shared = dbutils.widgets.get('who')")
    engine.workspace.notebooks["/Shared/child"] = (
        "PYTHON",
        "assert 'shared' not in globals()\ndbutils.notebook.exit(dbutils.widgets.get('n') * 2)",
    )
    source = """\
        # MAGIC %run ./setup $who="me"

        # COMMAND ----------

        import json
        child = dbutils.notebook.run("../child", 60, {"n": 4})
        try:
            dbutils.notebook.run("../child", 60)
        except Exception as error:
            failure = str(error)
        try:
            dbutils.notebook.exit(json.dumps([shared, child, failure]))
        except Exception:
            raise SystemExit("exit must pass through except Exception")
        """
    shared, child, failure = engine.succeed(source)
    assert (shared, child) == ("me", "44")
    assert "/Shared/child failed: InputWidgetNotDefined" in failure


def test_child_that_takes_too_long_is_ended(engine: Any) -> None:
    engine.workspace.notebooks["/Shared/slow"] = ("PYTHON", "import time\nfor _ in range(600): time.sleep(0.1)")
    answer = engine.run("dbutils.notebook.run('/Shared/slow', 1)")
    assert answer["error"].startswith("TimeoutError: dbutils.notebook.run: /Shared/slow did not end within 1 s.")


def test_task_values_travel_between_tasks_of_a_job_run(engine: Any) -> None:
    engine.workspace.task_keys[7001] = ("70", "first")
    engine.run("dbutils.jobs.taskValues.set('rows', [1, {'a': None}])", run_id=70, task_run_id=7001, task_key="first")
    source = """\
        import json
        values = dbutils.jobs.taskValues
        got = [values.get("first", "rows"), values.get("first", "none", default=0)]
        try:
            values.get("first", "none")
        except ValueError as error:
            got.append(str(error))
        dbutils.notebook.exit(json.dumps(got))
        """
    got = engine.succeed(source, run_id=70, task_run_id=7002, task_key="second")
    assert got == [[1, {"a": None}], 0, "Task value 'none' of task 'first' was not set, and no default was given."]


def test_secret_reaches_neither_page_nor_error_nor_log(engine: Any) -> None:
    engine.workspace.secrets["email", "password"] = b"hunter<2>&more"
    answer = engine.run(
        """\
        import logging, sys
        secret = dbutils.secrets.get("email", "password")
        assert len(secret) == 14 and dbutils.secrets.getBytes("email", "password") == secret.encode()
        print("it is", secret)
        print(secret, file=sys.stderr)
        logging.getLogger("notebook").warning("found %s", secret)
        display(spark.createDataFrame([(secret,)], "value string"))
        raise ValueError(f"wrong password {secret}")
        """
    )
    assert answer["error"] == "ValueError: wrong password [REDACTED] (cell 1, line 8)"
    log = engine.driver.log.read_text()
    for text in (answer["error_trace"], engine.page(answer), log):
        assert "hunter" not in text
    assert engine.page(answer).count("[REDACTED]") >= 4
    left = engine.run("dbutils.notebook.exit('it is ' + dbutils.secrets.get('email', 'password'))")
    assert left["exit_value"] == "it is [REDACTED]"
    framed = engine.run("displayHTML('<b>' + dbutils.secrets.get('email', 'password') + '</b>')")
    assert "hunter" not in engine.page(framed)
    absent = engine.run("dbutils.secrets.get('email', 'none')")
    assert "Secret does not exist with scope: email and key: none" in absent["error"]


def test_secrets_are_listed_by_name_and_never_by_value(engine: Any) -> None:
    engine.workspace.secrets |= {
        ("mail", "password"): b"hunter22",
        ("mail", "host"): b"smtp.internal",
        ("pay", "k"): b"v",
    }
    answer = engine.run(
        """\
        import json
        scopes, secrets = dbutils.secrets.listScopes(), dbutils.secrets.list("mail")
        print(secrets)
        assert [scope.name for scope in scopes] == [scope.getName() for scope in scopes]
        dbutils.notebook.exit(json.dumps([[scope.name for scope in scopes], [each.key for each in secrets]]))
        """
    )
    scopes, keys = json.loads(answer["exit_value"])
    assert {"mail", "pay"} <= set(scopes)
    assert keys == ["host", "password"]
    page = engine.page(answer)
    assert "[SecretMetadata(key=&#x27;host&#x27;), SecretMetadata(key=&#x27;password&#x27;)]" in page
    assert "hunter22" not in page


def test_what_is_not_deployed_cannot_be_imported_though_a_checkout_has_it(engine: Any) -> None:
    """The interpreter of a checkout finds the library that jobs use; a cluster finds it where it was deployed."""
    assert importlib.util.find_spec("lakehouse") is not None
    answer = engine.run("import lakehouse")
    assert answer["state"] == "FAILED"
    assert "ModuleNotFoundError: No module named 'lakehouse'" in answer["error"]


def test_workspace_module_is_imported_and_a_new_deploy_is_seen(engine: Any) -> None:
    source = """\
        import sys, json
        sys.path.append("/Workspace/Shared/app")
        from shop_lib import rules
        from pyspark.sql.functions import udf
        doubled = spark.range(1, 3).select(udf(rules.scale, "long")("id").alias("x"))
        dbutils.notebook.exit(json.dumps([rules.scale(1), [row.x for row in doubled.collect()]]))
        """
    engine.write("Shared/app/shop_lib/__init__.py", "")
    engine.write("Shared/app/shop_lib/rules.py", "FACTOR = 2\ndef scale(x):\n    return x * FACTOR\n")
    assert engine.succeed(source) == [2, [2, 4]]
    engine.write("Shared/app/shop_lib/rules.py", "FACTOR = 3\ndef scale(x):\n    return x * FACTOR\n")
    assert engine.succeed(source) == [3, [3, 6]]
    left = engine.succeed("import sys; dbutils.notebook.exit(sum('Shared/app' in p for p in sys.path))")
    assert left == 0


def test_two_runs_at_once_import_their_own_package_of_the_same_name(engine: Any) -> None:
    source = """\
        import sys, time, json
        sys.path.append("/Workspace/Shared/" + dbutils.widgets.get("env"))
        seen = set()
        deadline = time.time() + 3
        while time.time() < deadline:
            import twin.name
            from twin.late import late
            seen.add((twin.name.NAME, late()))
            time.sleep(0.01)
        dbutils.notebook.exit(json.dumps(sorted(seen)))
        """
    for env in ("blue", "green"):
        engine.write(f"Shared/{env}/twin/__init__.py", "")
        engine.write(f"Shared/{env}/twin/name.py", f"NAME = {env!r}\n")
        engine.write(f"Shared/{env}/twin/late.py", "def late():\n    from twin.name import NAME\n    return NAME\n")
    keys = {env: engine.start(source, {"env": env}) for env in ("blue", "green")}
    for env, key in keys.items():
        answer = engine.finish(key)
        assert answer["exit_value"] == f'[["{env}", "{env}"]]', answer


def test_threads_and_batches_of_a_run_print_to_its_page(engine: Any) -> None:
    landing = engine.volume("threads")
    (landing / "a.json").write_text('{"id": 1}\n')
    answer = engine.run(
        """\
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda n: print("thread", n), range(2)))
        stream = spark.readStream.schema("id long").json("/Volumes/shop/raw/threads")
        batches = stream.writeStream.foreachBatch(lambda batch, n: print("batch", n, batch.count()))
        batches = batches.trigger(availableNow=True).option("checkpointLocation", "/Volumes/shop/raw/threads_cp")
        batches.start().awaitTermination()
        """
    )
    assert answer["state"] == "SUCCEEDED", answer["error_trace"]
    page = engine.page(answer)
    assert "thread 0" in page
    assert "thread 1" in page
    assert "batch 0 1" in page


def test_sql_notebook_runs(engine: Any) -> None:
    source = """\
        -- Databricks notebook source
        create or replace table shop.silver.from_sql as select :day as day;

        -- COMMAND ----------

        select count(*) as n from shop.silver.from_sql where day = '2024-01-31'
        """
    answer = engine.run(source, {"day": "2024-01-31"}, language="SQL")
    assert answer["state"] == "SUCCEEDED", answer["error_trace"]
    assert "<td>1</td>" in engine.page(answer)
