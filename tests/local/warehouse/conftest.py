"""One workspace with its Spark driver for the whole session, and the unmodified clients that talk to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import ExecuteStatementRequestOnWaitTimeout
from databricks.sql.client import Connection, Cursor

from local.engine.dialect import SHIMS
from local.workspace.process import RunningWorkspace, start
from tests.local.warehouse.clients import CATALOG, Warehouse

SCHEMAS = ("bronze", "silver", "gold")
CANCEL = ExecuteStatementRequestOnWaitTimeout.CANCEL


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    with start(tmp_path_factory.mktemp("warehouse") / "root") as running:
        yield running


@pytest.fixture(scope="session")
def client(server: RunningWorkspace) -> WorkspaceClient:
    return WorkspaceClient(host=server.host, token=server.token, auth_type="pat")


@pytest.fixture(scope="session")
def warehouse(server: RunningWorkspace, client: WorkspaceClient) -> Warehouse:
    client.catalogs.create(CATALOG)
    for schema in SCHEMAS:
        client.schemas.create(schema, CATALOG)
    created = client.warehouses.create(name="tests", cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=10)
    assert created.id is not None
    # Spark needs several seconds more than the server, which answers already.
    execute = client.statement_execution.execute_statement
    early = (
        execute("SELECT 1 AS early", created.id, wait_timeout="0s"),
        execute("CREATE SCHEMA never", created.id, wait_timeout="5s", on_wait_timeout=CANCEL),
    )
    return Warehouse(server, created.id, early)


@pytest.fixture(scope="session")
def connection(warehouse: Warehouse) -> Iterator[Connection]:
    with warehouse.connect() as opened:
        yield opened


@pytest.fixture
def cursor(connection: Connection) -> Iterator[Cursor]:
    with connection.cursor() as opened:
        yield opened


@pytest.fixture
def rows(cursor: Cursor) -> Callable[..., list[dict[str, object]]]:
    """Run a statement and return its rows as dictionaries."""

    def run(statement: str, parameters: object = None) -> list[dict[str, object]]:
        return [row.asDict() for row in cursor.execute(statement, parameters).fetchall()]

    return run


@pytest.fixture
def orders(rows: Callable[..., list[dict[str, object]]]) -> str:
    """Two columns, the first NOT NULL from the start."""
    rows(
        "CREATE OR REPLACE TABLE ecommerce_local.silver.orders"
        " (id INT NOT NULL COMMENT 'key', amount DECIMAL(9, 2), tags ARRAY<STRUCT<k: STRING, v: MAP<STRING, INT>>>)"
        " COMMENT 'One row per order.'"
    )
    return "`ecommerce_local`.`silver`.`orders`"


@pytest.fixture
def shims_are_logged(warehouse: Warehouse, request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that is named after shims, their names stand in what the driver logged meanwhile."""
    path = warehouse.server.root / "log" / "driver.log"
    before = path.stat().st_size
    yield
    with path.open("rb") as log:
        log.seek(before)
        said = re.findall(r"shims=(\S+)", log.read().decode())
    logged = {name for shims in said for name in shims.split(",")}
    named = {shim.__name__ for shim in SHIMS if f"_{shim.__name__}_" in f"{request.node.originalname}_"}
    assert named <= logged, f"not logged: {named - logged}"
