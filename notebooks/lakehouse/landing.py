"""Where source files arrive and how they are read: the same rows from Auto Loader and from the open-source stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse.sources import Source

# A batch costs 1.7 s whatever it holds, so few large ones; the cap keeps one batch of whole files in memory.
FILES_PER_BATCH = 1000


class LandingError(Exception):
    """Landing cannot be read or written as it must be."""


@dataclass(frozen=True)
class Landing:
    """The volumes of one catalog that ingestion reads from and keeps its progress in."""

    catalog: str

    @property
    def files(self) -> str:
        """Folder with one folder of immutable files per source."""
        return f"/Volumes/{self.catalog}/landing/files"

    @property
    def checkpoints(self) -> str:
        """Folder with one checkpoint per stream."""
        return f"/Volumes/{self.catalog}/landing/checkpoints"

    def source(self, source: Source) -> str:
        """Folder in which the files of a source arrive."""
        return f"{self.files}/{source.name}"

    def checkpoint(self, source: Source) -> str:
        """Folder with the progress of a source's stream."""
        return f"{self.checkpoints}/bronze/{source.name}"


def has_auto_loader(spark: SparkSession) -> bool:
    """Say whether this Spark is a Databricks cluster; open-source Spark has no `cloudFiles`."""
    return bool(spark.conf.get("spark.databricks.clusterUsageTags.sparkVersion", ""))


def stream_files(spark: SparkSession, landing: Landing, source: Source) -> DataFrame:
    """Stream the files of a source, one row per file: `content`, `source_file` below landing, `bytes`, `modified_at`.

    Whole files, because a line alone knows neither its header nor its number.
    """
    options: dict[str, Any] = {"wholeText": "true"}
    if has_auto_loader(spark):
        options |= {"cloudFiles.format": "text", "cloudFiles.maxFilesPerTrigger": FILES_PER_BATCH}
        reader = spark.readStream.format("cloudFiles")
    else:
        # Files older than the newest by more than maxFileAge (a week unless told) are skipped for good.
        options |= {"maxFilesPerTrigger": FILES_PER_BATCH, "maxFileAge": "36500d"}
        reader = spark.readStream.format("text")
    try:
        files = reader.schema("value STRING").options(**options).load(landing.source(source))
    except AnalysisException as error:
        if error.getCondition() != "PATH_NOT_FOUND":
            raise
        raise LandingError(
            f"Landing folder {landing.source(source)} does not exist: create it in the volume, or deploy first."
        ) from error
    return files.select(F.col("value").alias("content"), *_identity(source))


def list_files(spark: SparkSession, landing: Landing, source: Source) -> DataFrame:
    """List the files of a source as they are now: `source_file`, `bytes`, `modified_at`."""
    listed = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(landing.source(source))
    return listed.select(*_identity(source))


def _identity(source: Source) -> tuple[Column, ...]:
    return (
        _relative_path(source).alias("source_file"),
        F.col("_metadata.file_size").alias("bytes"),
        F.col("_metadata.file_modification_time").alias("modified_at"),
    )


def _relative_path(source: Source) -> Column:
    """Return the path below landing; engines agree on it where whole paths differ in scheme and mount point."""
    # The metadata column is percent-encoded except for "+", which decoding would turn into a blank.
    path = F.try_url_decode(F.replace(F.col("_metadata.file_path"), F.lit("+"), F.lit("%2B")))
    return F.concat(F.lit(f"{source.name}/"), F.element_at(F.split(path, f"/{source.name}/"), -1))
