"""A process that ingests orders and may kill itself, Spark included, right after an append; its parent may kill it too.

`python -m tests.notebooks.ingest_process ROOT [after-rows|after-quarantine]` says `ready` before and `done` after.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from pathlib import Path
from typing import Any

from lakehouse import bronze, landing
from lakehouse.sources import SOURCES
from local.engine.session import build_session

CATALOG = "shop"


def _die_after(table: str) -> None:
    append = bronze._Writer._append

    def append_and_die(self: Any, rows: Any, name: str, *transaction: Any) -> None:
        append(self, rows, name, *transaction)
        if name == table:
            os.killpg(0, signal.SIGKILL)

    bronze._Writer._append = append_and_die  # type: ignore[method-assign]


def main(root: Path, moment: str = "") -> None:
    """Ingest orders, a few files a batch so that there are many moments to be killed at."""
    landing.FILES_PER_BATCH = 2
    if moment:
        _die_after({"after-rows": "orders", "after-quarantine": "quarantine"}[moment])
    spark = build_session(root, [CATALOG])
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.bronze")
    print("ready", flush=True)
    bronze.ingest(spark, CATALOG, SOURCES["orders"], lambda: dt.datetime.now(dt.UTC))
    found = spark.sql(
        "SELECT 'row' AS kind, source_file, source_line FROM bronze.orders"
        " UNION ALL SELECT 'quarantined', source_file, source_line FROM bronze.quarantine ORDER BY ALL"
    ).collect()
    for row in found:
        print(row.kind, row.source_file, row.source_line)
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
