"""Schemas of Unity Catalog and of Spark stay the same: what is deleted here takes its tables there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest
from databricks.sdk.service.sql import Disposition, StatementState

from local.engine.client import DriverUnavailable
from local.services import Services
from local.store import Store
from local.workspace import lake
from local.workspace.process import start

TABLE = "shop_local.bronze.t"


class AwayDriver:
    """A driver that is not there at first."""

    pid = 1

    def __init__(self) -> None:
        self.away = True
        self.said: list[str] = []
        self.known: set[str] = set()

    def wait_ready(self, _: float) -> None:
        self.away = False

    def client(self) -> AwayDriver:
        if self.away:
            raise DriverUnavailable("starting")
        return self

    def put_catalogs(self, catalogs: Mapping[str, Sequence[str]]) -> None:
        self.known.update(catalogs)

    def call(self, method: str, _: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        if method == "POST" and body is not None:
            assert self.known == {"shop"}, "Spark cannot drop in a catalog that it was not told of"
            self.said.append(body["sql"])
        return {"state": "SUCCEEDED", "rows": []}


def test_a_schema_deleted_while_spark_was_away_is_dropped_before_it_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "lake" / "metastore").mkdir(parents=True)
    driver, store = AwayDriver(), Store(tmp_path / "state.db")
    services = Services(tmp_path, store, "me@example.com", "http://127.0.0.1:1", driver, 0)  # type: ignore[arg-type]
    lake.drop(services, "shop.gold")
    assert driver.said == []
    lake.settle_before(services, "shop.silver")
    assert driver.away, "another schema waits for nothing"
    lake.settle_before(services, "shop.gold")
    assert driver.said == ["DROP SCHEMA IF EXISTS `shop`.`gold` CASCADE"]
    lake.settle(services)
    assert len(driver.said) == 1, "once"


def rows(client: WorkspaceClient, warehouse: str, sql: str) -> list[list[str]]:
    """Run a statement to its end, without waiting for it, so that it has to be asked for."""
    answer = client.statement_execution.execute_statement(
        sql, warehouse, disposition=Disposition.INLINE, wait_timeout="0s"
    )
    while answer.status and answer.status.state in (StatementState.PENDING, StatementState.RUNNING):
        answer = client.statement_execution.get_statement(str(answer.statement_id))
    assert answer.status is not None
    assert answer.status.state == StatementState.SUCCEEDED, answer.status.error
    return answer.result.data_array or [] if answer.result else []


@pytest.mark.slow
def test_a_deleted_schema_takes_its_tables(tmp_path: Path) -> None:
    with start(tmp_path / "root") as server:
        client = WorkspaceClient(host=server.host, token=server.token, auth_type="pat")
        warehouse = str(client.warehouses.create(name="wh", cluster_size="Small").result().id)
        client.catalogs.create("shop_local")
        client.schemas.create("bronze", "shop_local")
        rows(client, warehouse, "select 1")
        rows(client, warehouse, f"create table {TABLE} as select 1 as a")
        with pytest.raises(BadRequest, match=r"is not empty. The schema has 1 table\(s\)"):
            client.schemas.delete("shop_local.bronze")
        assert rows(client, warehouse, f"select a from {TABLE}") == [["1"]]
        client.schemas.delete("shop_local.bronze", force=True)
        client.schemas.create("bronze", "shop_local")
        assert rows(client, warehouse, "show tables in shop_local.bronze") == []
