"""The files that arrived: one row each, so that one that was sent again, renamed or overwritten is noticed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse.landing import Landing, list_files
from lakehouse.sources import Source

TABLE = "deliveries"
_COLUMNS = (
    "source STRING, source_file STRING, bytes BIGINT, modified_at TIMESTAMP, fingerprint BIGINT, rows BIGINT,"
    " quarantined BIGINT, ingestion_timestamp TIMESTAMP, batch_id BIGINT"
)


def create_table(spark: SparkSession) -> None:
    """Create `bronze.deliveries` where it is missing."""
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS bronze.{TABLE} ({_COLUMNS}) USING delta"
        " COMMENT 'One row per file that was read: its size, time and fingerprint then, and where its lines went.'"
    )


def rows(spark: SparkSession, source: Source, files: Sequence[Row], now: dt.datetime, batch_id: int) -> DataFrame:
    """Return the files of one batch as rows of the table."""
    values = [
        (
            source.name, file["source_file"], file["bytes"], file["modified_at"], file["fingerprint"], file["good"],
            file["bad"], now, batch_id,
        )
        for file in files
    ]  # fmt: skip
    return spark.createDataFrame(values, _COLUMNS)


def repeated(spark: SparkSession, source: Source, files: Sequence[Row]) -> list[str]:
    """Name the files of a batch that hold the lines of another file, as `new (as old)`; their lines land all the same.

    Whether it was sent again on purpose nobody can see; silver keeps one of two equal rows either way.
    """
    batch = {file["source_file"]: (file["bytes"], file["fingerprint"]) for file in files if file["good"] + file["bad"]}
    alike = (
        spark.table(f"bronze.{TABLE}")
        .where((F.col("source") == source.name) & (F.col("rows") + F.col("quarantined") > 0))
        .where(F.col("fingerprint").isin([fingerprint for _, fingerprint in batch.values()]))
        .select("source_file", "bytes", "fingerprint")
    )
    older, younger = defaultdict(set), defaultdict(set)
    for row in alike.collect():
        if row["source_file"] not in batch:  # what this batch itself wrote before it was killed is not older
            older[row["bytes"], row["fingerprint"]].add(row["source_file"])
    for name, content in batch.items():
        younger[content].add(name)
    found = {
        name: older[content] | {other for other in younger[content] if other < name} for name, content in batch.items()
    }
    return sorted(f"{name} (as {min(names)})" for name, names in found.items() if names)


def overwritten(spark: SparkSession, landing: Landing, source: Source, began: dt.datetime) -> list[str]:
    """Name the files that are not what was read of them, by a run that began at a moment.

    The stream knows a file by its name alone: what changes after it was read, or was empty then, is never read.
    """
    delivered = spark.table(f"bronze.{TABLE}").where(F.col("source") == source.name)
    last = delivered.groupBy("source_file").agg(
        F.max_by(F.struct("bytes", "modified_at"), "ingestion_timestamp").alias("then")
    )
    listed = list_files(spark, landing, source).join(last, "source_file", "left")
    # Spark delivers no empty file, so one that was filled later looks like one that came while the run was on its way.
    was_empty = F.col("then").isNull() & (F.col("modified_at") < F.lit(began))
    changed = listed.where(was_empty | F.expr("bytes <> then.bytes or modified_at > then.modified_at"))
    return sorted(row["source_file"] for row in changed.select("source_file").collect())
