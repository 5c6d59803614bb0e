"""Bronze ingest beside a Spark that just reads the same files and writes Delta: what exactly-once and judging cost."""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
import time
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse import bronze
from lakehouse.sources import SOURCES, Source
from local.engine.session import build_session, location
from scripts.bench.measurement import Measurement, beside, seconds
from scripts.data import generator

CATALOG = "bench"
# 31,000 lines of CSV and 145,000 of JSON. Ten times as many give nearly the same ratio: 4 and more.
DAYS, CUSTOMERS = 60, 4000
GOAL = 1.5
REPETITIONS = 3
MEASURED = ("order_items", "web_events")


def measure_bronze() -> list[Measurement]:
    """Ingest generated trade; the baseline reads and writes the same files without looking at them."""
    with tempfile.TemporaryDirectory(prefix="bench-bronze-") as folder:
        root = Path(folder)
        landing = root / "volumes" / CATALOG / "landing"
        generator.generate(landing / "files", seed=1, end=dt.date(2026, 6, 30), days=DAYS, customers=CUSTOMERS)
        (landing / "checkpoints").mkdir()
        spark = build_session(root, [CATALOG])
        try:
            spark.sql(f"CREATE SCHEMA {CATALOG}.bronze")
            spark.catalog.setCurrentCatalog(CATALOG)
            _ingest(spark, SOURCES["products"])  # the first of each is warm-up
            _copy(spark, landing / "files", SOURCES["products"])
            return [_measure(spark, landing / "files", SOURCES[name]) for name in MEASURED]
        finally:
            spark.stop()


def _measure(spark: SparkSession, files: Path, source: Source) -> Measurement:
    ours, bare = [], []
    for _ in range(REPETITIONS):
        bare.append(seconds(lambda: _copy(spark, files, source)))
        ours.append(seconds(lambda: _ingest(spark, source)))
    lines, landed = spark.table(f"bronze.{source.name}").count(), len(list((files / source.name).iterdir()))
    note = (
        f"floor: Spark reads the same files and writes Delta; {lines} rows of {landed} files,"
        f" {lines / statistics.median(ours):,.0f} rows/s; splitting and judging each line"
    )
    return beside(f"bronze {source.name}", ours, bare, GOAL, note)


def _ingest(spark: SparkSession, source: Source) -> None:
    """Ingest everything anew: with other tables and another checkpoint than last time."""
    for table in (source.name, "quarantine", "deliveries"):
        spark.sql(f"DROP TABLE IF EXISTS bronze.{table}")
    volumes = Path(spark.conf.get("spark.hadoop.fs.viewfs.mounttable.default.link./Volumes").removeprefix("file://"))
    checkpoint = volumes / CATALOG / "landing" / "checkpoints" / "bronze" / source.name
    if checkpoint.exists():
        checkpoint.rename(checkpoint.with_name(f"{source.name}-{time.monotonic_ns()}"))
    bronze.ingest(spark, CATALOG, source, lambda: dt.datetime.now(dt.UTC))


def _copy(spark: SparkSession, files: Path, source: Source) -> None:
    spark.sql("DROP TABLE IF EXISTS bronze.copy")
    reader = spark.read.schema(source.schema)
    path = location(files / source.name)
    rows = reader.csv(path, header=True) if source.format == "csv" else reader.json(path)
    rows.write.format("delta").saveAsTable(f"{CATALOG}.bronze.copy")
