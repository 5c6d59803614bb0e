"""`gold.told_incidents`: what each recipient knows of each incident."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.digest.incidents import Known

TABLE = "gold.told_incidents"
_COLUMNS = (
    "fingerprint STRING, condition STRING, subject STRING, severity STRING, audience STRING, recipient STRING,"
    " first_seen TIMESTAMP, last_seen TIMESTAMP, last_told TIMESTAMP, open BOOLEAN"
)


def create_table(spark: SparkSession) -> None:
    """Create `gold.told_incidents` where it is missing."""
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {TABLE} ({_COLUMNS}) USING delta"
        " COMMENT 'Grain: one row per incident and recipient, with when he was told of it last.'"
    )


def read(spark: SparkSession) -> list[Known]:
    """Return every row, with times in UTC."""
    rows = spark.table(TABLE).select(*(field.name for field in fields(Known))).collect()
    return [Known(**{name: _moment(value) for name, value in row.asDict().items()}) for row in rows]


def write(spark: SparkSession, known: Sequence[Known]) -> None:
    """Keep these rows, in one step; safe to repeat."""
    if not known:
        return
    spark.createDataFrame([astuple(each) for each in known], _COLUMNS).createOrReplaceTempView("incidents_now")
    spark.sql(
        f"MERGE INTO {TABLE} AS known USING incidents_now AS told"
        " ON known.fingerprint = told.fingerprint AND known.recipient = told.recipient"
        " WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )


def _moment(value: Any) -> Any:
    # Spark hands out local times without their zone.
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value
