"""The unmodified dbt-databricks, as a process of its own, in Unity Catalog mode."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow
Rows = Callable[..., list[dict[str, Any]]]
MINI = Path(__file__).parent / "mini"


@dataclass(frozen=True)
class Ended:
    """An invocation that is over."""

    returncode: int
    stdout: str


@dataclass(frozen=True)
class Dbt:
    """A copy of the mini project with a profile for the warehouse."""

    project: Path
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        # A shell that runs the tests in its background has them ignore Ctrl-C, and whatever they start.
        hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        return subprocess.Popen(command, cwd=self.project, env=self.environment, text=True, preexec_fn=hear, **pipes)

    def __call__(self, *arguments: str) -> Ended:
        with self.start(*arguments) as process:
            said, _ = process.communicate(timeout=600)
        return Ended(process.returncode, said)

    def results(self) -> dict[str, str]:
        found = json.loads((self.project / "target" / "run_results.json").read_text())["results"]
        return {result["unique_id"].split(".", 2)[2]: result["status"] for result in found}


@pytest.fixture(scope="module")
def dbt(warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    project = tmp_path_factory.mktemp("dbt") / "mini"
    shutil.copytree(MINI, project)
    output = {
        **{"type": "databricks", "catalog": "ecommerce_local", "schema": "default", "threads": 4, "connect_retries": 1},
        **{"host": warehouse.address, "http_path": warehouse.path, "token": warehouse.server.token},
        "connection_parameters": warehouse.connection_parameters,
    }
    profile = {"mini": {"target": "local", "outputs": {"local": output}}}
    (project / "profiles.yml").write_text(yaml.safe_dump(profile))
    trust = {"REQUESTS_CA_BUNDLE": str(warehouse.server.ca_file)}
    return Dbt(project, {**os.environ, **trust, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"})


# One story told in order: each invocation of dbt costs seconds, so each shows several things.


def test_the_first_build_makes_everything(dbt: Dbt, rows: Rows) -> None:
    first = dbt("build")
    assert first.returncode == 0, first.stdout
    assert set(dbt.results().values()) <= {"success", "pass"}
    assert _table(rows, "mini_gold.customer_totals", "customer_id, total, orders") == [
        (10, Decimal("24.90"), 2),
        (11, Decimal("100.25"), 1),
    ]
    _check_documentation(rows)
    _check_keys_tags_and_grants(rows)


def test_the_next_build_adds_to_it_by_every_strategy_and_names_what_is_broken(dbt: Dbt, rows: Rows) -> None:
    _replace(dbt.project / "dbt_project.yml", "use_materialization_v2: false", "use_materialization_v2: true")
    seed = dbt.project / "seeds" / "raw_orders.csv"
    _replace(
        seed, "2,10,5.00,2024-01-02 11:30:00\n3,11,100.25,2024-01-02 12:00:00\n", "2,10,6.00,2024-01-02 13:00:00\n"
    )
    _replace(seed, "1,10,19.90,", "4,11,1.00,2024-01-03 09:00:00\n1,10,19.90,")
    second = dbt("build", "--vars", "{round: 2, limit: 1000, missing: 4, kind: string}")
    assert second.returncode == 1
    failed = {name for name, status in dbt.results().items() if status not in ("success", "pass")}
    assert failed == {"checked", "required", "narrow"}
    assert "CHECK constraint amount_is_small (amount <= 15) violated" in second.stdout
    assert "NOT NULL constraint violated for column: known" in second.stdout
    assert "enforced contract that failed" in second.stdout
    _check_strategies(rows)
    assert "USING V2 MATERIALIZATION" in (dbt.project / "logs" / "dbt.log").read_text()
    # The keys were part of CREATE TABLE this time.
    _check_keys_tags_and_grants(rows)


def test_retry_runs_only_what_failed(dbt: Dbt) -> None:
    retried = dbt("retry", "--vars", "{}")
    assert retried.returncode == 0, retried.stdout
    assert dbt.results() == dict.fromkeys(("checked", "required", "narrow"), "success")


def test_docs_know_every_relation(dbt: Dbt) -> None:
    documented = dbt("docs", "generate", "--no-compile")
    assert documented.returncode == 0, documented.stdout
    catalog = json.loads((dbt.project / "target" / "catalog.json").read_text())
    manifest = json.loads((dbt.project / "target" / "manifest.json").read_text())
    assert not catalog["errors"]
    kinds = ("model", "seed", "snapshot")
    assert set(catalog["nodes"]) == {key for key, node in manifest["nodes"].items() if node["resource_type"] in kinds}
    columns = catalog["nodes"]["model.mini.order_shape"]["columns"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "order_id": "bigint",
        "amount": "decimal(12,2)",
    }
    assert catalog["nodes"]["snapshot.mini.orders_history"]["metadata"]["type"] == "table"


def test_ctrl_c_cancels_the_query(dbt: Dbt, warehouse: Any, rows: Rows) -> None:
    log = warehouse.server.root / "log" / "driver.log"
    process = dbt.start("run", "--select", "endless", "--vars", "{endless: true}")
    try:
        deadline = time.monotonic() + 60
        # Alone, this test runs the old materialization, which does all in one statement.
        while re.search(r"(insert into|create or replace table) \S+`endless`", log.read_text()) is None:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        time.sleep(2)  # its jobs have begun
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()  # one that did not hear would hold both cores for the rest of the tests
    assert process.returncode != 0
    assert "CANCEL" in said.upper()
    # Two cores that are free again answer at once; the query would hold both for hours.
    started = time.monotonic()
    assert rows("SELECT sum(id) AS s FROM range(1000000)") == [{"s": 499999500000}]
    assert time.monotonic() - started < 20


def _check_strategies(rows: Rows) -> None:
    """What each incremental model made of a changed order 2, a new order 4 and an order 3 that is gone."""
    assert _table(rows, "mini_silver.fact_orders", "order_id, amount") == [
        *((1, Decimal("19.90")), (2, Decimal("6.00")), (3, Decimal("100.25")), (4, Decimal("1.00")))
    ]
    operations = [row["operation"] for row in rows("DESCRIBE HISTORY mini_silver.fact_orders")]
    assert "MERGE" in operations, "the second build must add to the table, not make it anew"
    day = [date(2024, 1, each) for each in (1, 2, 3)]
    assert _table(rows, "mini_gold.days", "order_date, orders, round") == [
        (day[0], 1, 1),
        (day[1], 2, 2),
        (day[2], 1, 2),
    ]
    assert _table(rows, "mini_gold.customer_days", "customer_id, order_date, total") == [
        *((10, day[0], Decimal("19.90")), (10, day[1], Decimal("6.00"))),
        *((11, day[1], Decimal("100.25")), (11, day[2], Decimal("1.00"))),
    ]
    assert _table(rows, "mini_silver.order_log", "order_id, round, amount") == [
        *((1, 1, None), (1, 2, Decimal("19.90")), (2, 1, None), (2, 2, Decimal("6.00"))),
        *((3, 1, None), (4, 2, Decimal("1.00"))),
    ]
    assert _table(rows, "mini_silver.order_shape", "*") == [
        *((1, Decimal("19.90")), (2, Decimal("6.00")), (3, None), (4, Decimal("1.00")))
    ]
    assert _table(rows, "mini_silver.order_first_seen", "order_id, amount, round") == [
        *((1, Decimal("19.90"), 1), (2, Decimal("6.00"), 1), (3, Decimal("100.25"), 1), (4, Decimal("1.00"), 2))
    ]
    assert _table(rows, "mini_silver.orders_history", "order_id, amount, dbt_valid_to IS NULL AS current") == [
        *((1, Decimal("19.90"), True), (2, Decimal("5.00"), False), (2, Decimal("6.00"), True)),
        *((3, Decimal("100.25"), False), (4, Decimal("1.00"), True)),
    ]


def _check_documentation(rows: Rows) -> None:
    relations = rows("SELECT table_name, comment FROM information_schema.tables WHERE table_schema LIKE 'mini%'")
    comments = {row["table_name"]: row["comment"] for row in relations}
    assert comments["fact_orders"] == "One row per order."
    assert comments["stg_orders"] == 'One row per order that has an amount; it\'s the "clean" view.'
    columns = rows(
        "SELECT column_name, comment, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'customer_totals' OR (table_name = 'fact_orders' AND column_name = 'order_id')"
    )
    found = {row["column_name"]: (row["comment"], row["is_nullable"]) for row in columns}
    assert found["order_id"] == ("Key; the customer's own.", "YES")
    assert found["customer_id"] == ("Key of the customer.", "NO")


def _check_keys_tags_and_grants(rows: Rows) -> None:
    constraints = rows(
        "SELECT constraint_name, constraint_type FROM information_schema.table_constraints"
        " WHERE table_schema = 'mini_gold'"
    )
    assert {(row["constraint_name"], row["constraint_type"]) for row in constraints} >= {
        ("amount_is_small", "CHECK"),
        ("customer_totals_key", "PRIMARY KEY"),
        ("customer_days_to_totals", "FOREIGN KEY"),
    }
    tags = rows("SELECT table_name, tag_name, tag_value FROM information_schema.table_tags")
    assert {"table_name": "days", "tag_name": "team", "tag_value": "data"} in tags
    tags = rows("SELECT column_name, tag_name, tag_value FROM information_schema.column_tags")
    assert {"column_name": "customer_id", "tag_name": "pii", "tag_value": "no"} in tags
    granted = rows("SHOW GRANTS ON mini_gold.days")
    assert [(row["Principal"], row["ActionType"]) for row in granted] == [("analysts", "SELECT")]


def _table(rows: Rows, name: str, columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows(f"SELECT {columns} FROM {name} ORDER BY ALL NULLS FIRST")]


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
