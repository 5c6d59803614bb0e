"""Bringing a table back to what it was, and proving once a month that this works."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from pyspark.sql import DataFrame, SparkSession

from lakehouse import thresholds

Clock = Callable[[], dt.datetime]

DRILLED = "silver.fact_orders"  # what most tables are made from, and in which a wrong merge does most harm
_COPY = "silver.restore_drill"
# What goes wrong in practice: a careless update, rows lost, rows twice.
_DAMAGES = (
    "UPDATE silver.restore_drill SET status = 'corrupted', customer_id = NULL",
    "DELETE FROM silver.restore_drill WHERE pmod(hash(order_id), 2) = 0",
    "INSERT INTO silver.restore_drill SELECT * FROM silver.restore_drill",
)
_SUNDAY, _WEEK = 6, 7


class RestoreError(Exception):
    """A table that cannot be restored, or was not."""


@dataclass(frozen=True)
class Restored:
    """What a restore did: the version that was current, the one whose rows the table has now, and how many."""

    table: str
    undone_version: int
    restored_version: int
    rows: int

    def to_json(self) -> str:
        """Return it as a notebook's exit value."""
        return json.dumps(asdict(self))


def version_at(spark: SparkSession, table: str, moment: dt.datetime) -> int:
    """Return the version a table had at a moment."""
    before = [version for version, at in _history(spark, table).items() if at <= moment]
    if not before:
        raise RestoreError(f"{table} has no version as old as {moment:%Y-%m-%d %H:%M:%S}")
    return max(before)


def restore(spark: SparkSession, table: str, version: int, clock: Clock) -> Restored:
    """Give a table the rows it had in a version, as a new version, and check that it has them.

    A version that is gone, or older than files are kept, is refused before anything is changed.
    """
    history = _history(spark, table)
    current = max(history)
    days = int(thresholds.load().value("rollback"))
    if version not in history:
        raise RestoreError(f"{table} has no version {version}, only {min(history)} to {current}")
    # A version's files are kept for so long after the next one replaced them.
    if version < current and history[version + 1] < clock() - dt.timedelta(days=days):
        raise RestoreError(f"{table} version {version} was replaced more than {days} days ago: its files may be gone")
    spark.sql(f"RESTORE TABLE {table} TO VERSION AS OF {version}")
    restored, wanted = spark.table(table), _as_of(spark, table, version)
    if not _same(restored, wanted):
        raise RestoreError(f"{table} was restored to version {version} and does not have its rows")
    return Restored(table, current, version, restored.count())


def is_due(day: dt.date) -> bool:
    """Say whether the monthly drill is held on a day: the first Sunday of its month."""
    return day.weekday() == _SUNDAY and day.day <= _WEEK


def drill(spark: SparkSession, catalog: str, clock: Clock) -> str:
    """Copy a silver table, corrupt the copy, restore it, prove that it equals the table, and drop it.

    The table itself is only read. Raises when the damage does not show or the restored copy differs.
    """
    spark.catalog.setCurrentCatalog(catalog)
    version = max(_history(spark, DRILLED))
    original = _as_of(spark, DRILLED, version)
    if not original.take(1):
        raise RestoreError(f"{DRILLED} is empty: restoring nothing proves nothing")
    try:
        original.writeTo(_COPY).using("delta").createOrReplace()
        sound = max(_history(spark, _COPY))
        for damage in _DAMAGES:
            spark.sql(damage)
        if _same(spark.table(_COPY), original):
            raise RestoreError(f"{_COPY} was corrupted and still equals {DRILLED}: the comparison sees nothing")
        done = restore(spark, _COPY, sound, clock)
        if not _same(spark.table(_COPY), original):
            raise RestoreError(f"{_COPY} was restored and differs from {DRILLED} version {version}")
    finally:
        spark.sql(f"DROP TABLE IF EXISTS {_COPY}")
    return json.dumps({"drilled": DRILLED, "version": version, "rows": done.rows})


def _history(spark: SparkSession, table: str) -> dict[int, dt.datetime]:
    """Return when each version of a table was written."""
    seconds = "unix_micros(timestamp) / 1000000 AS seconds"
    rows = spark.sql(f"DESCRIBE HISTORY {table}").selectExpr("version", seconds).collect()
    return {row["version"]: dt.datetime.fromtimestamp(row["seconds"], dt.UTC) for row in rows}


def _as_of(spark: SparkSession, table: str, version: int) -> DataFrame:
    return spark.read.option("versionAsOf", version).table(table)


def _same(one: DataFrame, other: DataFrame) -> bool:
    """Say whether two tables have the same columns and the same rows, each as often."""
    if one.dtypes != other.dtypes:
        return False
    return not one.exceptAll(other).take(1) and not other.exceptAll(one).take(1)
