"""Measuring one table against its checks: one aggregate over one scan."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse.checks import Check, CheckError, TableChecks
from lakehouse.excuses import excuse
from lakehouse.thresholds import Thresholds


@dataclass(frozen=True)
class Outcome:
    """What one check found: the share that passed (0 to 1), how many rows did not, and whether that is enough."""

    check: Check
    share: float
    failed_rows: int
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Say whether the share is what the check asks for."""
        return self.share >= self.check.at_least


@dataclass(frozen=True)
class Moment:
    """When a table is measured, when it last passed (None: never), and the numbers that judge it."""

    now: dt.datetime
    passed_at: dt.datetime | None
    thresholds: Thresholds

    def cutoff(self, check: Check) -> dt.datetime:
        """Return where `within` of a check begins."""
        return self.now - dt.timedelta(hours=self.thresholds.value(check.within))

    def recent(self, column: str, check: Check) -> Column:
        """Say whether a row came within a check's hours, or since the table last passed when that is longer ago.

        A bad day so stays in sight until it is mended: waiting for it to grow old does not open the gate.
        """
        if self.passed_at is None:
            return F.lit(True)
        return F.col(column) >= F.lit(min(self.passed_at, self.cutoff(check)))

    def tolerated(self, check: Check, rows: int) -> float:
        """Return how many of so many rows may fail: the share that may, and the chance of a small number."""
        fails = 1 - check.at_least
        noise = self.thresholds.value("quality_noise") * math.sqrt(rows * fails * check.at_least)
        return rows * fails + noise


@dataclass(frozen=True)
class Score:
    """One table, now: its score from 0 to 100, none while it is excused, and what came of each check."""

    layer: str
    table: str
    score: float | None
    row_count: int
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> list[Outcome]:
        """The checks that did not pass."""
        return [outcome for outcome in self.outcomes if not outcome.passed]


def measure(spark: SparkSession, table: TableChecks, moment: Moment) -> Score:
    """Score one table; a missing or empty one scores 0, and failing a `fail` check stays below `quality_stop`.

    One that is empty with an excuse has no score: its checks have not passed, and say why.
    """
    thresholds, now = moment.thresholds, moment.now
    name = f"{table.layer}.{table.table}"
    if not spark.catalog.tableExists(name):
        return _nothing(table, "the table does not exist", excuse(spark, table, thresholds, now))
    rows = spark.table(name)
    for number, check in enumerate(table.checks):
        if check.kind == "referential":
            rows = _with_reference(spark, rows, check, number)
    sums: dict[str, Column] = {"row_count": F.count(F.lit(1))}
    for number, check in enumerate(table.checks):
        sums |= {f"{key}_{number}": column for key, column in _sums(rows, table, check, number, moment).items()}
    found = rows.agg(*(column.alias(alias) for alias, column in sums.items())).collect()[0].asDict()
    row_count = int(found["row_count"])
    if row_count == 0:
        return _nothing(table, "the table is empty", excuse(spark, table, thresholds, now))
    outcomes = tuple(_outcome(spark, check, number, found, moment) for number, check in enumerate(table.checks))
    return Score(table.layer, table.table, _score(outcomes, thresholds), row_count, outcomes)


def _nothing(table: TableChecks, detail: str, excused: str | None) -> Score:
    outcomes = tuple(Outcome(check, 0.0, 0, excused or detail) for check in table.checks)
    return Score(table.layer, table.table, None if excused else 0.0, 0, outcomes)


def _score(outcomes: tuple[Outcome, ...], thresholds: Thresholds) -> float:
    weights = sum(outcome.check.weight for outcome in outcomes)
    score = 100 * sum(outcome.check.weight * outcome.share for outcome in outcomes) / weights
    if any(not outcome.passed and outcome.check.severity == "fail" for outcome in outcomes):
        score = min(score, thresholds.value("quality_stop") - 1)
    return round(score, 2)


