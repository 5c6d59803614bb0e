"""Before the first file is read: are the volumes and schemas there, and may we read and write them?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lakehouse import anomalies, bronze, quality
from lakehouse.landing import Landing, LandingError
from lakehouse.models import tables
from lakehouse.sources import SOURCES

SCHEMAS = ("bronze", "silver", "gold")


@dataclass(frozen=True)
class Mounted:
    """What was found usable."""

    catalog: str
    schemas: tuple[str, ...]
    sources: tuple[str, ...]

    def to_json(self) -> str:
        """Return the finding as a notebook's exit value."""
        return json.dumps(asdict(self), sort_keys=True)


def verify(spark: SparkSession, catalog: str) -> Mounted:
    """Check schemas, landing folders and checkpoints, then create what nobody else does; name all that is missing.

    That is bronze, and what is watched from the first day though its job is not due before Sunday.
    """
    landing = Landing(catalog)
    spark.catalog.setCurrentCatalog(catalog)
    problems = [
        f"schema {catalog}.{schema} does not exist" for schema in SCHEMAS if not spark.catalog.databaseExists(schema)
    ]
    for source in SOURCES.values():
        problems += _attempt(landing.source(source), "cannot be read", lambda folder: _read(spark, folder))
    problems += _attempt(landing.checkpoints, "cannot be written", lambda folder: _write(spark, folder))
    if problems:
        raise LandingError(f"{len(problems)} of what ingestion needs is missing: {'; '.join(problems)}. Deploy first.")
    bronze.create_tables(spark)
    quality.create_tables(spark)
    anomalies.create_table(spark)
    tables.create_tables(spark)
    return Mounted(catalog, SCHEMAS, tuple(SOURCES))


def _attempt(folder: str, problem: str, action: Callable[[str], None]) -> list[str]:
    try:
        action(folder)
    except PySparkException as error:
        # The first line names the cause, the rest is a stack of the JVM.
        return [f"{folder} {problem} ({str(error).splitlines()[0]})"]
    return []


def _read(spark: SparkSession, folder: str) -> None:
    spark.read.format("binaryFile").load(folder).select("path").limit(1).collect()


def _write(spark: SparkSession, folder: str) -> None:
    spark.range(1).write.mode("overwrite").json(f"{folder}/_verified")
