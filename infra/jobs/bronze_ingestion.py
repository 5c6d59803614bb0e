"""Landing files to bronze tables: five sources side by side, then the gate."""

from __future__ import annotations

from infra.jobs.spec import JobSpec, NotebookTask
from infra.schedules import Schedule
from lakehouse.sources import SOURCES

_INGEST = tuple(
    NotebookTask(
        key=f"ingest_{source}",
        notebook="ingestion/bronze",
        parameters={"source": source},
        depends_on=("mount_storage",),
        timeout_seconds=3600,
        max_retries=2,
    )
    for source in SOURCES
)

JOB = JobSpec(
    key="bronze_ingestion",
    description="Loads new landing files into bronze, exactly once; what cannot be read goes to quarantine.",
    layer="bronze",
    schedule=Schedule("0 0 7 * * ?"),
    by_clock=("staggered",),
    timeout_seconds=14400,
    expected_seconds=1800,
    writes=(*(f"bronze.{source}" for source in SOURCES), "bronze.quarantine", "bronze.deliveries"),
    tasks=(
        NotebookTask(
            key="mount_storage",
            notebook="ingestion/mount_storage",
            timeout_seconds=3600,
            max_retries=2,
        ),
        *_INGEST,
        NotebookTask(
            key="bronze_gate",
            notebook="quality/gate",
            parameters={"layer": "bronze"},
            depends_on=tuple(task.key for task in _INGEST),
            timeout_seconds=1800,
            max_retries=1,
        ),
    ),
)
