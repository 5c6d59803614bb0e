"""Hourly, and at the end of a load: show what is wrong, and mail it to those who must hear of it."""

from __future__ import annotations

from infra.jobs.spec import JobSpec, NotebookTask
from infra.schedules import Schedule

JOB = JobSpec(
    key="operational_monitoring",
    description="Shows what is wrong and since when, hourly and after each load, and mails it once to those concerned.",
    layer="monitoring",
    schedule=Schedule("0 15 * * * ?"),  # not on the hour, when loads start and everybody's clusters do
    by_clock=("master", "staggered"),
    beside_clock=True,  # what was told is not told again: a run more says only what is new since the last
    timeout_seconds=1800,
    expected_seconds=600,
    writes=("gold.told_incidents",),
    tasks=(
        NotebookTask(
            key="health_summary",
            notebook="monitoring/operational_monitoring",
            timeout_seconds=900,
            max_retries=0,  # the next hour is the next attempt
        ),
        NotebookTask(
            key="alerting",
            notebook="monitoring/alerting_system",
            mails=True,
            depends_on=("health_summary",),
            timeout_seconds=600,
            max_retries=0,
        ),
    ),
)
