"""What keeps tables quick to read and possible to restore: retention, OPTIMIZE, VACUUM, ANALYZE."""

from __future__ import annotations

import json
from collections.abc import Callable

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lakehouse import thresholds

SCHEMAS = ("bronze", "snapshots", "silver", "gold")

# Time travel needs both: the log says which files a version had, the other keeps them. Unity Catalog refuses versions
# older than the second even where no VACUUM has run.
_RETENTION = ("delta.logRetentionDuration", "delta.deletedFileRetentionDuration")


class MaintenanceError(Exception):
    """Tables that could not be maintained; the others were."""


def optimize(spark: SparkSession, catalog: str) -> str:
    """Put small files together and return as JSON how many went in and out, by table."""

    def one(table: str) -> dict[str, int]:
        done = spark.sql(f"OPTIMIZE {table}").select("metrics.numFilesRemoved", "metrics.numFilesAdded").first()
        return {"files_before": done.numFilesRemoved, "files_after": done.numFilesAdded} if done else {}

    return _each(spark, catalog, one)


def vacuum(spark: SparkSession, catalog: str) -> str:
    """Set every table's retention to `rollback`, then delete the files that are older and in no version since.

    Returns as JSON which tables had another retention; for those the days before are as short as they were.
    """
    days = int(thresholds.load().value("rollback"))

    def one(table: str) -> dict[str, bool]:
        changed = ensure_retention(spark, table, days)
        # The table's own retention decides: newer runtimes ignore a RETAIN of any other length.
        spark.sql(f"VACUUM {table}")
        return {"retention_changed": changed}

    return _each(spark, catalog, one)


def analyze(spark: SparkSession, catalog: str) -> str:
    """Compute anew what the optimizer knows of each table; return as JSON the tables that were."""

    def one(table: str) -> dict[str, bool]:
        spark.sql(f"ANALYZE TABLE {table} COMPUTE STATISTICS FOR ALL COLUMNS")
        return {"analyzed": True}

    return _each(spark, catalog, one)


def ensure_retention(spark: SparkSession, table: str, days: int) -> bool:
    """Let a table keep its log and replaced files for so many days; say whether that had to be changed.

    dbt sets the same on its own tables, which it creates anew each night; the others get it here.
    """
    wanted = dict.fromkeys(_RETENTION, f"interval {days} days")
    found = {row["key"]: row["value"] for row in spark.sql(f"SHOW TBLPROPERTIES {table}").collect()}
    if wanted.items() <= found.items():
        return False
    properties = ", ".join(f"'{key}' = '{value}'" for key, value in wanted.items())
    spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ({properties})")
    return True


def _each(spark: SparkSession, catalog: str, action: Callable[[str], object]) -> str:
    """Do something to every table; one that fails does not keep the others from it, and is named at the end."""
    spark.catalog.setCurrentCatalog(catalog)
    done, failed = {}, []
    for table in _tables(spark, catalog):
        try:
            done[table] = action(table)
        except PySparkException as error:
            # The first line names the cause, the rest is a stack of the JVM.
            failed.append(f"{table} ({str(error).splitlines()[0]})")
    if failed:
        raise MaintenanceError(f"{len(failed)} of {len(done) + len(failed)} tables failed: {'; '.join(failed)}")
    return json.dumps(done)


def _tables(spark: SparkSession, catalog: str) -> list[str]:
    found = [
        f"{schema}.{table.name}"
        for schema in SCHEMAS
        for table in spark.catalog.listTables(f"{catalog}.{schema}")
        if not table.isTemporary and table.tableType != "VIEW"
    ]
    if not found:
        raise MaintenanceError(f"{catalog}: no table in {', '.join(SCHEMAS)}; is this the right catalog?")
    return sorted(found)
