"""A catalog to ingest into and to measure: what tests put there and ask of it."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse import bronze
from lakehouse.sources import SOURCES

CATALOG = "shop"
SCHEMAS = ("bronze", "silver", "gold")
NOW = dt.datetime(2026, 7, 2, 7, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Shop:
    """A fresh catalog: its Spark, its landing folder, and the ingest of all sources."""

    spark: SparkSession
    landing: Path

    def put(self, name: str, content: str | bytes) -> None:
        path = self.landing / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def bring(self, folder: Path, until: str = "9999") -> None:
        """Copy a folder of landing files up to a day."""
        for path in sorted(folder.glob("*/*")):
            if path.stem <= until:
                shutil.copy2(path, self.landing / path.parent.name / path.name)

    def ingest(self, name: str) -> bronze.Ingested:
        return bronze.ingest(self.spark, CATALOG, SOURCES[name], lambda: NOW)

    def count(self, table: str, condition: str = "true") -> int:
        return self.spark.table(f"{CATALOG}.{table}").where(condition).count()
