"""The Statement Execution API through databricks-sdk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue, InvalidState, NotFound, ResourceDoesNotExist
from databricks.sdk.service.sql import (
    Disposition,
    ExecuteStatementRequestOnWaitTimeout,
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)
from databricks.sql.exc import RequestError

from local.workspace.process import start
from tests.local.warehouse.clients import Warehouse

pytestmark = pytest.mark.slow


def run(client: WorkspaceClient, warehouse: Any, statement: str, **options: Any) -> StatementResponse:
    options = {"wait_timeout": "50s", "catalog": "ecommerce_local", **options}
    return client.statement_execution.execute_statement(statement, warehouse.id, **options)


def test_rows_are_strings_and_nulls(client: WorkspaceClient, warehouse: Any) -> None:
    answer = run(
        client,
        warehouse,
        "SELECT 1 AS n, 2L AS big, CAST(1.5 AS DECIMAL(10, 2)) AS dec, 0.5D AS dbl, true AS flag, 'x' AS text,"
        " NULL AS nothing, DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 10:00:00.5' AS moment, X'00ff' AS bytes,"
        " array(1, NULL) AS arr, named_struct('a', 1, 'b', map('k', DATE '2024-01-01')) AS rec",
    )
    assert answer.status is not None
    assert answer.status.state == StatementState.SUCCEEDED
    assert answer.result is not None
    assert answer.result.data_array == [
        [
            *("1", "2", "1.50", "0.5", "true", "x", None, "2024-02-29", "2024-02-29T10:00:00.500Z", "AP8="),
            *("[1,null]", '{"a":1,"b":{"k":"2024-01-01"}}'),
        ]
    ]
    assert answer.manifest is not None
    assert answer.manifest.schema is not None
    assert answer.manifest.total_row_count == 1
    columns = answer.manifest.schema.columns or []
    assert [(column.name, column.type_name.value if column.type_name else None) for column in columns] == [
        *(
            ("n", "INT"),
            ("big", "LONG"),
            ("dec", "DECIMAL"),
            ("dbl", "DOUBLE"),
            ("flag", "BOOLEAN"),
            ("text", "STRING"),
        ),
        *(("nothing", "NULL"), ("day", "DATE"), ("moment", "TIMESTAMP"), ("bytes", "BINARY"), ("arr", "ARRAY")),
        ("rec", "STRUCT"),
    ]
    assert (columns[2].type_precision, columns[2].type_scale, columns[2].type_text) == (10, 2, "DECIMAL(10,2)")


def test_a_statement_sent_while_spark_starts_is_pending_until_it_runs(client: WorkspaceClient, warehouse: Any) -> None:
    waiting, given_up = warehouse.early
    assert waiting.status.state == StatementState.PENDING
    assert given_up.status.state == StatementState.CANCELED
    answer = _ended(client, waiting)
    assert answer.result is not None
    assert answer.result.data_array == [["1"]]
    assert client.statement_execution.get_statement(given_up.statement_id).status.state == StatementState.CANCELED
    schemas = run(client, warehouse, "SHOW SCHEMAS LIKE 'never'")
    assert schemas.result is not None
    assert schemas.result.data_array == []


def test_without_a_driver_every_client_hears_so_at_once(tmp_path: Path) -> None:
    with start(tmp_path / "root", arguments=("--no-driver",)) as server:
        client = WorkspaceClient(host=server.host, token=server.token, auth_type="pat")
        made = client.warehouses.create(name="idle", cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=10)
        warehouse = Warehouse(server, made.id or "")
        began = time.monotonic()
        with pytest.raises(InvalidState, match="run the workspace without --no-driver"):
            run(client, warehouse, "SELECT 1")
        with pytest.raises(RequestError, match="run the workspace without --no-driver"):
            warehouse.connect()
        assert time.monotonic() - began < 30, "a client tried again"


def test_ddl_has_no_columns(client: WorkspaceClient, warehouse: Any) -> None:
    answer = run(client, warehouse, "CREATE OR REPLACE TABLE made (id INT)", schema="silver")
    assert answer.status is not None
    assert answer.status.state == StatementState.SUCCEEDED
    assert run(client, warehouse, "SELECT * FROM silver.made").manifest.total_row_count == 0  # type: ignore[union-attr]


def test_parameters_and_row_limit(client: WorkspaceClient, warehouse: Any) -> None:
    parameters = [
        StatementParameterListItem(name="least", value="3", type="INT"),
        StatementParameterListItem(name="text", value="it's"),
        StatementParameterListItem(name="nothing", type="DATE"),
    ]
    statement = "SELECT id, :text, :nothing FROM range(10) WHERE id >= :least ORDER BY id"
    answer = run(client, warehouse, statement, parameters=parameters, row_limit=2)
    assert answer.result is not None
    assert answer.manifest is not None
    assert answer.result.data_array == [["3", "it's", None], ["4", "it's", None]]
    assert answer.manifest.truncated is True
    assert run(client, warehouse, statement, parameters=parameters, row_limit=7).manifest.truncated is False  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("STRING", "it's", "it's"),
        ("BOOLEAN", "true", "true"),
        ("TINYINT", "-1", "-1"),
        ("BIGINT", "9223372036854775807", "9223372036854775807"),
        ("DOUBLE", "0.1", "0.1"),
        ("DECIMAL(10,2)", "12.30", "12.30"),
        ("DATE", "2024-02-29", "2024-02-29"),
        ("TIMESTAMP", "2024-02-29 10:00:00", "2024-02-29T10:00:00.000Z"),
        ("TIMESTAMP_NTZ", "2024-02-29 10:00:00", "2024-02-29T10:00:00.000"),
        ("INTERVAL DAY TO SECOND", "1 02:03:04", "INTERVAL '1 02:03:04' DAY TO SECOND"),
        ("VOID", None, None),
    ],
)
def test_parameters_of_each_type(
    client: WorkspaceClient, warehouse: Any, kind: str, value: str | None, shown: str | None
) -> None:
    sent = [StatementParameterListItem(name="it", value=value, type=kind)]
    answer = run(client, warehouse, "SELECT :it AS it", parameters=sent)
    assert answer.result is not None
    assert answer.result.data_array == [[shown]]


def test_columns_of_one_name_keep_their_values(client: WorkspaceClient, warehouse: Any) -> None:
    answer = run(client, warehouse, "SELECT 1 AS a, array(2) AS a, 'x' AS a")
    assert answer.result is not None
    assert answer.result.data_array == [["1", "[2]", "x"]]


def test_byte_limit_cuts_whole_rows(client: WorkspaceClient, warehouse: Any) -> None:
    answer = run(client, warehouse, "SELECT repeat('é', 50) AS s FROM range(9)", byte_limit=250)
    assert answer.result is not None
    assert answer.manifest is not None
    assert answer.manifest.truncated is True
    assert answer.result.data_array == [["é" * 50], ["é" * 50]]
    assert (answer.manifest.total_chunk_count, answer.manifest.total_row_count) == (1, 2)
    (chunk,) = answer.manifest.chunks or []
    assert (chunk.chunk_index, chunk.row_offset, chunk.row_count) == (0, 0, 2)
    assert (answer.result.chunk_index, answer.result.row_offset, answer.result.row_count) == (0, 0, 2)
    assert answer.result.next_chunk_index is None


def test_a_result_beyond_the_inline_limit_fails(client: WorkspaceClient, warehouse: Any) -> None:
    answer = run(client, warehouse, "SELECT repeat('x', 1000) AS s FROM range(30000)")
    assert answer.status is not None
    assert answer.status.error is not None
    assert answer.status.state == StatementState.FAILED
    assert "Inline byte limit exceeded" in (answer.status.error.message or "")


def test_errors_name_condition_and_sqlstate(client: WorkspaceClient, warehouse: Any) -> None:
    answer = run(client, warehouse, "SELECT * FROM silver.nowhere")
    assert answer.status is not None
    assert answer.status.error is not None
    assert answer.status.state == StatementState.FAILED
    assert answer.status.error.error_code is not None
    assert answer.status.error.error_code.value == "BAD_REQUEST"
    message = answer.status.error.message or ""
    assert message.startswith("[TABLE_OR_VIEW_NOT_FOUND]")
    assert "SQLSTATE: 42P01" in message
    assert answer.status.sql_state == "42P01"


def test_a_statement_in_the_background_is_asked_for_later(client: WorkspaceClient, warehouse: Any) -> None:
    answer = run(client, warehouse, "SELECT sum(id) FROM range(1000)", wait_timeout="0s")
    assert answer.statement_id is not None
    _ended(client, answer)
    chunk = client.statement_execution.get_statement_result_chunk_n(answer.statement_id or "", 0)
    assert chunk.data_array == [["499500"]]
    with pytest.raises(NotFound):
        client.statement_execution.get_statement_result_chunk_n(answer.statement_id or "", 1)


def test_cancel(client: WorkspaceClient, warehouse: Any) -> None:
    endless = "SELECT sum(hash(a.id, b.id)) FROM range(10000000) a CROSS JOIN range(1000000) b"
    answer = run(client, warehouse, endless, wait_timeout="0s")
    client.statement_execution.cancel_execution(answer.statement_id or "")
    state = client.statement_execution.get_statement(answer.statement_id or "").status.state  # type: ignore[union-attr]
    assert state == StatementState.CANCELED
    on_timeout = ExecuteStatementRequestOnWaitTimeout.CANCEL
    late = run(client, warehouse, endless, wait_timeout="5s", on_wait_timeout=on_timeout)
    assert late.status.state == StatementState.CANCELED  # type: ignore[union-attr]


def test_bad_requests_are_refused_before_spark_sees_them(client: WorkspaceClient, warehouse: Any) -> None:
    execution = client.statement_execution
    with pytest.raises(ResourceDoesNotExist, match="SQL warehouse ffff does not exist"):
        execution.execute_statement("SELECT 1", "ffff")
    with pytest.raises(InvalidParameterValue, match="wait_timeout '3s'"):
        run(client, warehouse, "SELECT 1", wait_timeout="3s")
    with pytest.raises(InvalidParameterValue, match="disposition EXTERNAL_LINKS"):
        run(client, warehouse, "SELECT 1", disposition=Disposition.EXTERNAL_LINKS)
    with pytest.raises(InvalidParameterValue, match="row_limit must be a positive number"):
        run(client, warehouse, "SELECT 1", row_limit=-1)
    with pytest.raises(BadRequest):
        run(client, warehouse, "")
    with pytest.raises(NotFound):
        execution.get_statement("00000000-0000-0000-0000-000000000000")


def _ended(client: WorkspaceClient, answer: StatementResponse) -> StatementResponse:
    deadline = time.monotonic() + 120
    while answer.status.state in (StatementState.PENDING, StatementState.RUNNING):  # type: ignore[union-attr]
        assert time.monotonic() < deadline
        time.sleep(0.2)
        answer = client.statement_execution.get_statement(answer.statement_id or "")
    return answer
