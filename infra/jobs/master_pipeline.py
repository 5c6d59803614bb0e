"""The daily pipeline: bronze, silver, gold as jobs of their own, then quality, anomalies, and word of what is wrong."""

from __future__ import annotations

from infra.jobs.spec import JobSpec, NotebookTask, RunJobTask
from infra.schedules import Schedule

# A child retries its own tasks; running the whole child again would only repeat what just failed twice.
_NO_RETRY = 0

JOB = JobSpec(
    key="master_pipeline",
    description="Runs bronze, silver, gold, checks and alerting in that order, each when the one before succeeded.",
    layer="orchestration",
    schedule=Schedule("0 0 7 * * ?"),  # 2:00 in New York in winter, and a time that exists every day
    by_clock=("master",),
    timeout_seconds=39720,  # its slowest path: 14400 + 7200 + 7200 + two tries each of checks and anomalies + 3600
    expected_seconds=7800,
    writes=("gold.data_anomalies", "gold.data_quality_metrics"),
    parameters={"first_day": "", "last_day": ""},  # a run may do a past range of days anew
    tasks=(
        RunJobTask(key="bronze", job="bronze_ingestion", timeout_seconds=14400, max_retries=_NO_RETRY),
        RunJobTask(
            key="silver",
            job="silver_transformation",
            passes=("first_day", "last_day"),
            depends_on=("bronze",),
            timeout_seconds=7200,
            max_retries=_NO_RETRY,
        ),
        RunJobTask(
            key="gold",
            job="gold_aggregation",
            depends_on=("silver",),
            timeout_seconds=7200,
            max_retries=_NO_RETRY,
        ),
        NotebookTask(
            key="quality_checks",
            notebook="quality/data_quality_dashboard",
            depends_on=("gold",),
            timeout_seconds=1800,
            max_retries=1,
        ),
        NotebookTask(
            key="anomaly_detection",
            notebook="quality/anomaly_detection",
            depends_on=("quality_checks",),
            timeout_seconds=1800,
            max_retries=1,
        ),
        # Only when all went well: a failed task is told by its job's notification, and what it left stale by the hour.
        RunJobTask(
            key="alerting",
            job="operational_monitoring",
            depends_on=("anomaly_detection",),
            timeout_seconds=3600,  # the hourly run that has just begun may take 1800 before it
            max_retries=_NO_RETRY,
        ),
    ),
)
