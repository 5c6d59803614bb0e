"""The dbt project over four nights: nothing yet, a first day, nothing new, a second day with late and dirty rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse import anomalies, quality, questions, thresholds
from lakehouse.models import tables

from .conftest import REPOSITORY, Lakehouse

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

TABLES = (
    "silver.dim_customers",
    "silver.dim_products",
    "silver.fact_orders",
    "silver.fact_order_items",
    "silver.fact_web_events",
    "gold.daily_revenue",
    "gold.customer_metrics",
    "gold.product_performance",
    "gold.executive_summary",
)
FIRST, SECOND = "2026-03-02 07:00:00", "2026-03-05 07:00:00"


def first_day(lakehouse: Lakehouse) -> None:
    stamp = "2026-03-01 09:00:00"
    lakehouse.ingest(
        "customers",
        FIRST,
        ("C1", " Ada@Example.com ", "Ada", "Adams", "Germany", stamp, stamp),
        ("C2", "ben@example.com", "Ben", "Berg", "France", stamp, stamp),
        ("C2", "ben@example.com", "Ben", "Berg", "Spain", stamp, "2026-03-01 08:00:00"),  # overtaken by the line above
    )
    lakehouse.ingest(
        "products", FIRST, ("P1", "Teapot", "Kitchen", "10.00", stamp), ("P2", "Kite", "Toys", "2.50", stamp)
    )
    lakehouse.ingest(
        "orders",
        FIRST,
        ("O1", "C1", "2026-03-01 10:00:00", "Completed", "Germany", "2026-03-01 10:00:00"),
        ("O2", "", "2026-03-01 11:00:00", "completed", "France", "2026-03-01 11:00:00"),  # a guest
        ("O3", "C9", "2026-03-01 12:00:00", "completed", "Spain", "2026-03-01 12:00:00"),  # C9 arrives tomorrow
        ("O4", "C2", "31/02/20x6", "completed", "Spain", "2026-03-01 12:00:00"),  # no time: left out
    )
    lakehouse.ingest(
        "order_items",
        FIRST,
        ("O1", "1", "P1", "2", "10.00"),
        ("O1", "2", "P2", "4", "2.50"),
        ("O1", "2", "P2", "4", "2.50"),  # the same line twice
        ("O2", "1", "P1", "1", "9.99"),
        ("O3", "1", "P7", "1", "5.00"),  # a product nobody knows
        ("O3", "2", "P1", "1O", "5.00"),  # no quantity: left out
        ("O8", "1", "P1", "3", "10.00"),  # its order arrives tomorrow
    )
    lakehouse.ingest(
        "web_events",
        FIRST,
        ("E1", "product_view", "2026-03-01 09:59:00", "S1", "C1", "P1", "/product/P1"),
        ("E2", "add_to_cart", "2026-03-01 09:59:30", "S1", "C1", "P1", "/cart"),
        ("E3", "page_view", "2026-03-01 09:00:00", "S2", None, None, "/"),
    )


def second_day(lakehouse: Lakehouse) -> None:
    stamp = "2026-03-04 09:00:00"
    lakehouse.ingest(
        "customers",
        SECOND,
        ("C1", "ada@example.com", "Ada", "Adams", "Ireland", "2026-03-01 09:00:00", stamp),  # moved
        ("C2", "ben@example.com", "Ben", "Berg", "France", "2026-03-01 09:00:00", stamp),  # sent again, unchanged
        ("C9", "kim@example.com", "Kim", "Ito", "Spain", stamp, stamp),
    )
    lakehouse.ingest(
        "orders",
        SECOND,
        ("O1", "C1", "2026-03-01 10:00:00", "cancelled", "Spain", "2026-02-28 00:00:00"),  # older than what is stored
        ("O2", "", "2026-03-01 11:00:00", "returned", "France", "2026-03-04 11:00:00"),  # its status changed
        ("O8", "C2", "2026-03-04 12:00:00", "completed", "France", "2026-03-04 12:00:00"),
        ("R1", "C1", "2026-03-04 13:00:00", "cancelled", "Germany", "2026-03-04 13:00:00"),  # a credit note for O1
    )
    lakehouse.ingest("order_items", SECOND, ("R1", "1", "P2", "-1", "2.50"), ("O1", "1", "P1", "2", "10.00"))


def contents(lakehouse: Lakehouse, *, without: str = "metric_updated_at") -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for table in TABLES:
        columns = [row[0] for row in lakehouse.rows(f"describe table {table}")]
        kept = ", ".join(str(column) for column in columns if column != without)
        found[table] = sorted(lakehouse.rows(f"select {kept} from {table}"), key=repr)
    return found


@pytest.fixture(scope="module")
def nights(lakehouse: Lakehouse) -> dict[str, dict[str, list[tuple[object, ...]]]]:
    """The tables after each night."""
    found = {}
    lakehouse.create_bronze()
    assert set(lakehouse.build(tests=False).values()) == {"success"}
    found["empty"] = contents(lakehouse)
    first_day(lakehouse)
    statuses = lakehouse.build(tests=True)
    warned = {name for name, status in statuses.items() if status == "warn"}
    assert warned >= {"every_row_is_usable"}
    assert {status for name, status in statuses.items() if name not in warned} == {"success", "pass"}
    found["first"] = contents(lakehouse)
    lakehouse.build(tests=False)
    found["again"] = contents(lakehouse)
    second_day(lakehouse)
    lakehouse.build(tests=True)
    found["second"] = contents(lakehouse)
    return found


def test_empty_bronze_gives_empty_tables(nights: dict[str, dict[str, list[tuple[object, ...]]]]) -> None:
    assert nights["empty"] == {table: [] for table in TABLES}


def test_a_night_without_news_writes_nothing(nights: dict[str, dict[str, list[tuple[object, ...]]]]) -> None:
    assert nights["again"] == nights["first"]
    assert all(nights["first"].values())


def test_revenue_is_what_the_lines_add_up_to(lakehouse: Lakehouse, nights: object) -> None:
    days = lakehouse.rows(
        "select order_date, total_orders, gross_revenue, refunds, net_revenue, revenue_7d_avg from gold.daily_revenue"
        " order by order_date"
    )

    # First day: O1 2 x 10.00 + 4 x 2.50, O3 1 x 5.00; O2 was returned. Fourth: O8 3 x 10.00, credit note R1 -1 x 2.50.
    assert days == [
        (dt.date(2026, 3, 1), 2, Decimal("35"), Decimal("0"), Decimal("35"), Decimal("35")),
        (dt.date(2026, 3, 2), 0, Decimal("0"), Decimal("0"), Decimal("0"), Decimal("17.5")),
        (dt.date(2026, 3, 3), 0, Decimal("0"), Decimal("0"), Decimal("0"), Decimal("11.6667")),
        (dt.date(2026, 3, 4), 1, Decimal("30"), Decimal("-2.5"), Decimal("27.5"), Decimal("16.25")),
    ]


def test_periods_add_up_what_their_days_have(lakehouse: Lakehouse, nights: object) -> None:
    periods = lakehouse.rows(
        "select period_type, period_start, period_end, is_complete, total_orders, unique_customers, new_customers,"
        " net_revenue from gold.executive_summary order by 1, 2"
    )

    # 2026-03-01 is a Sunday. C1 and C9 ordered first on it; C2, whose O4 had no time, on the fourth.
    assert periods == [
        ("month", dt.date(2026, 3, 1), dt.date(2026, 3, 31), False, 3, 3, 3, Decimal("62.5")),
        ("week", dt.date(2026, 2, 23), dt.date(2026, 3, 1), False, 2, 2, 2, Decimal("35")),
        ("week", dt.date(2026, 3, 2), dt.date(2026, 3, 8), False, 1, 1, 1, Decimal("27.5")),
    ]


def test_every_table_can_be_rolled_back_a_month_from_the_night_it_is_made(lakehouse: Lakehouse, nights: object) -> None:
    for table in (*TABLES, "snapshots.customers_history", "snapshots.products_history"):
        kept = dict(lakehouse.rows(f"show tblproperties {table}"))
        assert kept["delta.logRetentionDuration"] == "interval 30 days", table
        assert kept["delta.deletedFileRetentionDuration"] == "interval 30 days", table
    # A comment is set each night; retention once, with the table.
    changes = [row[5] for row in lakehouse.rows("describe history silver.fact_orders") if row[4] == "SET TBLPROPERTIES"]
    assert changes
    assert not [change for change in changes if "Retention" in str(change)]


def test_customers_and_products_nobody_knows_keep_their_revenue(lakehouse: Lakehouse, nights: object) -> None:
    assert lakehouse.rows(
        "select customer_id, is_unknown, total_orders, gross_revenue, refunds from gold.customer_metrics order by 1"
    ) == [
        ("C1", False, 1, Decimal("30"), Decimal("-2.5")),
        ("C2", False, 1, Decimal("30"), Decimal("0")),
        ("C9", False, 1, Decimal("5"), Decimal("0")),
    ]
    assert lakehouse.rows(
        "select product_id, is_unknown, units_sold, gross_revenue, product_views, cart_additions"
        " from gold.product_performance order by 1"
    ) == [
        ("P1", False, 5, Decimal("50"), 1, 1),
        ("P2", False, 4, Decimal("10"), 0, 0),
        ("P7", True, 1, Decimal("5"), 0, 0),
    ]


def test_a_changed_customer_gets_a_new_version_and_keeps_the_old(lakehouse: Lakehouse, nights: object) -> None:
    versions = lakehouse.rows(
        "select customer_id, email, country, dbt_valid_to is null from snapshots.customers_history"
        " order by customer_id, dbt_valid_from"
    )

    assert versions == [
        ("C1", "ada@example.com", "Germany", False),
        ("C1", "ada@example.com", "Ireland", True),
        ("C2", "ben@example.com", "France", True),
        ("C9", "kim@example.com", "Spain", True),
    ]
    assert lakehouse.rows("select country from silver.dim_customers where customer_id = 'C1'") == [("Ireland",)]


def test_only_changed_rows_are_written(lakehouse: Lakehouse, nights: object) -> None:
    orders = lakehouse.rows(
        "select order_id, status, has_unknown_customer, dbt_updated_at = max(dbt_updated_at) over () as is_new"
        " from silver.fact_orders order by order_id"
    )
    lines = lakehouse.rows(
        "select order_id, line_number, has_unknown_order, has_unknown_product,"
        " dbt_updated_at = max(dbt_updated_at) over () as is_new from silver.fact_order_items order by 1, 2"
    )

    assert orders == [
        ("O1", "completed", False, False),  # the older version that came later changed nothing
        ("O2", "returned", False, True),
        ("O3", "completed", False, True),  # its customer arrived
        ("O8", "completed", False, True),
        ("R1", "cancelled", False, True),
    ]
    assert lines == [
        ("O1", 1, False, False, False),  # sent again, unchanged
        ("O1", 2, False, False, False),
        ("O2", 1, False, False, False),
        ("O3", 1, False, True, False),
        ("O8", 1, False, False, True),  # its order arrived
        ("R1", 1, False, False, True),
    ]


def test_a_backfill_writes_the_days_of_its_range_and_no_others(lakehouse: Lakehouse, nights: object) -> None:
    # Which of two equal deliveries a line is from is not asked: built anew, it is from the later one.
    key = "order_id, line_number, product_id, quantity, unit_price, line_amount"
    right, lines = (
        contents(lakehouse, without="dbt_updated_at"),
        f"select {key} from silver.fact_order_items order by all",
    )
    right_lines = lakehouse.rows(lines)
    silver = ("run", "--select", "silver")

    def spoil() -> None:
        for table, column in (("fact_orders", "status"), ("fact_order_items", "quantity"), ("fact_web_events", "page")):
            lakehouse.rows(f"update silver.{table} set {column} = 7")

    spoil()
    lakehouse.dbt(*silver)
    assert lakehouse.rows("select status from silver.fact_orders where order_id = 'O1'") == [("7",)], (
        "a usual run looks back no further than the last load"
    )
    spoil()
    lakehouse.dbt(*silver, first_day="2026-03-01", last_day="2026-03-01")
    written = lakehouse.rows("select order_id from silver.fact_orders where status <> '7' order by order_id")
    assert written == [("O1",), ("O2",), ("O3",)], "the orders of that day, and no others"
    assert lakehouse.rows("select distinct order_id from silver.fact_order_items where quantity = 7 order by all") == [
        ("O8",),
        ("R1",),
    ]
    lakehouse.dbt(*silver, first_day="2026-03-01", last_day="2026-03-31")
    again = contents(lakehouse, without="dbt_updated_at")
    others = [table for table in TABLES[:5] if table != "silver.fact_order_items"]
    assert {table: again[table] for table in others} == {table: right[table] for table in others}
    assert lakehouse.rows(lines) == right_lines


def test_a_full_refresh_finds_the_same(lakehouse: Lakehouse, nights: object) -> None:
    tables = ("silver.fact_orders", "silver.fact_order_items", "silver.fact_web_events")
    key = "* except (ingestion_timestamp, source_file, dbt_updated_at)"
    before = {table: sorted(lakehouse.rows(f"select {key} from {table}"), key=repr) for table in tables}

    lakehouse.dbt("run", "--full-refresh", "--select", "fact_orders", "fact_order_items", "fact_web_events")

    assert {table: sorted(lakehouse.rows(f"select {key} from {table}"), key=repr) for table in tables} == before


def test_freshness_of_sources_is_measured_against_the_thresholds(lakehouse: Lakehouse, nights: object) -> None:
    # Bronze was written in March 2026: whenever this runs, that is too long ago.
    with pytest.raises(AssertionError, match=r"ERROR STALE freshness of bronze\.orders"):
        lakehouse.dbt("source", "freshness", "--select", "source:bronze.orders")


def test_every_question_can_be_asked_of_the_real_tables(lakehouse: Lakehouse, nights: object) -> None:
    warehouse: Any = SimpleNamespace(sql=lakehouse.rows)
    for create in (quality.create_tables, anomalies.create_table, tables.create_tables):
        create(warehouse)
    asked = questions.load_all(Path(REPOSITORY) / "sql" / "queries")

    answers = {name: lakehouse.rows(questions.literal(asked[name], thresholds.load())) for name in asked}

    assert len(answers["table_freshness"]) == 13
    assert {"unmeasured_layers", "recent_anomalies"} <= {row[0] for row in answers["critical_alerts"]}
    assert answers["pipeline_health"][0][0] == "Critical"


def test_the_unit_tests_of_models_pass(lakehouse: Lakehouse, nights: object) -> None:
    statuses = lakehouse.dbt("test", "--select", "test_type:unit")

    assert statuses
    assert set(statuses.values()) == {"pass"}


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-01", "", r"last_day: '' is not a day as YYYY-MM-DD"),
        ("2026-03-02", "2026-03-01", r"first_day '2026-03-02' is after last_day '2026-03-01'"),
    ],
)
def test_half_a_range_of_days_or_one_backwards_is_refused(
    lakehouse: Lakehouse, nights: object, first: str, last: str, said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        lakehouse.dbt("compile", "--select", "fact_orders", first_day=first, last_day=last)


def test_an_erased_customer_is_closed_and_opened_again_on_return(lakehouse: Lakehouse, nights: object) -> None:
    versions = (
        "select country, dbt_valid_to is null from snapshots.customers_history where customer_id = 'C9'"
        " order by dbt_valid_from"
    )
    again = ("build", "--select", "customers_latest", "customers_history", "--exclude-resource-type", "test")
    lakehouse.rows("delete from bronze.customers where customer_id = 'C9'")
    lakehouse.dbt(*again)
    assert lakehouse.rows(versions) == [("Spain", False)]
    stamp = "2026-03-06 09:00:00"
    lakehouse.ingest("customers", stamp, ("C9", "kim@example.com", "Kim", "Ito", "Japan", stamp, stamp))
    lakehouse.dbt(*again)
    assert lakehouse.rows(versions) == [("Spain", False), ("Japan", True)]
