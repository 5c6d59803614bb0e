"""Ways out of a drift: the plan where Terraform sees it, the API where it does not; the file that would adopt it."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.drift import proposal
from scripts.drift.compare import Difference
from scripts.drift.declared import Resource
from scripts.drift.proposal import targeted

BLIND = "terraform plan does not see this: "
JOB = {"name": "x", "tags": {"a": "b"}, "schedule": {"pause_status": "PAUSED"}, "task": [{"task_key": "t"}]}
WAREHOUSE = {"name": "w", "tags": {"custom_tags": [{"key": "a", "value": "b"}]}}


@pytest.mark.parametrize(
    ("kind", "arguments", "pattern", "declared", "actual", "revert"),
    [
        ("job", JOB, "schedule.pause_status", "PAUSED", "UNPAUSED", targeted("databricks_job.x")),
        ("job", JOB, "tasks[].max_retries", 1, 2, targeted("databricks_job.x")),
        ("job", JOB, "tags.c", None, "d", targeted("databricks_job.x")),
        ("job", JOB, "max_concurrent_runs", 1, 2, targeted("databricks_job.x")),
        (
            "job",
            JOB,
            "tags",
            {"a": "b"},
            None,
            BLIND + """databricks jobs update --json '{"job_id": 7, "new_settings": {"tags": {"a": "b"}}}'""",
        ),
        (
            "job",
            JOB,
            "parameters",
            None,
            [{"name": "p"}],
            BLIND + """databricks jobs update --json '{"fields_to_remove": ["parameters"], "job_id": 7}'""",
        ),
        (
            "job",
            JOB,
            "run_as",
            "me@example.com",
            "eve@example.com",
            BLIND + "databricks jobs update --json"
            """ '{"job_id": 7, "new_settings": {"run_as": {"user_name": "me@example.com"}}}'""",
        ),
        (
            "sql_endpoint",
            WAREHOUSE,
            "tags",
            WAREHOUSE["tags"],
            None,
            BLIND + """databricks warehouses edit 7 --json '{"tags": {"custom_tags": [{"key": "a", "value": "b"}]}}'""",
        ),
        ("sql_endpoint", WAREHOUSE, "enable_photon", True, False, targeted("databricks_sql_endpoint.x")),
        (
            "schema",
            {"name": "gold"},
            "owner",
            "me",
            "eve",
            BLIND + """databricks schemas update 7 --json '{"owner": "me"}'""",
        ),
        ("alert_v2", {}, "run_as", None, "eve", targeted("databricks_alert_v2.x")),
        ("notebook", {"path": "/a/b/c/n/x"}, "content", "a", "b", targeted("databricks_notebook.x", replaced=True)),
    ],
)
def test_what_reverts(
    kind: str, arguments: dict[str, Any], pattern: str, declared: Any, actual: Any, revert: str
) -> None:
    resource = Resource(f"databricks_{kind}", "x", arguments, {"id": "7"})
    difference = Difference(pattern.replace("[]", "[t]"), pattern, declared, actual)
    assert proposal.of_difference(resource, difference).revert == revert


@pytest.mark.parametrize(
    ("kind", "pattern", "actual", "adopt"),
    [
        ("job", "timeout_seconds", 5, "infra/jobs/x.py: timeout_seconds (timeout_seconds): set it to 5"),
        (
            "job",
            "schedule.timezone_id",
            "CET",
            'infra/jobs/x.py: schedule=Schedule(...) (schedule.timezone_id): set it to "CET"',
        ),
        ("job", "health", None, "infra/jobs/x.py: expected_seconds (health): take it out"),
        (
            "alert_v2",
            "evaluation.threshold.value.double_value",
            9,
            "sql/thresholds.toml: what sql/alerts/x.toml names (evaluation.threshold.value.double_value): set it to 9",
        ),
        (
            "alert_v2",
            "schedule.quartz_cron_schedule",
            "x",
            'sql/alerts/x.toml (schedule.quartz_cron_schedule): set it to "x"',
        ),
        (
            "dashboard",
            "content.pages[].layout[]",
            None,
            "sql/dashboards/x.toml (content.pages[].layout[]): take it out",
        ),
        ("sql_endpoint", "cluster_size", "Large", 'infra/compute.py: warehouse() (cluster_size): set it to "Large"'),
    ],
)
def test_where_it_would_be_adopted(kind: str, pattern: str, actual: Any, adopt: str) -> None:
    resource = Resource(f"databricks_{kind}", "x", {"name": "x"}, {"id": "7"})
    assert proposal.of_difference(resource, Difference(pattern, pattern, None, actual)).adopt == adopt
