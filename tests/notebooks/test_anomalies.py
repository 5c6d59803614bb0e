"""`gold.data_anomalies` as the job writes it: every day once, only what changed, only the range it is told."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from lakehouse import anomalies, checks, thresholds
from lakehouse.anomalies import AnomalyError, Range
from lakehouse.measure import Moment, measure
from tests.notebooks.shop import CATALOG, NOW, Shop

pytestmark = pytest.mark.slow

ALL = Range(None, None)
FIRST, LAST = dt.date(2026, 2, 1), dt.date(2026, 6, 30)  # 150 days
SPIKE = dt.date(2026, 5, 20)
CHECKS = Path(__file__).parents[2] / "sql" / "checks"


@pytest.fixture
def trading(shop: Shop) -> Shop:
    """150 days of trade that follow their weekday, one of them at three times its usual."""
    shop.spark.sql(
        f"""
        create table gold.daily_revenue as
        select order_date, total_orders, cast(12.5 * total_orders as decimal(18, 4)) as gross_revenue
        from (
            select
                order_date,
                cast((80 + 10 * dayofweek(order_date) + day(order_date) % 5)
                    * if(order_date = date '{SPIKE}', 3, 1) as bigint) as total_orders
            from (select explode(sequence(date '{FIRST}', date '{LAST}', interval 1 day)) as order_date)
        )
        """
    )
    return shop


def _detect(shop: Shop, days: Range = ALL, hours: int = 0) -> dict[str, object]:
    said: dict[str, object] = json.loads(
        anomalies.detect(shop.spark, CATALOG, days, lambda: NOW + dt.timedelta(hours=hours))
    )
    return said


def _stored(shop: Shop, condition: str = "true") -> dict[dt.date, tuple[object, ...]]:
    rows = shop.spark.table("gold.data_anomalies").where(condition).orderBy("order_date").collect()
    return {row.order_date: tuple(row) for row in rows}


def _written_at(shop: Shop, hours: int) -> set[dt.date]:
    return set(_stored(shop, f"metric_updated_at = timestamp '{NOW + dt.timedelta(hours=hours):%F %T}'"))


def test_every_day_has_a_verdict_and_only_what_changes_is_written(trading: Shop) -> None:
    assert _detect(trading) == {
        "days": 150,
        "statuses": {"Insufficient History": 28, "Normal": 121, "Anomaly Detected": 1},
        "newest_anomalies": [SPIKE.isoformat()],
    }
    first = _stored(trading)
    assert list(first) == [FIRST + dt.timedelta(days=number) for number in range(150)]
    table = next(each for each in checks.load(CHECKS) if each.table == "data_anomalies")
    score = measure(trading.spark, table, Moment(NOW, None, thresholds.load()))
    assert (score.score, score.failed) == (100, [])

    _detect(trading, hours=1)
    assert _stored(trading) == first

    # A day that is corrected late: itself, and what follows it, are judged anew; what lies before is not touched.
    trading.spark.sql(f"update gold.daily_revenue set total_orders = 110 where order_date = date '{SPIKE}'")
    _detect(trading, hours=2)
    changed = _written_at(trading, 2)
    assert SPIKE in changed
    assert min(changed) == SPIKE
    trading.spark.sql(f"delete from gold.daily_revenue where order_date = date '{LAST}'")
    _detect(trading, hours=3)
    assert max(_stored(trading)) == LAST - dt.timedelta(days=1)
    assert _written_at(trading, 3) == set()


def test_a_range_rewrites_just_that_range(trading: Shop) -> None:
    _detect(trading)
    whole = _stored(trading)
    trading.spark.sql("update gold.data_anomalies set status = 'Normal', revenue = 0")
    trading.spark.sql("insert into gold.data_anomalies select date '2026-05-31', 1, 1, 1, 1, 1, 1, 'Normal', null")
    trading.spark.sql(
        "delete from gold.data_anomalies where order_date = date '2026-05-31' and metric_updated_at is not null"
    )
    broken = _stored(trading)

    said = _detect(trading, Range.parse("2026-05-18", "2026-05-31"), hours=1)

    assert said["days"] == 14
    assert said["newest_anomalies"] == [SPIKE.isoformat()]
    repaired = _stored(trading)
    within = {day for day in whole if dt.date(2026, 5, 18) <= day <= dt.date(2026, 5, 31)}
    assert {day: row[:-1] for day, row in repaired.items() if day in within} == {
        day: row[:-1] for day, row in whole.items() if day in within
    }
    assert {day: row for day, row in repaired.items() if day not in within} == {
        day: row for day, row in broken.items() if day not in within
    }
    assert _detect(trading, Range.parse("", "2026-02-10"))["days"] == 10
    assert _detect(trading, Range.parse("2026-06-30", ""))["days"] == 1

    with pytest.raises(AnomalyError, match="no day with order_date >= DATE '2027-01-01'"):
        _detect(trading, Range.parse("2027-01-01", ""))
    trading.spark.sql("delete from gold.daily_revenue")
    assert _detect(trading) == {"days": 0, "statuses": {}, "newest_anomalies": []}
    assert _stored(trading) == {}


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-13-01", "", "first_day: '2026-13-01' is not a date"),
        ("", "yesterday", "last_day: 'yesterday' is not a date"),
        ("2026-06-02", "2026-06-01", "last_day 2026-06-01 is before first_day 2026-06-02"),
    ],
)
def test_a_wrong_range_is_refused(first: str, last: str, message: str) -> None:
    with pytest.raises(AnomalyError, match=message):
        Range.parse(first, last)
