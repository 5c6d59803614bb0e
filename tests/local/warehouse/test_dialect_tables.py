"""The dialect shims that describe tables or are about whole tables, through a client."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import StatementState
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
        "CREATE OR REFRESH STREAMING LIVE TABLE l AS SELECT 1",
        "APPLY CHANGES INTO silver.orders FROM STREAM silver.new KEYS (id) SEQUENCE BY id",
        "CREATE OR REPLACE VIEW gold.v WITH METRICS LANGUAGE YAML AS $$ version: 0.1 $$",
        "PUT '/tmp/a.csv' INTO '/Volumes/a/b/c/a.csv' OVERWRITE",
        "LIST '/Volumes/a/b/c' LIMIT 3",
        "DROP EXTERNAL LOCATION IF EXISTS landing",
        "CREATE STORAGE CREDENTIAL s",
    ],
)
def test_unsupported(cursor: Cursor, statement: str) -> None:
    with pytest.raises(ServerOperationError, match=r"UNSUPPORTED_FEATURE.*SQLSTATE: 0A000"):
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("CREATE MATERIALIZED VIEW gold.m AS SELECT 1 AS n", "MATERIALIZED VIEW"),
        ("/* dbt */ create or replace  materialized view gold.m as select 1 as n;", "MATERIALIZED VIEW"),
        ("CREATE OR REFRESH PRIVATE MATERIALIZED VIEW m AS SELECT 1 AS n", "MATERIALIZED VIEW"),
        ("REFRESH MATERIALIZED VIEW gold.m", "MATERIALIZED VIEW"),
        ("ALTER MATERIALIZED VIEW gold.m ADD SCHEDULE EVERY 1 HOUR", "MATERIALIZED VIEW"),
        ("DROP MATERIALIZED VIEW IF EXISTS gold.m", "MATERIALIZED VIEW"),
        ("CREATE STREAMING TABLE gold.s AS SELECT * FROM STREAM silver.orders", "STREAMING TABLE"),
        ("CREATE OR REFRESH STREAMING TABLE IF NOT EXISTS gold.s (n INT)", "STREAMING TABLE"),
        ("REFRESH STREAMING TABLE gold.s FULL", "STREAMING TABLE"),
        ("REFRESH TABLE `ecommerce_local`.gold.s ASYNC", "REFRESH TABLE with FULL, SYNC or ASYNC"),
    ],
)
def test_unsupported_tables_that_keep_themselves_fresh(
    client: WorkspaceClient, warehouse: Any, cursor: Cursor, statement: str, named: str
) -> None:
    said = f"[UNSUPPORTED_FEATURE] The local workspace does not do {named}. SQLSTATE: 0A000"
    with pytest.raises(ServerOperationError, match=re.escape(said)):
        cursor.execute(statement)
    status = client.statement_execution.execute_statement(statement, warehouse.id, wait_timeout="50s").status
    assert status is not None
    assert status.error is not None
    assert (status.state, status.error.message, status.sql_state) == (StatementState.FAILED, said, "0A000")


def test_words_of_what_is_refused_may_be_names_of_tables(rows: Rows, orders: str) -> None:
    rows(f"REFRESH TABLE {orders}")
    rows("CREATE OR REPLACE TABLE silver.credential AS WITH metrics AS (SELECT 1 AS share) SELECT * FROM metrics")
    rows(
        "CREATE OR REPLACE VIEW silver.live AS SELECT share AS full, 'MATERIALIZED VIEW' AS put FROM silver.credential"
    )
    assert rows("TABLE silver.live") == [{"full": 1, "put": "MATERIALIZED VIEW"}]
    assert [row["col_name"] for row in rows("DESCRIBE silver.credential")] == ["share"]
    rows("DROP VIEW silver.live")
    rows("DROP TABLE silver.credential")


def test_tables_are_listed_the_same_with_and_without_a_look_at_their_logs(rows: Rows, orders: str) -> None:
    """dbt lists every schema at every start: without columns that only the log knows, one question does."""
    rows(f"CREATE OR REPLACE VIEW gold.recent_ids AS SELECT id FROM {orders}")
    told = "table_catalog, table_schema, table_name, table_type, is_insertable_into, table_owner, data_source_format"
    where = "FROM ecommerce_local.information_schema.tables WHERE table_schema IN ('silver', 'gold') ORDER BY ALL"
    listed = rows(f"SELECT {told} {where}")
    read = rows(f"SELECT {told}, comment, created, last_altered, storage_path {where}")
    assert listed == [{name: row[name] for name in told.split(", ")} for row in read]
    kinds = {(row["table_schema"], row["table_name"]): row["table_type"] for row in listed}
    assert kinds["silver", "orders"] == "MANAGED"
    assert kinds["gold", "recent_ids"] == "VIEW"
    named = "FROM information_schema.tables WHERE table_schema = 'gold' AND table_name = 'RECENT_IDS'"
    assert rows(f"SELECT table_name {named.replace('RECENT_IDS', 'recent_ids')}") == [{"table_name": "recent_ids"}]
    assert rows(f"SELECT table_name {named}") == []
    rows("DROP VIEW gold.recent_ids")
