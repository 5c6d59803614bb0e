"""The real server, Spark driver and dbt under one parent job."""

from __future__ import annotations

import base64
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.workspace import ImportFormat, Language
from jobs_harness import life_cycle, results, task_of

from local.workspace.process import RunningWorkspace, start

pytestmark = pytest.mark.slow
FOLDER = "/Workspace/Shared/shop"
CATALOG = "shop"
NOTEBOOKS = {
    "ingest": """# Databricks notebook source
rows = int(dbutils.widgets.get("rows"))
(scope,) = dbutils.secrets.listScopes()
(secret,) = dbutils.secrets.list(scope.name)
assert dbutils.secrets.get(scope.name, secret.key) == secret.key[::-1]
spark.range(rows).selectExpr("id", "id * 2 as price").write.mode("overwrite").saveAsTable("shop.bronze.orders")
dbutils.jobs.taskValues.set("rows", rows)
dbutils.notebook.exit(f"{rows} rows")
""",
    "broken": """# Databricks notebook source
raise ValueError("no such day")
""",
    "slow": """# Databricks notebook source
spark.range(10**13).selectExpr("sum(id % 7)").collect()
""",
    "active": """# Databricks notebook source
dbutils.notebook.exit(str(len(spark.sparkContext.statusTracker().getActiveJobsIds())))
""",
    "flaky": """# Databricks notebook source
import os, pathlib, signal
mark = pathlib.Path(dbutils.widgets.get("mark"))
if not mark.exists():
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
dbutils.notebook.exit(str(spark.range(3).count()))
""",
}
ENDLESS = "select sum(hash(a.id, b.id)) as x from range(10000000) a cross join range(1000000) b"
PROJECT = {
    "dbt_project.yml": "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table}}\n",
    "models/sources.yml": "sources: [{name: bronze, database: shop, tables: [{name: orders}]}]\n",
    "models/revenue.sql": "select count(*) as n, sum(price) as total from {{ source('bronze', 'orders') }}\n",
    "models/endless.sql": f"{{{{ config(enabled=var('endless', false)) }}}}\n{ENDLESS}\n",
    "models/revenue.yml": "models: [{name: revenue, columns: [{name: total, data_tests: [not_null]}]}]\n",
}


@pytest.fixture(scope="module")
def client(spark_server: RunningWorkspace) -> WorkspaceClient:
    client = WorkspaceClient(host=spark_server.host, token=spark_server.token, auth_type="pat")
    client.secrets.create_scope("shop")
    client.secrets.put_secret("shop", "lemon", string_value="nomel")
    client.catalogs.create(CATALOG)
    for schema in ("bronze", "gold"):
        client.schemas.create(schema, CATALOG)
    for name, source in NOTEBOOKS.items():
        content = base64.b64encode(source.encode()).decode()
        client.workspace.mkdirs(FOLDER)
        client.workspace.import_(
            f"{FOLDER}/{name}", content=content, format=ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True
        )
    files = {f"dbt/{name}": text for name, text in PROJECT.items()}
    files["count.sql"] = "select n, total from shop.gold.revenue where n = :rows"
    files["endless.sql"] = f"select 1; {ENDLESS}; create table shop.gold.never (n int)"
    for name, text in files.items():
        client.workspace.mkdirs(f"{FOLDER}/{name}".rpartition("/")[0])
        content = base64.b64encode(text.encode()).decode()
        client.workspace.import_(f"{FOLDER}/{name}", content=content, format=ImportFormat.AUTO, overwrite=True)
    return client


def create(client: WorkspaceClient, name: str, *tasks: dict[str, Any], **settings: Any) -> int:
    body = {"name": name, "tasks": list(tasks), **settings}
    answer: dict[str, Any] = client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
    return int(answer["job_id"])


def notebook(key: str, **settings: Any) -> dict[str, Any]:
    return {"task_key": key, "notebook_task": {"notebook_path": f"{FOLDER}/{key}"}, **settings}


