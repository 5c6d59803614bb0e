"""Each dialect shim, through a client, with the effect that the statement has on Databricks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from databricks.sql.client import Cursor
from databricks.sql.exc import ServerOperationError

from local.engine.dialect import SHIMS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shims_are_logged")]
Rows = Callable[..., list[dict[str, Any]]]
COLUMNS = (
    "SELECT column_name, is_nullable, comment FROM system.information_schema.columns WHERE table_schema = 'silver'"
)


def columns(rows: Rows, table: str) -> dict[str, dict[str, Any]]:
    return {row["column_name"]: row for row in rows(f"{COLUMNS} AND table_name = '{table}'")}


def test_comment_on_column(rows: Rows, orders: str) -> None:
    rows(f'/* {{"app": "dbt"}} */\n-- and a line\nCOMMENT ON COLUMN {orders}.`amount` IS \'it\\\'s; net\';')
    assert columns(rows, "orders")["amount"]["comment"] == "it's; net"
    rows(f"COMMENT ON COLUMN {orders}.id IS NULL")
    assert not columns(rows, "orders")["id"]["comment"]


def test_set_not_null(rows: Rows, cursor: Cursor, orders: str) -> None:
    rows(f"alter table {orders} change column `amount` set not null ;")
    rows(f"ALTER TABLE {orders} ALTER COLUMN amount SET NOT NULL")  # again is no error
    assert columns(rows, "orders")["amount"]["is_nullable"] == "NO"
    with pytest.raises(ServerOperationError, match=r"NOT NULL constraint violated for column: amount.*23502"):
        cursor.execute(f"INSERT INTO {orders} VALUES (1, NULL, NULL)")
    constraints = rows("SELECT * FROM ecommerce_local.information_schema.check_constraints")
    assert "nn_amount" not in {row["constraint_name"] for row in constraints}


def test_set_not_null_refuses_a_column_that_has_nulls(rows: Rows, cursor: Cursor, orders: str) -> None:
    rows(f"INSERT INTO {orders} VALUES (1, NULL, NULL)")
    with pytest.raises(ServerOperationError, match="DELTA_NEW_CHECK_CONSTRAINT_VIOLATION"):
        cursor.execute(f"ALTER TABLE {orders} ALTER COLUMN amount SET NOT NULL")
    assert columns(rows, "orders")["amount"]["is_nullable"] == "YES"


def test_drop_not_null(rows: Rows, orders: str) -> None:
    rows(f"ALTER TABLE {orders} ALTER COLUMN amount SET NOT NULL")
    for column in ("amount", "id"):
        rows(f"ALTER TABLE {orders} ALTER COLUMN {column} DROP NOT NULL")
    assert {row["is_nullable"] for row in columns(rows, "orders").values()} == {"YES"}


def test_use_catalog(rows: Rows, cursor: Cursor) -> None:
    rows("USE CATALOG `ecommerce_local`")
    rows("USE CATALOG ecommerce_local;")
    with pytest.raises(ServerOperationError, match="nowhere"):
        cursor.execute("USE CATALOG nowhere")


def test_describe_as_json(rows: Rows, orders: str) -> None:
    (row,) = rows(f"DESCRIBE TABLE EXTENDED {orders} AS JSON")
    described = json.loads(row["json_metadata"])
    assert (described["catalog_name"], described["schema_name"], described["type"]) == (
        "ecommerce_local",
        "silver",
        "MANAGED",
    )
    assert described["comment"] == "One row per order."
    assert described["columns"] == [
        {"name": "id", "type": {"name": "int"}, "nullable": False, "comment": "key"},
        {"name": "amount", "type": {"name": "decimal", "precision": 9, "scale": 2}, "nullable": True},
        {"name": "tags", "type": TAGS_TYPE, "nullable": True},
    ]
    rows(f"CREATE OR REPLACE VIEW silver.orders_view AS SELECT id FROM {orders}")
    rows("USE ecommerce_local.silver")
    (row,) = rows("DESC EXTENDED orders_view AS JSON")
    assert json.loads(row["json_metadata"])["view_text"] == f"SELECT id FROM {orders}"


TEXT = {"name": "string", "collation": "UTF8_BINARY"}
TAGS_TYPE = {
    "name": "array",
    "element_type": {
        "name": "struct",
        "fields": [
            {"name": "k", "type": TEXT, "nullable": True},
            {
                "name": "v",
                "type": {"name": "map", "key_type": TEXT, "value_type": {"name": "int"}, "value_nullable": True},
                "nullable": True,
            },
        ],
    },
    "element_nullable": True,
}


def test_information_schema_tables_and_views(rows: Rows, orders: str) -> None:
    rows("CREATE OR REPLACE VIEW silver.big_orders AS SELECT * FROM silver.orders WHERE amount > 100")
    tables = rows(
        "SELECT table_name, table_type, data_source_format, comment, last_altered >= created AS ordered"
        " FROM `system`.`information_schema`.`tables` WHERE table_catalog = 'ecommerce_local'"
        " AND table_schema = 'silver' AND table_name IN ('orders', 'big_orders') ORDER BY table_name"
    )
    assert [(row["table_name"], row["table_type"], row["comment"]) for row in tables] == [
        ("big_orders", "VIEW", None),
        ("orders", "MANAGED", "One row per order."),
    ]
    assert tables[1]["data_source_format"] == "DELTA"
    assert tables[1]["ordered"] is True
    (view,) = rows("SELECT view_definition AS sql FROM information_schema.views WHERE table_name = 'big_orders'")
    assert view["sql"] == "SELECT * FROM silver.orders WHERE amount > 100"


def test_information_schema_leaves_no_rows_out_when_a_condition_is_not_a_must(rows: Rows, orders: str) -> None:
    rows("CREATE OR REPLACE TABLE gold.other (id INT)")
    select = "SELECT table_name FROM information_schema.tables WHERE "
    for condition in (
        "table_schema = 'silver' OR table_name = 'other'",
        "NOT (table_schema = 'silver') AND table_name LIKE 'othe%'",
        "table_schema <> 'silver' AND table_name = 'other'",
        "CASE WHEN table_schema = 'silver' THEN true ELSE table_name = 'other' END",
        "table_name = 'other' ORDER BY table_schema = 'silver'",
        "EXISTS (SELECT 1 FROM information_schema.schemata WHERE tables.table_schema = 'gold')",
        "table_name IN (SELECT table_name FROM information_schema.columns WHERE table_schema = 'gold')",
    ):
        assert {"table_name": "other"} in rows(select + condition), condition


def test_a_literal_or_a_comment_that_names_it_is_text(rows: Rows) -> None:
    assert rows("SELECT 'x.information_schema.tables' AS t -- y.information_schema.tables") == [
        {"t": "x.information_schema.tables"}
    ]


def test_information_schema_leaves_no_view_behind(rows: Rows) -> None:
    rows("SELECT count(*) FROM information_schema.schemata")
    assert not [row for row in rows("SHOW VIEWS") if row["viewName"].startswith("information_schema")]


def test_information_schema_constraints(rows: Rows, orders: str) -> None:
    rows(f"ALTER TABLE {orders} ADD CONSTRAINT positive CHECK (amount > 0)")
    found = rows(
        "SELECT t.table_name, c.constraint_name, c.check_clause"
        " FROM ecommerce_local.information_schema.table_constraints t"
        " JOIN ecommerce_local.information_schema.check_constraints c USING (constraint_schema, constraint_name)"
        " WHERE t.table_name = 'orders'"  # the warehouse is shared: other tests' tables have constraints too
    )
    assert found == [{"table_name": "orders", "constraint_name": "positive", "check_clause": "amount > 0"}]


@pytest.mark.parametrize(
    ("relation", "columns"),
    [("column_masks", "column_name, mask_name, using_columns"), ("row_filters", "filter_name, target_columns")],
)
def test_information_schema_relations_that_can_hold_nothing_are_empty(rows: Rows, relation: str, columns: str) -> None:
    assert rows(f"SELECT {columns} FROM system.information_schema.{relation}") == []


KEYS = (
    "SELECT k.constraint_name, k.column_name, t.constraint_type, r.unique_constraint_name AS refers_to"
    " FROM ecommerce_local.information_schema.key_column_usage k"
    " JOIN ecommerce_local.information_schema.table_constraints t USING (constraint_schema, constraint_name)"
    " LEFT JOIN ecommerce_local.information_schema.referential_constraints r USING (constraint_schema, constraint_name)"
    " WHERE k.table_schema = 'gold' AND k.table_name IN ('parent', 'child')"
    " ORDER BY k.constraint_name, k.ordinal_position"
)


def keys(rows: Rows) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows(KEYS)]


def test_create_table_keys_and_add_key_and_drop_key(rows: Rows, cursor: Cursor) -> None:
    rows(
        "CREATE OR REPLACE TABLE gold.parent (Id BIGINT COMMENT 'key, (of it)', day DATE NOT NULL,"
        " size STRUCT<a: INT, b: DECIMAL(9, 2)>, CONSTRAINT parent_key PRIMARY KEY (id, `day` TIMESERIES) RELY)"
        " TBLPROPERTIES ('owner.team' = 'data')"
    )
    rows("CREATE OR REPLACE TABLE gold.child (n INT PRIMARY KEY, parent_id BIGINT, day DATE)")
    rows("ALTER TABLE gold.child ADD CONSTRAINT to_parent FOREIGN KEY (parent_id, day) REFERENCES gold.parent")
    assert keys(rows) == [
        ("child_pk", "n", "PRIMARY KEY", None),
        ("parent_key", "Id", "PRIMARY KEY", None),
        ("parent_key", "day", "PRIMARY KEY", None),
        ("to_parent", "parent_id", "FOREIGN KEY", "parent_key"),
        ("to_parent", "day", "FOREIGN KEY", "parent_key"),
    ]
    with pytest.raises(ServerOperationError, match="23502"):  # the columns of a primary key are NOT NULL
        cursor.execute("INSERT INTO gold.parent VALUES (NULL, DATE '2024-01-01', NULL)")
    rows(
        "INSERT INTO gold.child VALUES (1, 7, DATE '2024-01-01'), (1, 8, DATE '2024-01-01')"
    )  # and unchecked otherwise
    for statement, sqlstate in (
        ("ALTER TABLE gold.child ADD PRIMARY KEY (parent_id)", "42P16"),
        ("ALTER TABLE gold.child ADD CONSTRAINT to_parent FOREIGN KEY (n) REFERENCES gold.parent", "42710"),
        ("ALTER TABLE gold.child ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES gold.parent (day)", "42890"),
        ("ALTER TABLE gold.child ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES gold.parent", "42830"),
        ("ALTER TABLE gold.child ADD CONSTRAINT f FOREIGN KEY (nowhere) REFERENCES gold.parent", "42703"),
        ("ALTER TABLE gold.child ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES gold.nowhere", "42P01"),
        ("ALTER TABLE gold.parent DROP PRIMARY KEY", "42893"),
    ):
        with pytest.raises(ServerOperationError, match=sqlstate):
            cursor.execute(statement)
    assert rows("SHOW TBLPROPERTIES gold.parent") == [
        {"key": "delta.minReaderVersion", "value": "1"},
        {"key": "delta.minWriterVersion", "value": "2"},
        {"key": "owner.team", "value": "data"},
    ]
    rows("ALTER TABLE gold.parent DROP CONSTRAINT IF EXISTS parent_key CASCADE")
    rows("ALTER TABLE gold.child DROP CONSTRAINT child_pk RESTRICT")
    rows("ALTER TABLE gold.child DROP PRIMARY KEY IF EXISTS")
    assert keys(rows) == []
    with pytest.raises(ServerOperationError, match=r"parent_id` is nullable.*42831"):
        cursor.execute("ALTER TABLE gold.child ADD CONSTRAINT k PRIMARY KEY (parent_id)")


def test_tags(rows: Rows, cursor: Cursor, orders: str) -> None:
    rows("CREATE OR REPLACE VIEW silver.tagged AS SELECT id FROM silver.orders")
    rows(f"ALTER TABLE {orders} SET TAGS ('team' = 'it\\'s, \"data\"', 'pii', 'old' = '1')")
    rows(f"ALTER TABLE {orders} UNSET TAGS ('old')")
    rows(f"ALTER TABLE {orders} ALTER COLUMN `Amount` SET TAGS ('unit' = 'EUR')")
    rows("ALTER VIEW ecommerce_local.silver.tagged SET TAGS ('team' = 'sales')")
    rows("ALTER TABLE silver.tagged ALTER COLUMN id SET TAGS ('k' = 'v')")
    on_tables = "SELECT table_name, tag_name, tag_value FROM system.information_schema.table_tags WHERE "
    found = {
        tuple(row.values()) for row in rows(on_tables + "schema_name = 'silver' AND catalog_name = 'ecommerce_local'")
    }
    assert found == {("orders", "team", 'it\'s, "data"'), ("orders", "pii", ""), ("tagged", "team", "sales")}
    on_columns = "SELECT table_name, column_name, tag_name, tag_value FROM system.information_schema.column_tags"
    on_columns += " WHERE schema_name = 'silver'"
    assert {tuple(row.values()) for row in rows(on_columns)} == {
        ("orders", "amount", "unit", "EUR"),
        ("tagged", "id", "k", "v"),
    }
    with pytest.raises(ServerOperationError, match="42703"):
        cursor.execute(f"ALTER TABLE {orders} ALTER COLUMN nowhere SET TAGS ('a' = 'b')")
    rows("DROP VIEW silver.tagged")


def test_grant_and_show_grants(rows: Rows, cursor: Cursor, orders: str) -> None:
    rows(f"GRANT SELECT, MODIFY ON TABLE {orders} TO `analysts`")
    rows(f"grant select on {orders} to `it``s@example.com`")
    rows(f"REVOKE MODIFY ON {orders} FROM analysts")
    key = "ecommerce_local.silver.orders"
    granted = [
        {"Principal": "analysts", "ActionType": "SELECT", "ObjectType": "TABLE", "ObjectKey": key},
        {"Principal": "it`s@example.com", "ActionType": "SELECT", "ObjectType": "TABLE", "ObjectKey": key},
    ]
    assert rows(f"SHOW GRANTS ON {orders}") == granted
    assert rows("SHOW GRANTS `analysts` ON TABLE silver.orders") == granted[:1]
    with pytest.raises(ServerOperationError, match="42601"):
        cursor.execute(f"GRANT EXECUTE ON {orders} TO analysts")
    with pytest.raises(ServerOperationError, match="0A000"):
        cursor.execute("GRANT USE SCHEMA ON SCHEMA silver TO analysts")


@pytest.fixture
def sums(rows: Rows) -> Callable[[], dict[Any, str]]:
    """A table with a key that occurs twice and one that is null; returns what it holds."""
    rows("CREATE OR REPLACE TABLE silver.sums (k INT, v STRING)")
    rows("INSERT INTO silver.sums VALUES (1, 'a'), (1, 'b'), (2, 'c'), (NULL, 'd')")

    def held() -> dict[Any, str]:
        found = rows("SELECT k, array_join(sort_array(collect_list(v)), ' ') AS v FROM silver.sums GROUP BY k")
        return {row["k"]: row["v"] for row in found}

    return held


def test_replace_on(rows: Rows, cursor: Cursor, sums: Callable[[], dict[Any, str]]) -> None:
    rows(
        "INSERT INTO TABLE ecommerce_local.silver.sums AS target\nREPLACE ON (target.`k` <=> temp.`k`)\n"
        "(SELECT k, v FROM VALUES (1, 'x'), (1, 'y'), (NULL, 'z'), (9, ')') AS s(k, v) WHERE v <> '(') AS temp"
    )
    assert sums() == {1: "x y", 2: "c", None: "z", 9: ")"}
    assert [row["operation"] for row in rows("DESCRIBE HISTORY silver.sums LIMIT 2")] == ["MERGE", "WRITE"], (
        "one commit"
    )
    with pytest.raises(ServerOperationError, match=r"NOT_ENOUGH_DATA_COLUMNS.*21S01"):
        cursor.execute("INSERT INTO silver.sums AS t REPLACE ON (t.k = s.k) (SELECT 1 AS k) AS s")


def test_replace_using(rows: Rows, sums: Callable[[], dict[Any, str]]) -> None:
    rows("INSERT INTO silver.sums BY NAME REPLACE USING (k) SELECT 'x' AS v, CAST(id AS INT) AS k FROM range(1, 2)")
    assert sums() == {1: "x", 2: "c", None: "d"}
    rows("INSERT INTO silver.sums REPLACE USING (k) VALUES (CAST(NULL AS INT), 'e')")  # nulls are not equal
    assert sums()[None] == "d e"


def test_replace_where_by_name(rows: Rows, cursor: Cursor, sums: Callable[[], dict[Any, str]]) -> None:
    rows("INSERT INTO silver.sums BY NAME\n REPLACE WHERE k = 1 and (k + 0) = 1 SELECT 'x' AS v, 1 AS k")
    assert sums() == {1: "x", 2: "c", None: "d"}
    with pytest.raises(ServerOperationError, match=r"k = 1.*violated"):
        cursor.execute("INSERT INTO silver.sums BY NAME REPLACE WHERE k = 1 SELECT 'x' AS v, 2 AS k")
    with pytest.raises(ServerOperationError, match=r"TOO_MANY_DATA_COLUMNS.*21S01"):
        cursor.execute("INSERT INTO silver.sums BY NAME REPLACE WHERE k = 1 SELECT 'x' AS w, 1 AS k")


def test_every_statement_is_logged_with_its_shims(warehouse: Any, rows: Rows) -> None:
    rows("USE CATALOG ecommerce_local")
    rows("SELECT 4711 AS marker")
    log = (warehouse.server.root / "log" / "driver.log").read_text()
    assert "shims=use_catalog USE CATALOG ecommerce_local" in log
    assert "shims=- SELECT 4711 AS marker" in log


def test_each_shim_has_a_test() -> None:
    """By its name, which makes `shims_are_logged` ask the driver's log for the shim."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_dialect*.py"))
    tests = re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    assert [shim.__name__ for shim in SHIMS if not any(shim.__name__ in name for name in tests)] == []
