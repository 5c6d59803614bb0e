"""The unmodified databricks-sql-connector against the Thrift endpoint."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from databricks.sql.client import Connection, Cursor
from databricks.sql.exc import DatabaseError, Error, RequestError, ServerOperationError
from databricks.sql.parameters import DateParameter

pytestmark = pytest.mark.slow
Rows = Callable[..., list[dict[str, Any]]]

# Several Spark jobs and minutes of work: longer than any test waits.
ENDLESS = "SELECT sum(hash(a.id, b.id)) FROM range(10000000) a CROSS JOIN range(1000000) b"


def test_every_type_arrives_as_its_python_type(cursor: Cursor) -> None:
    cursor.execute(
        """SELECT 1Y AS tiny, 2S AS small, 3 AS int, 4L AS big, 1.5F AS real, 2.5D AS dbl, true AS flag, 'é' AS text,
           CAST(1.50 AS DECIMAL(12, 2)) AS dec, DATE '2024-02-29' AS day,
           TIMESTAMP '2024-02-29 10:00:00.123456' AS moment,
           TIMESTAMP_NTZ '2024-02-29 10:00:00' AS local, X'00ff' AS bytes, array(1, 2) AS arr, map('k', 1) AS dict,
           named_struct('a', 1, 'b', 'x') AS rec, parse_json('{"a": [1]}') AS var, INTERVAL '3' DAY AS span,
           NULL AS nothing, CAST(NULL AS DECIMAL(5, 1)) AS nodec"""
    )
    row = cursor.fetchone().asDict()
    assert list(row.pop("arr")) == [1, 2]
    assert row == {
        **{"tiny": 1, "small": 2, "int": 3, "big": 4, "real": 1.5, "dbl": 2.5, "flag": True, "text": "é"},
        **{"dec": Decimal("1.50"), "day": date(2024, 2, 29), "local": datetime(2024, 2, 29, 10), "bytes": b"\x00\xff"},  # noqa: DTZ001
        "moment": datetime(2024, 2, 29, 10, 0, 0, 123456, tzinfo=UTC),
        **{"dict": [("k", 1)], "rec": {"a": 1, "b": "x"}, "var": '{"a":[1]}', "span": "INTERVAL '3' DAY"},
        **{"nothing": None, "nodec": None},
    }
    types = {column[0]: column[1] for column in cursor.description}
    assert [types[name] for name in ("tiny", "big", "dec", "moment", "arr", "dict", "rec", "nothing")] == [
        *("tinyint", "bigint", "decimal", "timestamp", "array", "map", "struct", "null")
    ]
    precision_and_scale = {column[0]: column[4:6] for column in cursor.description}
    assert precision_and_scale["dec"] == (12, 2)


def test_nulls_and_nested_values_of_every_type(cursor: Cursor) -> None:
    kinds = (
        *("TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(38,18)", "BOOLEAN", "STRING", "CHAR(3)"),
        *("VARCHAR(3)", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "BINARY", "VARIANT", "INTERVAL YEAR TO MONTH"),
        *("INTERVAL DAY TO SECOND", "ARRAY<INT>", "MAP<STRING, INT>", "STRUCT<a: INT>"),
    )
    cursor.execute("SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS c{i}" for i, kind in enumerate(kinds)))
    assert list(cursor.fetchone()) == [None] * len(kinds)
    cursor.execute(
        "SELECT INTERVAL '1-2' YEAR TO MONTH AS months, array(NULL, DATE '2024-01-01')"
        " AS days, array(named_struct('d', CAST(1.50 AS DECIMAL(9, 2)), 't', TIMESTAMP '2024-01-01 00:00:00')) AS recs,"
        " map('a', array(1, 2)) AS lists, parse_json('[1, null, {\"a\": \"é\"}]') AS var"
    )
    row = cursor.fetchone().asDict()
    assert list(row.pop("days")) == [None, date(2024, 1, 1)]
    assert list(row.pop("recs")) == [{"d": Decimal("1.50"), "t": datetime(2024, 1, 1, tzinfo=UTC)}]
    ((key, numbers),) = row.pop("lists")
    assert (key, list(numbers)) == ("a", [1, 2])
    assert row == {"months": "INTERVAL '1-2' YEAR TO MONTH", "var": '[1,null,{"a":"é"}]'}


def test_columns_of_one_name_are_sent_under_that_name(cursor: Cursor) -> None:
    """As on Databricks; that release 4.4.0 of the client cannot make rows of them is its own fault."""
    cursor.execute("SELECT id AS a, CAST(id + 1 AS STRING) AS a FROM range(2) ORDER BY id")
    assert [column[:2] for column in cursor.description] == [("a", "bigint"), ("a", "string")]
    table = cursor.active_result_set.results.arrow_table
    assert table.column_names == ["a", "a"]
    assert [column.to_pylist() for column in table.columns] == [[0, 1], ["1", "2"]]


def test_large_results_come_in_pages(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT id, id * 2 AS twice, CAST(id AS STRING) AS text, id / 3.0D AS third, timestamp_seconds(id) AS moment"
        " FROM range(100000) ORDER BY id"
    )
    first = cursor.fetchmany(10)
    assert [row.id for row in first] == list(range(10))
    rest = cursor.fetchall_arrow()
    assert rest.num_rows == 99_990
    assert rest.column("id").to_pylist() == list(range(10, 100_000))


def test_small_pages_lose_and_repeat_nothing(connection: Connection) -> None:
    with connection.cursor(arraysize=7, buffer_size_bytes=1) as small:
        small.execute("SELECT id FROM range(50) ORDER BY id")
        assert [row.id for row in small.fetchall()] == list(range(50))


def test_parameters_are_bound_with_their_types(rows: Rows) -> None:
    sent = {
        **{"text": "it's \\ ; -- '", "number": 7, "big": 2**40, "real": 0.1, "exact": Decimal("12.340"), "flag": False},
        **{"day": date(2024, 1, 2), "moment": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "nothing": None},
        **{"many": ["a", "b"], "named": {"k": 1}},
    }
    (row,) = rows("SELECT " + ", ".join(f":{name} AS {name}" for name in sent), sent)
    assert list(row.pop("many")) == sent.pop("many")
    assert row.pop("named") == list(sent.pop("named").items())
    assert row == sent
    assert rows("SELECT ? + ? AS total", [1, 2]) == [{"total": 3}]


def test_dml_tells_how_many_rows_it_changed(cursor: Cursor) -> None:
    cursor.execute("CREATE OR REPLACE TABLE silver.changed AS SELECT CAST(id AS INT) AS id FROM range(5)")
    cursor.execute("UPDATE silver.changed SET id = id + 1 WHERE id < 3")
    assert cursor.rowcount == 3


@pytest.mark.parametrize(
    ("statement", "sqlstate", "condition"),
    [
        ("SELECT * FROM silver.nowhere", "42P01", "TABLE_OR_VIEW_NOT_FOUND"),
        ("SELEC 1", "42601", "PARSE_SYNTAX_ERROR"),
        ("SELECT missing FROM range(1)", "42703", "UNRESOLVED_COLUMN"),
        (
            "SELECT CAST(s AS INT) FROM VALUES ('x'), ('1') AS t(s) WHERE length(s) > rand() - 1",
            "22018",
            "CAST_INVALID_INPUT",
        ),
        ("SELECT 1 / (id - id) FROM range(2)", "22012", "DIVIDE_BY_ZERO"),
    ],
)
def test_errors_carry_condition_and_sqlstate_and_no_plan(
    cursor: Cursor, statement: str, sqlstate: str, condition: str
) -> None:
    with pytest.raises(ServerOperationError) as caught:
        cursor.execute(statement)
    assert f"[{condition}" in caught.value.message
    assert f"SQLSTATE: {sqlstate}" in caught.value.message
    assert "+- " not in caught.value.message
    assert caught.value.context["operation-id"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO silver.guarded VALUES (1, -1)",
        "MERGE INTO silver.guarded USING (SELECT 2 AS id, -1 AS n) s ON false WHEN NOT MATCHED THEN INSERT *",
        "UPDATE silver.guarded SET n = -1",
    ],
)
def test_a_violated_constraint_is_named_with_the_row(cursor: Cursor, statement: str) -> None:
    cursor.execute("CREATE OR REPLACE TABLE silver.guarded AS SELECT 0 AS id, 1 AS n")
    cursor.execute("ALTER TABLE silver.guarded ADD CONSTRAINT n_positive CHECK (n > 0)")
    with pytest.raises(ServerOperationError) as caught:
        cursor.execute(statement)
    assert "CHECK constraint n_positive (n > 0) violated by row with values:\n - n : -1" in caught.value.message
    assert "SQLSTATE: 23001" in caught.value.message


def test_a_value_that_does_not_fit_its_type_is_refused(cursor: Cursor) -> None:
    with pytest.raises(ServerOperationError, match=r"CAST_INVALID_INPUT.*'tomorrow'.*DATE.*22018"):
        cursor.execute("SELECT :day", [DateParameter("tomorrow", "day")])  # type: ignore[arg-type]


def test_unknown_catalog_and_unknown_warehouse_are_refused(warehouse: Any) -> None:
    with pytest.raises(DatabaseError, match="Catalog 'nowhere' was not found"):
        warehouse.connect(catalog="nowhere")
    uri = f"https://{warehouse.address}/sql/1.0/warehouses/ffff"
    with pytest.raises(RequestError, match="SQL warehouse ffff does not exist"):
        warehouse.connect(_connection_uri=uri)


def test_metadata_calls_list_what_there_is(cursor: Cursor) -> None:
    cursor.execute("CREATE OR REPLACE TABLE gold.listed (id BIGINT NOT NULL COMMENT 'key', amount DECIMAL(9, 2))")
    cursor.execute("CREATE OR REPLACE VIEW gold.listed_view AS SELECT id FROM gold.listed")
    assert [row.TABLE_CAT for row in cursor.catalogs().fetchall()] == ["ecommerce_local"]
    assert {row.TABLE_SCHEM for row in cursor.schemas("ecommerce_local", "%old").fetchall()} == {"gold"}
    found = cursor.tables("ecommerce_local", "gold", "listed%").fetchall()
    assert {(row.TABLE_NAME, row.TABLE_TYPE) for row in found} == {("listed", "TABLE"), ("listed_view", "VIEW")}
    assert [row.TABLE_NAME for row in cursor.tables(schema_name="gold", table_types=["VIEW"]).fetchall()] == [
        "listed_view"
    ]
    columns = cursor.columns(schema_name="gold", table_name="listed").fetchall()
    shown = [(row.COLUMN_NAME, row.TYPE_NAME, row.NULLABLE, row.REMARKS, row.DECIMAL_DIGITS) for row in columns]
    assert shown == [("id", "BIGINT", 0, "key", None), ("amount", "DECIMAL(9,2)", 1, "", 2)]


def test_sessions_share_tables_but_not_views_and_settings(warehouse: Any, rows: Rows) -> None:
    rows("CREATE OR REPLACE TEMPORARY VIEW mine AS SELECT 1 AS x")
    options = {"session_configuration": {"timezone": "Europe/Paris"}, "schema": "gold"}
    with warehouse.connect(**options) as other, other.cursor() as cursor:
        cursor.execute("SELECT current_timezone(), current_schema()")
        assert list(cursor.fetchone()) == ["Europe/Paris", "gold"]
        with pytest.raises(ServerOperationError, match="TABLE_OR_VIEW_NOT_FOUND"):
            cursor.execute("SELECT * FROM mine")


def test_the_older_path_leads_to_the_same_warehouse(warehouse: Any) -> None:
    older = warehouse.path.replace("/warehouses/", "/endpoints/")
    address = f"https://{warehouse.address}{older}"
    with warehouse.connect(_connection_uri=address) as connection, connection.cursor() as cursor:
        assert cursor.execute("select 1 as one").fetchone().one == 1


def test_cancel_ends_the_statement_and_frees_the_session(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:

        def cancel() -> None:
            _wait_for(lambda: cursor.active_command_id is not None, 60)
            time.sleep(1)  # past the first answer: its Spark job runs
            cursor.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(Error, match="cancelled"):
            cursor.execute(ENDLESS).fetchall()
        canceller.join()
        # The statement held both cores and this session's thread; it would for hours.
        with connection.cursor() as next_one:
            assert _seconds(lambda: next_one.execute("SELECT sum(id) FROM range(1000000)").fetchall()) < 30


def test_a_killed_client_leaves_no_query_running(warehouse: Any, rows: Rows) -> None:
    program = (
        "import json, sys; from databricks import sql; arguments = json.loads(sys.stdin.read());"
        f"sql.connect(**arguments).cursor().execute({ENDLESS!r})"
    )
    arguments = {
        **{"server_hostname": warehouse.address, "http_path": warehouse.path, "access_token": warehouse.server.token},
        **warehouse.connection_parameters,
    }
    log = warehouse.server.root / "log" / "driver.log"
    begun = log.read_text().count(ENDLESS)
    client = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, text=True)
    assert client.stdin is not None
    client.stdin.write(json.dumps(arguments))
    client.stdin.close()
    try:
        _wait_for(lambda: log.read_text().count(ENDLESS) > begun, 60)
        time.sleep(3)  # its jobs have begun and it polls
    finally:
        client.kill()
        client.wait()
    before = log.read_text().count("cancelled: nobody asked")
    _wait_for(lambda: log.read_text().count("cancelled: nobody asked") > before, 40)
    # Two cores that are free again answer at once; the query would hold both for hours.
    assert _seconds(lambda: rows("SELECT sum(id) AS s FROM range(1000000)")) < 30


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
