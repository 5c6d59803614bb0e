"""The archive of classes that every driver loads first: read from it, a driver starts in half the time."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from local.engine.session import CLASSES, build_session

# The first of each kind loads most of the classes behind the others.
_STATEMENTS = (
    "create schema warm.up",
    "create table warm.up.days (id bigint, name string, day date)",
    "insert into warm.up.days values (1, 'a', date'2026-01-01')",
    "select day, count(*) from warm.up.days group by day order by day",
)


def main() -> None:
    """Write the archive; a driver of another Java or other jars ignores it and loads its classes one by one."""
    CLASSES.unlink(missing_ok=True)
    draft = CLASSES.with_suffix(".partial")
    with tempfile.TemporaryDirectory() as folder:
        spark = build_session(Path(folder), ["warm"], java=f'-XX:ArchiveClassesAtExit="{draft}"')
        for statement in _STATEMENTS:
            spark.sql(statement).collect()
        _end(spark)
    draft.replace(CLASSES)


def _end(spark: SparkSession) -> None:
    """Let the JVM end by itself, which is when it writes the archive."""
    gateway: Any = spark.sparkContext._gateway
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    if gateway.proc.wait() != 0:
        sys.exit(f"the JVM that was to write {CLASSES.name} exited {gateway.proc.returncode}")


if __name__ == "__main__":
    main()