def reaches(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def after(*keys: str) -> dict[str, Any]:
    return {"depends_on": [{"task_key": key} for key in keys]}


@pytest.fixture(scope="module")
def warehouse(client: WorkspaceClient) -> str:
    made = client.warehouses.create(name="w", cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=10)
    return str(made.id)


def dbt(warehouse: str, *commands: str) -> dict[str, Any]:
    task = {"commands": list(commands), "project_directory": f"{FOLDER}/dbt", "warehouse_id": warehouse}
    return {**task, "catalog": CATALOG, "schema": "gold"}


def rows(client: WorkspaceClient, warehouse: str, statement: str) -> list[list[str]]:
    answer = client.statement_execution.execute_statement(statement, warehouse, wait_timeout="50s")
    assert answer.result is not None, answer.status
    return answer.result.data_array or []


def test_a_pipeline_of_every_task_kind(client: WorkspaceClient, warehouse: str) -> None:
    condition = {"left": "{{tasks.ingest.values.rows}}", "op": "GREATER_THAN", "right": "5"}
    child = create(
        client,
        "child",
        notebook("ingest"),
        {"task_key": "transform", "dbt_task": dbt(warehouse, "dbt run", "dbt test"), **after("ingest")},
        {
            "task_key": "report",
            "sql_task": {"warehouse_id": warehouse, "file": {"path": f"{FOLDER}/count.sql"}},
            **after("transform"),
        },
        parameters=[{"name": "rows", "default": "4"}],
    )
    enough = {"task_key": "enough", "condition_task": {**condition, "left": "{{job.parameters.rows}}"}}
    build = {
        "task_key": "build",
        "run_job_task": {"job_id": child, "job_parameters": {"rows": "{{job.parameters.rows}}"}},
    }
    build["depends_on"] = [{"task_key": "enough", "outcome": "true"}]
    parent = create(client, "parent", enough, build, parameters=[{"name": "rows", "default": "10"}])

    run = client.jobs.run_now(parent).result(timeout=timedelta(minutes=8))
    child_run_id = client.jobs.get_run_output(task_of(run, "build").run_id).run_job_output.run_id
    child_run = client.jobs.get_run(child_run_id)
    logs = client.jobs.get_run_output(task_of(child_run, "transform").run_id).logs
    assert results(child_run) == {"ingest": "SUCCESS", "transform": "SUCCESS", "report": "SUCCESS"}, logs
    assert results(run) == {"enough": "SUCCESS", "build": "SUCCESS"}
    assert client.jobs.get_run_output(task_of(child_run, "ingest").run_id).notebook_output.result == "10 rows"
    assert "PASS=1" in logs

    assert rows(client, warehouse, "select n, total from shop.gold.revenue") == [["10", "90"]]
    exported = client.jobs.export_run(task_of(child_run, "ingest").run_id).views
    assert exported is not None
    assert "<html" in (exported[0].content or "").lower()
    gaps = [
        task_of(child_run, later).start_time - task_of(child_run, earlier).end_time
        for earlier, later in (("ingest", "transform"), ("transform", "report"))
    ]
    assert 0 <= min(gaps) < 1000, gaps


def test_a_notebooks_error_is_told_with_its_trace(client: WorkspaceClient) -> None:
    waiting = client.jobs.run_now(create(client, "broken", notebook("broken")))
    with pytest.raises(OperationFailed, match="Task broken failed with message: Workload failed"):
        waiting.result()
    run = client.jobs.get_run(waiting.response.run_id)
    output = client.jobs.get_run_output(task_of(run, "broken").run_id)
    assert results(run) == {"broken": "FAILED"}
    assert "no such day" in output.error
    assert "raise ValueError" in output.error_trace


@pytest.mark.parametrize("kind", ["notebook", "sql", "dbt"])
def test_a_running_query_is_cancelled(client: WorkspaceClient, warehouse: str, kind: str) -> None:
    work = {
        "notebook": {"notebook_task": {"notebook_path": f"{FOLDER}/slow"}},
        "sql": {"sql_task": {"warehouse_id": warehouse, "file": {"path": f"{FOLDER}/endless.sql"}}},
        "dbt": {"dbt_task": dbt(warehouse, "dbt run --select endless --vars '{endless: true}'", "dbt test")},
    }
    task = {"task_key": "slow", **work[kind], "max_retries": 1}
    later = {**notebook("active"), **after("slow"), "run_if": "ALL_DONE"}
    run_id = client.jobs.run_now(create(client, "slow", task, later)).response.run_id
    active = create(client, "active", notebook("active"))

    def spark_jobs() -> int:
        run = client.jobs.run_now(active).result()
        return int(client.jobs.get_run_output(task_of(run, "active").run_id).notebook_output.result)

    reaches(lambda: spark_jobs() > 0, 60)
    began = time.monotonic()
    client.jobs.cancel_run_and_wait(run_id)
    assert time.monotonic() - began < 30
    # The warehouse ends the query of a client that is gone after 10 s: asked to, it is sooner.
    reaches(lambda: spark_jobs() == 0, 8)
    run = client.jobs.get_run(run_id)
    assert results(run) == {"slow": "CANCELED", "active": "CANCELED"}, "nothing of a cancelled run begins"
    assert len(run.tasks) == 2, "what was cancelled is not tried again"
    for each in (run, task_of(run, "slow")):
        assert (life_cycle(each), each.state.result_state.value) == ("TERMINATED", "CANCELED")
        assert each.status.termination_details.code.value == "USER_CANCELED"
    # Both cores are free again: the query would hold them for hours.
    began = time.monotonic()
    assert rows(client, warehouse, "select sum(id) from range(1000000)") == [["499999500000"]]
    assert rows(client, warehouse, "show tables in shop.gold like 'never'") == []
    assert time.monotonic() - began < 60


def test_a_driver_killed_by_a_notebook_is_replaced_and_the_task_tried_again(
    client: WorkspaceClient, tmp_path: Path
) -> None:
    task = notebook("flaky", max_retries=1)
    task["notebook_task"]["base_parameters"] = {"mark": str(tmp_path / "mark")}
    run = client.jobs.run_now(create(client, "flaky", task)).result(timeout=timedelta(minutes=5))
    first, second = client.jobs.get_run(run.run_id, include_history=True).tasks
    assert first.status.termination_details.code.value == "DRIVER_ERROR"
    assert second.state.result_state.value == "SUCCESS"
    assert client.jobs.get_run_output(second.run_id).notebook_output.result == "3"


def test_a_killed_server_takes_its_run_with_it(client: WorkspaceClient, spark_server: RunningWorkspace) -> None:
    run_id = client.jobs.run_now(create(client, "long", notebook("slow"))).response.run_id
    reaches(lambda: life_cycle(client.jobs.get_run(run_id).tasks[0]) == "RUNNING", 60)
    os.kill(spark_server.pid, signal.SIGKILL)
    spark_server.process.wait()
    with start(spark_server.root, arguments=["--no-driver"]) as again:
        run = WorkspaceClient(host=again.host, token=again.token, auth_type="pat").jobs.get_run(run_id)
        assert (life_cycle(run), results(run)) == ("INTERNAL_ERROR", {"slow": "FAILED"})