def _with_reference(spark: SparkSession, rows: DataFrame, check: Check, number: int) -> DataFrame:
    """Join the keys that a column refers to; a missing table holds none of them."""
    target, column = check.references.rsplit(".", 1)
    if not spark.catalog.tableExists(target):
        return rows.withColumn(f"_reference_{number}", F.lit(None).cast("string"))
    keys = spark.table(target).select(F.col(column).alias(f"_reference_{number}")).distinct()
    return rows.join(keys, rows[check.column] == keys[f"_reference_{number}"], "left")


def _sums(rows: DataFrame, table: TableChecks, check: Check, number: int, moment: Moment) -> dict[str, Column]:
    where = f"sql/checks/{table.layer}/{table.table}.toml [{check.name}]"
    used = (*check.columns, *filter(None, [check.column, check.since]))
    if unknown := sorted(set(used) - set(rows.columns)):
        raise CheckError(f"{where}: {table.layer}.{table.table} has no column {', '.join(unknown)}")
    if check.kind == "completeness":
        return _counts(check, _all_filled(check.columns), F.lit(True), moment)
    if check.kind == "uniqueness":
        return {"passed": F.count_distinct(F.struct(*check.columns)), "total": F.count(F.lit(1))}
    if check.kind == "validity":
        condition = F.coalesce(F.expr(check.condition), F.lit(False))
        try:
            rows.select(condition.cast("boolean"))
        except AnalysisException as error:
            raise CheckError(f"{where}: condition {check.condition!r}: {str(error).splitlines()[0]}") from error
        return _counts(check, condition, F.lit(True), moment)
    if check.kind == "referential":
        return _counts(check, F.col(f"_reference_{number}").isNotNull(), _all_filled((check.column,)), moment)
    if check.kind == "freshness":
        return {"newest": F.unix_timestamp(F.max(check.column))}
    if check.kind == "acceptance":
        return {"passed": F.count_if(moment.recent("ingestion_timestamp", check))}
    return {}


def _counts(check: Check, good: Column, judged: Column, moment: Moment) -> dict[str, Column]:
    """Count the judged rows and the good ones among them, and the same for what came lately."""
    counts = {"passed": F.count_if(judged & good), "total": F.count_if(judged)}
    if not check.since:
        return counts
    recent = judged & moment.recent(check.since, check)
    return {**counts, "recent_passed": F.count_if(recent & good), "recent_total": F.count_if(recent)}


def _all_filled(columns: tuple[str, ...]) -> Column:
    filled = F.lit(True)
    for column in columns:
        filled = filled & F.coalesce(F.trim(F.col(column).cast("string")) != "", F.lit(False))
    return filled


def _outcome(spark: SparkSession, check: Check, number: int, found: Mapping[str, Any], moment: Moment) -> Outcome:
    rows = int(found["row_count"])
    if check.kind == "volume":
        missing = max(0, check.rows - rows)
        return Outcome(check, min(1.0, rows / check.rows), missing, f"{rows} rows, expected {check.rows}")
    if check.kind == "freshness":
        return _freshness(check, found[f"newest_{number}"], rows, moment.cutoff(check), moment.now)
    passed, total = int(found[f"passed_{number}"]), int(found.get(f"total_{number}", rows))
    if check.kind == "acceptance":
        refused = moment.recent("ingestion_timestamp", check) & (F.col("source") == check.source)
        return _share(check, passed, passed + spark.table("bronze.quarantine").where(refused).count())
    if check.since:
        recent_passed, recent = int(found[f"recent_passed_{number}"]), int(found[f"recent_total_{number}"])
        if recent < total and recent - recent_passed > moment.tolerated(check, recent):
            return _share(check, recent_passed, recent, " of those that came since the table last passed")
    return _share(check, passed, total)


def _share(check: Check, passed: int, total: int, of: str = "") -> Outcome:
    return Outcome(check, passed / total if total else 1.0, total - passed, f"{total - passed} of {total} failed{of}")


def _freshness(check: Check, newest: int | None, total: int, cutoff: dt.datetime, now: dt.datetime) -> Outcome:
    if newest is None:
        return Outcome(check, 0.0, total, f"{check.column} is never set")
    fresh = newest >= cutoff.timestamp()
    hours = (now.timestamp() - newest) / 3600
    return Outcome(check, 1.0 if fresh else 0.0, 0 if fresh else total, f"newest {check.column} is {hours:.1f} h old")
