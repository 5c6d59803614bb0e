"""The dialect shims that describe tables or are about whole tables, through a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from databricks.sql.client import Cursor
from databricks.sql.exc import ServerOperationError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shims_are_logged")]
Rows = Callable[..., list[dict[str, Any]]]


def test_analyze_table(rows: Rows, cursor: Cursor) -> None:
    rows("CREATE OR REPLACE TABLE silver.analyzed AS SELECT id, id * 2 AS twice FROM range(7)")
    rows("ANALYZE TABLE ecommerce_local.silver.analyzed COMPUTE STATISTICS")
    (shown,) = rows("SHOW TABLE EXTENDED IN silver LIKE 'analyzed'")
    assert ", 7 rows" in shown["information"]
    rows("ANALYZE TABLE silver.analyzed COMPUTE STATISTICS FOR ALL COLUMNS")
    rows("ANALYZE TABLE silver.analyzed COMPUTE DELTA STATISTICS")
    assert rows("DESCRIBE HISTORY silver.analyzed LIMIT 1")[0]["operation"] == "COMPUTE STATS"
    with pytest.raises(ServerOperationError, match="nowhere"):
        cursor.execute("ANALYZE TABLE silver.analyzed COMPUTE STATISTICS FOR COLUMNS nowhere")


def test_rename_table(rows: Rows) -> None:
    rows("DROP TABLE IF EXISTS silver.after")
    rows("CREATE OR REPLACE TABLE silver.before AS SELECT 1 AS n")
    rows("ALTER TABLE ecommerce_local.silver.before RENAME TO `ecommerce_local`.`silver`.`after`")
    assert rows("SELECT n FROM ecommerce_local.silver.after") == [{"n": 1}]


def test_comment_on_view(rows: Rows, orders: str) -> None:
    rows(f"CREATE OR REPLACE VIEW gold.commented COMMENT 'old' AS SELECT id FROM {orders}")
    rows("COMMENT ON TABLE ecommerce_local.gold.commented IS 'it\\'s new'")
    comment = "SELECT comment FROM information_schema.tables WHERE table_name = 'commented'"
    assert rows(comment) == [{"comment": "it's new"}]
    rows("DROP VIEW gold.commented")


def test_show_table_extended(rows: Rows, orders: str) -> None:
    rows("CREATE OR REPLACE VIEW silver.orders_seen AS SELECT id FROM silver.orders")
    found = rows("SHOW TABLE EXTENDED IN `ecommerce_local`.`silver` LIKE 'orders|orders_seen'")
    assert [(row["database"], row["tableName"]) for row in found] == [("silver", "orders"), ("silver", "orders_seen")]
    assert "Catalog: ecommerce_local\n" in found[0]["information"]
    assert (
        "\n |-- id: integer (nullable = false)\n |-- amount: decimal(9,2) (nullable = true)\n"
        in found[0]["information"]
    )
    assert found[1]["information"].count("Schema: root") == 1
    assert rows("SHOW TABLE EXTENDED IN silver LIKE 'nowhere'") == []
    rows("DROP VIEW silver.orders_seen")


def test_show_tblproperties(rows: Rows, orders: str) -> None:
    rows(f"ALTER TABLE {orders} SET TBLPROPERTIES ('mine' = 'yes')")
    rows(f"ALTER TABLE {orders} SET TAGS ('a' = 'b')")
    shown = {row["key"]: row["value"] for row in rows(f"SHOW TBLPROPERTIES {orders}")}
    assert shown["mine"] == "yes"
    assert {name.partition(".")[0] for name in shown} == {"mine", "delta"}


def test_show_create_table(rows: Rows) -> None:
    rows(
        "CREATE OR REPLACE TABLE gold.shown (id BIGINT NOT NULL COMMENT 'it\\'s', `a-b` STRING, day DATE,"
        " CONSTRAINT shown_pk PRIMARY KEY (id)) PARTITIONED BY (day) COMMENT 'c'"
        " TBLPROPERTIES ('delta.appendOnly' = 'true')"
    )
    (row,) = rows("SHOW CREATE TABLE gold.shown")
    assert row["createtab_stmt"].splitlines()[:9] == [
        "CREATE TABLE ecommerce_local.gold.shown (",
        "  id BIGINT NOT NULL COMMENT 'it\\'s',",
        "  `a-b` STRING,",
        "  day DATE,",
        "  CONSTRAINT `shown_pk` PRIMARY KEY (`id`))",
        "USING delta",
        "PARTITIONED BY (day)",
        "COMMENT 'c'",
        "TBLPROPERTIES (",
    ]
    rows("DROP TABLE gold.shown")
    rows(row["createtab_stmt"])  # what it says makes the table again
    assert rows("SHOW CREATE TABLE gold.shown") == [row]


@pytest.mark.parametrize(
    "statement",
    [
        "COPY INTO silver.orders FROM '/Volumes/x' FILEFORMAT = CSV",
        "CREATE CATALOG other",
        "CREATE TABLE silver.copy DEEP CLONE silver.orders",
        "ALTER TABLE silver.orders SET ROW FILTER f ON (id)",
        "ALTER TABLE silver.orders ALTER COLUMN id SET MASK f",
        "ALTER TABLE silver.orders CLUSTER BY AUTO",
        "ALTER SCHEMA silver SET TAGS ('a' = 'b')",
    ],
)
def test_unsupported(cursor: Cursor, statement: str) -> None:
    with pytest.raises(ServerOperationError, match=r"UNSUPPORTED_FEATURE.*SQLSTATE: 0A000"):
        cursor.execute(statement)
