"""Sundays before the daily load: small files together, old files away, statistics anew; monthly a restore drill."""

from __future__ import annotations

from infra.jobs.spec import JobSpec, NotebookTask
from infra.schedules import Schedule
from lakehouse import checks

JOB = JobSpec(
    key="table_maintenance",
    description="Optimizes, vacuums and analyzes every table; on a month's first Sunday restores one as a drill.",
    layer="maintenance",
    schedule=Schedule("0 0 5 ? * SUN"),
    by_clock=("master", "staggered"),
    timeout_seconds=7200,
    expected_seconds=3600,  # two hours before the daily load begins
    writes=tuple(f"{table.layer}.{table.table}" for table in checks.load()),
    tasks=(
        NotebookTask(
            key="optimize",
            notebook="maintenance/optimize",
            timeout_seconds=3600,
            max_retries=1,
        ),
        NotebookTask(
            key="vacuum",
            notebook="maintenance/vacuum",
            depends_on=("optimize",),
            timeout_seconds=3600,
            max_retries=1,
        ),
        NotebookTask(
            key="analyze",
            notebook="maintenance/analyze",
            depends_on=("vacuum",),
            timeout_seconds=3600,
            max_retries=1,
        ),
        NotebookTask(
            key="restore_drill",
            notebook="maintenance/restore_drill",
            # The day the job was meant for: a repair on Monday still holds Sunday's drill.
            parameters={"day": "{{job.start_time.iso_date}}"},
            depends_on=("analyze",),
            timeout_seconds=1800,
            max_retries=1,
        ),
    ),
)
