"""The gold tables that models fill: replaced whole or not at all, and kept, marked stale, when there is nothing new."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.excuses import SKIPPED

_PERFORMANCE = (
    "model STRING, version STRING, metric STRING, day DATE, value DOUBLE, alias STRING, window_start DATE,"
    " measured_at TIMESTAMP"
)


@dataclass(frozen=True)
class ModelTable:
    """One table of predictions; its last column is `is_stale`, before it `scored_at`."""

    name: str
    columns: str
    comment: str

    def create(self, spark: SparkSession) -> None:
        """Create the table where it is missing."""
        columns = f"{self.columns}, scored_at TIMESTAMP, is_stale BOOLEAN"
        spark.sql(f"CREATE TABLE IF NOT EXISTS gold.{self.name} ({columns}) USING delta COMMENT '{self.comment}'")

    def replace(self, spark: SparkSession, rows: Sequence[tuple[Any, ...]], now: dt.datetime) -> None:
        """Put these rows in the place of all others, in one commit; refuses to empty the table."""
        if not rows:
            raise ValueError(f"gold.{self.name}: no rows to write; what is there must not be lost")
        schema = f"{self.columns}, scored_at TIMESTAMP, is_stale BOOLEAN"
        stamped = spark.createDataFrame([(*row, now, False) for row in rows], schema)
        stamped.write.mode("overwrite").insertInto(f"gold.{self.name}")
        _say_why_skipped(spark, self.name, "")

    def skip(self, spark: SparkSession, reason: str) -> str:
        """Keep what is there, mark it stale, say why on the table, and return that as JSON."""
        spark.sql(f"UPDATE gold.{self.name} SET is_stale = true WHERE NOT is_stale")  # noqa: S608 -- a name of ours
        _say_why_skipped(spark, self.name, reason)
        return json.dumps(
            {
                "table": f"gold.{self.name}",
                "status": "skipped",
                "reason": reason,
                "stale_rows": spark.table(f"gold.{self.name}").count(),
            }
        )

    def written(self, rows: int, details: Mapping[str, Any]) -> str:
        """Return what a run that wrote says as JSON."""
        return json.dumps({"table": f"gold.{self.name}", "status": "written", "rows": rows, **details})


@dataclass(frozen=True)
class Measured:
    """One model version, judged on one window."""

    model: str
    version: str
    alias: str
    window_start: dt.date
    metrics: Mapping[str, float]


SEGMENTS = ModelTable(
    "customer_segments",
    "customer_id STRING, segment_name STRING, segment_rank INT, recency_days DOUBLE, order_days INT, revenue DOUBLE,"
    " as_of_date DATE, model_version STRING",
    "One row per customer who has ordered: the segment by recency, frequency and money, rank 1 the most valuable.",
)
CHURN_PREDICTIONS = ModelTable(
    "customer_churn_predictions",
    "customer_id STRING, churn_probability DOUBLE, churn_risk STRING, as_of_date DATE, model_version STRING",
    "One row per customer who ordered in the last 90 days: how likely no order follows in the next 21.",
)
RECOMMENDATIONS = ModelTable(
    "product_recommendations",
    "product_id STRING, recommended_product_id STRING, rank INT, score DOUBLE, source STRING, as_of_date DATE",
    "Ten products to show beside each product, best first: bought together, else popular.",
)


def create_tables(spark: SparkSession) -> None:
    """Create what models fill where it is missing: who asks about it before the first Sunday is answered."""
    for table in (SEGMENTS, CHURN_PREDICTIONS, RECOMMENDATIONS):
        table.create(spark)
    _create_performance(spark)


def keep_performance(spark: SparkSession, measured: Sequence[Measured], now: dt.datetime) -> None:
    """Write metrics to gold.model_performance; measuring again on the same day replaces that day's."""
    _create_performance(spark)
    rows = [
        (each.model, each.version, name, now.date(), float(value), each.alias, each.window_start, now)
        for each in measured
        for name, value in each.metrics.items()
    ]
    spark.sql(
        "MERGE INTO gold.model_performance AS known USING {rows} AS measured"
        " ON known.model = measured.model AND known.version = measured.version"
        " AND known.metric = measured.metric AND known.day = measured.day"
        " WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        rows=spark.createDataFrame(rows, _PERFORMANCE),
    )


def skip_performance(spark: SparkSession, reason: str) -> None:
    """Leave gold.model_performance as it is, and say on it why nothing was measured."""
    _create_performance(spark)
    _say_why_skipped(spark, "model_performance", reason)


def _create_performance(spark: SparkSession) -> None:
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS gold.model_performance ({_PERFORMANCE}) USING delta"
        " COMMENT 'One row per model, version, metric and day it was measured on.'"
    )


def _say_why_skipped(spark: SparkSession, table: str, reason: str) -> None:
    literal = reason.replace("\\", "\\\\").replace("'", "\\'")
    spark.sql(f"ALTER TABLE gold.{table} SET TBLPROPERTIES ('{SKIPPED}' = '{literal}')")
