"""Bronze: every line that arrives in landing lands here once, as a row of its source or in quarantine."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse import deliveries
from lakehouse.landing import Landing, LandingError, stream_files
from lakehouse.lines import WRONG_HEADER, judge
from lakehouse.sources import SOURCES, Source

Clock = Callable[[], dt.datetime]

_ORIGIN = "ingestion_timestamp TIMESTAMP, source_file STRING, source_line INT, batch_id BIGINT"
_QUARANTINE = f"source STRING, raw_line STRING, reason STRING, {_ORIGIN}"


@dataclass
class Ingested:
    """What one run of a source did: lines by where they went, and what is strange about the files it met."""

    source: str
    batches: int = 0
    files: int = 0
    rows: int = 0
    quarantined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    wrong_headers: list[str] = field(default_factory=list)
    new_columns: list[str] = field(default_factory=list)  # files with columns nobody asked for, kept in rescued_data
    repeated: list[str] = field(default_factory=list)  # files with the content of another: sent again or renamed
    overwritten: list[str] = field(default_factory=list)  # files that changed after they were read: not read again

    def to_json(self) -> str:
        """Return the run as a notebook's exit value."""
        return json.dumps(asdict(self), sort_keys=True)


def create_tables(spark: SparkSession, sources: Iterable[Source] = SOURCES.values()) -> None:
    """Create the tables of sources, quarantine and deliveries where they are missing: downstream never misses one."""
    for source in sources:
        spark.sql(
            f"CREATE TABLE IF NOT EXISTS bronze.{source.name} ({source.schema}, rescued_data STRING,"
            f" {_ORIGIN}) USING delta"
            f" COMMENT 'One row per line of {source.name} as it arrived; every value is the text of the file.'"
        )
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS bronze.quarantine ({_QUARANTINE}) USING delta"
        " COMMENT 'One row per rejected line of any source, with the reason.'"
    )
    deliveries.create_table(spark)


def ingest(spark: SparkSession, catalog: str, source: Source, clock: Clock) -> Ingested:
    """Bring what is new in landing to `bronze.<source>` and `bronze.quarantine`, each line exactly once.

    Safe to kill at any moment and to run again. Files must not change once they are there: a changed one is not read,
    and the result names it.
    """
    landing, began = Landing(catalog), clock()
    spark.catalog.setCurrentCatalog(catalog)
    create_tables(spark, [source])
    result = Ingested(source.name)
    writer = _Writer(catalog, source, landing.checkpoint(source), clock, result)
    query = (
        stream_files(spark, landing, source)
        .writeStream.queryName(f"bronze_{source.name}")
        .option("checkpointLocation", landing.checkpoint(source))
        .trigger(availableNow=True)
        .foreachBatch(writer)
        .start()
    )
    try:
        query.awaitTermination()
    except StreamingQueryException as error:
        raise LandingError(f"Ingest of {landing.source(source)} stopped: {error}") from error
    result.overwritten = deliveries.overwritten(spark, landing, source, began)
    return result


@dataclass
class _Writer:
    """Writes one batch to the tables; a batch that is repeated after a kill changes nothing that was written."""

    catalog: str
    source: Source
    checkpoint: str
    clock: Clock
    result: Ingested

    def __call__(self, files: DataFrame, batch_id: int) -> None:
        spark, now = files.sparkSession, self.clock()
        # Kept for a moment only: to find out how best to compress it took a third of the time.
        spark.conf.set("spark.sql.inMemoryColumnarStorage.compressed", "false")
        judged = judge(files.withColumn("fingerprint", F.xxhash64("content")), self.source)
        # Of a good line its columns are kept, which is all of it: the text beside them would be as much once more.
        lines = judged.withColumn("raw_line", F.when(F.col("reason").isNotNull(), F.col("raw_line"))).persist()
        try:
            stamped = lines.withColumns({"ingestion_timestamp": F.lit(now), "batch_id": F.lit(batch_id).cast("long")})
            origin = ("ingestion_timestamp", "source_file", "source_line", "batch_id")
            data = stamped.where("source_line > 0")
            good = data.where("reason is null").select(*self.source.columns, "rescued_data", *origin)
            bad = data.where("reason is not null").select(
                F.lit(self.source.name).alias("source"), "raw_line", "reason", *origin
            )
            found = self._count(lines)
            delivered = deliveries.rows(spark, self.source, found, now, batch_id)
            self.result.repeated += deliveries.repeated(spark, self.source, found)
            # A new checkpoint counts its batches from 0 again: without its id in the name Delta would skip them.
            application = f"{_checkpoint_id(spark, self.checkpoint)}:{self.source.name}"
            if sum(file["good"] for file in found):
                self._append(good, self.source.name, application, batch_id)
            if sum(file["bad"] for file in found):
                self._append(bad, "quarantine", application, batch_id)
            self._append(delivered, deliveries.TABLE, application, batch_id)
        finally:
            lines.unpersist()

    def _append(self, rows: DataFrame, table: str, application: str, batch_id: int) -> None:
        """Append once: Delta skips a version it has seen from the same application."""
        options: dict[str, Any] = {"txnAppId": f"{application}:{table}", "txnVersion": batch_id}
        rows.write.format("delta").mode("append").options(**options).saveAsTable(f"{self.catalog}.bronze.{table}")

    def _count(self, lines: DataFrame) -> list[Row]:
        """Add the batch to the result; return one row per file: what it is, and how many lines are good and bad."""
        identity = ("source_file", "bytes", "modified_at", "fingerprint")
        # By reason first, in numbers: lists of reasons are gathered line by line, in objects.
        counts = lines.groupBy(*identity, F.regexp_extract("reason", "^[^:]*", 0).alias("kind")).agg(
            F.count_if(F.col("source_line") > 0).alias("lines"), F.count("rescued_data").alias("rescued")
        )
        is_good = F.col("kind").isNull()
        bad = F.when(~is_good & (F.col("lines") > 0), F.struct("kind", "lines"))
        found: list[Row] = (
            counts.groupBy(*identity)
            .agg(
                F.sum(F.when(is_good, F.col("lines")).otherwise(0)).alias("good"),
                F.sum(F.when(~is_good, F.col("lines")).otherwise(0)).alias("bad"),
                F.map_from_entries(F.collect_list(bad)).alias("kinds"),
                F.sum("rescued").alias("rescued"),
            )
            .orderBy("source_file")
            .collect()
        )
        result = self.result
        result.batches += 1
        result.files += len(found)
        for file in found:
            result.rows += file["good"]
            result.quarantined += file["bad"]
            for reason, count in file["kinds"].items():
                result.reasons[reason] = result.reasons.get(reason, 0) + count
            if WRONG_HEADER in file["kinds"]:
                result.wrong_headers.append(file["source_file"])
            if file["rescued"]:
                result.new_columns.append(file["source_file"])
        return found


def _checkpoint_id(spark: SparkSession, checkpoint: str) -> str:
    """Return the id that Spark gave the checkpoint when it made it."""
    content = spark.read.text(f"{checkpoint}/metadata").first()
    if content is None:
        raise LandingError(f"Checkpoint {checkpoint} has an empty metadata file: delete the checkpoint's folder.")
    return str(json.loads(content["value"])["id"])
