"""Why a table may be empty for now: its job had too little to work with and said so, or is not due yet."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse.checks import TableChecks
from lakehouse.thresholds import Thresholds

# The property in which a job leaves on its table why it last wrote nothing; empty after a run that wrote.
SKIPPED = "ecommerce.skipped"

_HISTORY = "gold.data_quality_metrics_history"

# What leaves a version of a table that no job of its own has written: it was made, and it is looked after.
_UPKEEP = {"CREATE TABLE", "SET TBLPROPERTIES", "OPTIMIZE", "VACUUM START", "VACUUM END"}


def excuse(spark: SparkSession, table: TableChecks, thresholds: Thresholds, now: dt.datetime) -> str | None:
    """Return why a missing or empty table is no failure, or None when it is one."""
    if not table.first_run_within:
        return None
    name = f"{table.layer}.{table.table}"
    if spark.catalog.tableExists(name):
        properties = {row["key"]: row["value"] for row in spark.sql(f"SHOW TBLPROPERTIES {name}").collect()}
        if properties.get(SKIPPED):
            return f"skipped: {properties[SKIPPED]}"
        if SKIPPED in properties or _written(spark, name):
            return None
    first = _first_measured(spark, table.layer)
    due = (first or now) + dt.timedelta(hours=thresholds.value(table.first_run_within))
    return f"not due before {due:%Y-%m-%d %H:%M}: its job has not run yet" if now < due else None


def _written(spark: SparkSession, name: str) -> bool:
    """Say whether a job has written a table: what maintenance does to one that waits for its first run counts not."""
    versions = spark.sql(f"DESCRIBE HISTORY {name}").select("operation").collect()
    return any(version["operation"] not in _UPKEEP for version in versions)


def _first_measured(spark: SparkSession, layer: str) -> dt.datetime | None:
    """Return when the layer was measured for the first time: that is how old the platform is."""
    if not spark.catalog.tableExists(_HISTORY):
        return None
    measured = spark.table(_HISTORY).where(F.col("layer") == layer)
    seconds = measured.agg(F.unix_timestamp(F.min("measured_at")).alias("first")).collect()[0]["first"]
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
