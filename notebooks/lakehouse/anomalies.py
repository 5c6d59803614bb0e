"""`gold.data_anomalies`: which days of trade are not what their weekday lets expect."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse import closed_days, thresholds
from lakehouse.anomaly_scores import ANOMALY, Day, Rules, Scored, score

Clock = Callable[[], dt.datetime]
Row = tuple[dt.date, int, Decimal, float | None, Decimal | None, float | None, float | None, str, dt.datetime]

_COMPARED = (
    "order_count", "revenue", "expected_order_count", "expected_revenue", "orders_z_score", "revenue_z_score", "status",
)  # fmt: skip
_COLUMNS = (
    "order_date DATE, order_count BIGINT, revenue DECIMAL(18, 4), expected_order_count DOUBLE,"
    " expected_revenue DECIMAL(18, 4), orders_z_score DOUBLE, revenue_z_score DOUBLE, status STRING,"
    " metric_updated_at TIMESTAMP"
)
_NEWEST = 10  # so many anomalies are named in the exit value; all are in the table


class AnomalyError(ValueError):
    """A range of days that cannot be scored."""


@dataclass(frozen=True)
class Range:
    """The days to write, both ends included; an open end has no limit."""

    first: dt.date | None
    last: dt.date | None

    @classmethod
    def parse(cls, first: str, last: str) -> Range:
        """Read two parameters of a job; an empty one leaves that end open."""
        ends = [_day(name, text) for name, text in (("first_day", first), ("last_day", last))]
        if ends[0] and ends[1] and ends[1] < ends[0]:
            raise AnomalyError(f"last_day {ends[1]} is before first_day {ends[0]}")
        return cls(*ends)

    def has(self, day: dt.date) -> bool:
        """Say whether a day is to be written."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def condition(self, column: str) -> str:
        """Return the range as an SQL condition."""
        ends = ((">=", self.first), ("<=", self.last))
        return " AND ".join(f"{column} {sign} DATE '{end}'" for sign, end in ends if end) or "TRUE"


def detect(spark: SparkSession, catalog: str, days: Range, clock: Clock) -> str:
    """Score the days of a range, write those that changed, and return as JSON how many have which status.

    A day's score depends on the days before it only, so a range that is scored again leaves the rest as it is.
    """
    spark.catalog.setCurrentCatalog(catalog)
    rules = Rules.of(thresholds.load())
    scored = [
        each for each in score(_trade(spark, days, rules), closed_days.load(), rules) if days.has(each.day.order_date)
    ]
    if not scored and (days.first or days.last):
        raise AnomalyError(f"gold.daily_revenue has no day with {days.condition('order_date')}")
    _write(spark, scored, days, clock())
    odd = [each.day.order_date.isoformat() for each in scored if each.status == ANOMALY]
    statuses = Counter(each.status for each in scored)
    return json.dumps({"days": len(scored), "statuses": dict(statuses), "newest_anomalies": odd[-_NEWEST:]})


def create_table(spark: SparkSession) -> None:
    """Create `gold.data_anomalies` where it is missing."""
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS gold.data_anomalies ({_COLUMNS}) USING delta"
        " COMMENT 'Grain: one row per calendar day, with what its weekday let expect and how far it lies from that.'"
    )


def _trade(spark: SparkSession, days: Range, rules: Rules) -> list[Day]:
    """Read the days of a range and those that have a say in their scores."""
    first = days.first and days.first - dt.timedelta(days=rules.history_days)
    wanted = Range(first, days.last).condition("order_date")
    rows = spark.table("gold.daily_revenue").where(wanted).orderBy("order_date")
    return [Day(*row) for row in rows.select("order_date", "total_orders", "gross_revenue").collect()]


def _write(spark: SparkSession, scored: Sequence[Scored], days: Range, now: dt.datetime) -> None:
    """Make the range hold these rows; a row that is as it was keeps its time."""
    create_table(spark)
    frame = spark.createDataFrame([_row(each, now) for each in scored], _COLUMNS)
    frame.select("*", F.struct(*_COMPARED).alias("compared")).createOrReplaceTempView("scored_days")
    stored = f"struct({', '.join(f'known.{column}' for column in _COMPARED)})"
    gone = days.condition("known.order_date")
    spark.sql(
        "MERGE INTO gold.data_anomalies AS known USING scored_days AS scored ON known.order_date = scored.order_date"
        f" WHEN MATCHED AND NOT {stored} <=> scored.compared THEN UPDATE SET *"
        f" WHEN NOT MATCHED THEN INSERT * WHEN NOT MATCHED BY SOURCE AND {gone} THEN DELETE"
    )


def _row(scored: Scored, now: dt.datetime) -> Row:
    day = scored.day
    expected = None if scored.expected_revenue is None else Decimal(f"{scored.expected_revenue:.4f}")
    return (
        day.order_date, day.order_count, day.revenue, _rounded(scored.expected_order_count), expected,
        _rounded(scored.orders_z_score), _rounded(scored.revenue_z_score), scored.status, now,
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    # The last bits differ between processors, and a row should not.
    return None if value is None else round(value, 4)


def _day(name: str, text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise AnomalyError(f"{name}: {text!r} is not a date like 2026-11-30") from error
