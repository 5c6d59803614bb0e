"""Jobs as objects: what is echoed, what is added, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.errors import NotImplemented as NotImplementedHere
from jobs_harness import Workspace

TASK: dict[str, Any] = {"task_key": "a", "notebook_task": {"notebook_path": "/Shared/a"}, "max_retries": 2}
# The extras that the official provider suppresses; anything beyond them is a change in its second plan.
SAFE_JOB = {"email_notifications": {}, "webhook_notifications": {}, "timeout_seconds": 0, "format": "MULTI_TASK"}
SAFE_TASK = {"email_notifications": {}, "webhook_notifications": {}, "timeout_seconds": 0, "run_if": "ALL_SUCCESS"}


def call(workspace: Workspace, method: str, path: str, body: Any = None, version: str = "2.2", **query: Any) -> Any:
    return workspace.client.api_client.do(method, f"/api/{version}/jobs/{path}", body=body, query=query)


def create(workspace: Workspace, **settings: Any) -> int:
    body = {"name": "n", "max_concurrent_runs": 1, "tasks": [TASK], **settings}
    return int(call(workspace, "POST", "create", body)["job_id"])


def test_a_job_is_echoed_with_safe_extras_only(shared: Workspace) -> None:
    job = {
        "name": "daily",
        "max_concurrent_runs": 1,
        "queue": {"enabled": False},
        "tags": {"team": "data"},
        "parameters": [{"name": "b", "default": "1"}, {"name": "a", "default": "2"}],
        "job_clusters": [{"job_cluster_key": "c", "new_cluster": {"num_workers": 0, "spark_version": "16"}}],
        "schedule": {"quartz_cron_expression": "0 0 7 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
        "tasks": [
            {**TASK, "job_cluster_key": "c"},
            {
                "task_key": "d",
                "dbt_task": {"commands": ["dbt build"], "schema": "s"},
                "depends_on": [{"task_key": "a"}],
            },
            {"task_key": "e", "for_each_task": {"inputs": "[1]", "task": dict(TASK)}},
        ],
    }
    job_id = call(shared, "POST", "create", job)["job_id"]
    found = call(shared, "GET", "get", job_id=job_id)
    first, second, third = job["tasks"]
    expected_tasks = [
        {**SAFE_TASK, **first, "notebook_task": {"notebook_path": "/Shared/a", "source": "WORKSPACE"}},
        {**SAFE_TASK, **second, "dbt_task": {**second["dbt_task"], "source": "WORKSPACE"}},
        {**SAFE_TASK, **third},
    ]
    assert found["settings"] == {**SAFE_JOB, **job, "tasks": expected_tasks}
    assert found["creator_user_name"] == found["run_as_user_name"] == "dev@example.com"
    assert set(found) == {"job_id", "creator_user_name", "run_as_user_name", "created_time", "settings"}
    assert call(shared, "GET", "get", version="2.0", job_id=job_id) == found


def test_reset_replaces_all_but_run_as(shared: Workspace) -> None:
    job_id = create(shared, description="old", run_as={"user_name": "robot@example.com"})
    call(shared, "POST", "reset", {"job_id": job_id, "new_settings": {"name": "new", "tasks": [TASK]}})
    found = call(shared, "GET", "get", job_id=job_id)
    assert found["settings"]["name"] == "new"
    assert "description" not in found["settings"]
    assert found["run_as_user_name"] == "robot@example.com"


def test_update_merges_tasks_and_removes_fields(shared: Workspace) -> None:
    job_id = create(shared, description="old", tags={"a": "1"})
    more = {"task_key": "b", "notebook_task": {"notebook_path": "/Shared/b"}}
    change = {"job_id": job_id, "new_settings": {"name": "x", "tasks": [more]}, "fields_to_remove": ["description"]}
    call(shared, "POST", "update", change)
    settings = call(shared, "GET", "get", job_id=job_id)["settings"]
    assert (settings["name"], settings["tags"]) == ("x", {"a": "1"})
    assert [task["task_key"] for task in settings["tasks"]] == ["a", "b"]
    assert "description" not in settings
    call(shared, "POST", "update", {"job_id": job_id, "fields_to_remove": ["tasks/a"]})
    assert [t["task_key"] for t in call(shared, "GET", "get", job_id=job_id)["settings"]["tasks"]] == ["b"]


def test_jobs_are_listed_by_page_and_name(own: Workspace) -> None:
    ids = [create(own, name=f"Job{number}") for number in range(5)]
    assert [job.job_id for job in own.client.jobs.list(limit=2)] == ids[::-1]
    assert [job.job_id for job in own.client.jobs.list(name="job3")] == [ids[3]]
    listed, expanded = call(own, "GET", "list"), call(own, "GET", "list", expand_tasks="true")
    assert "tasks" not in listed["jobs"][0]["settings"]
    assert expanded["jobs"][0]["settings"]["tasks"][0]["task_key"] == "a"


def test_a_deleted_job_is_gone_and_its_runs_end(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30))
    run_id = shared.run_now(job_id)
    shared.client.jobs.delete(job_id)
    assert shared.ended(run_id).state.result_state.value == "CANCELED"
    with pytest.raises(NotFound, match=rf"Job {job_id} does not exist\."):
        shared.client.jobs.get(job_id)
    for method, body in (("delete", {"job_id": job_id}), ("reset", {"job_id": job_id, "new_settings": {"name": "x"}})):
        with pytest.raises(NotFound, match="does not exist"):
            call(shared, "POST", method, body)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": [TASK, TASK]}, "Duplicate task_key 'a'"),
        ({"tasks": [{**TASK, "depends_on": [{"task_key": "z"}]}]}, "depends on 'z'"),
        ({"tasks": [{**TASK, "depends_on": [{"task_key": "a"}]}]}, "cycle: a → a"),
        ({"tasks": [{"task_key": "a"}]}, "exactly one kind"),
        ({"tasks": [{**TASK, "run_if": "SOMETIMES"}]}, "run_if 'SOMETIMES'"),
        ({"tasks": [{**TASK, "job_cluster_key": "c"}]}, "job_cluster_key 'c'"),
        ({"max_concurrent_runs": 1001}, "from 0 to 1000"),
        ({"schedule": {}, "continuous": {}}, "Only one of schedule"),
        ({"trigger": {"pause_status": "PAUSED"}}, "exactly one of periodic"),
        ({"trigger": {"periodic": {"interval": 0, "unit": "HOURS"}}}, "an interval of at least 1"),
        ({"trigger": {"periodic": {"interval": 1, "unit": "MINUTES"}}}, "a unit of HOURS"),
        ({"webhook_notifications": {"on_start": [{"id": "none"}]}}, "destination none does not exist"),
        ({"email_notifications": {"on_start": ["a@x.org\nBcc: b@x.org"]}}, "is not an e-mail address"),
        (
            {"tasks": [{**TASK, "email_notifications": {"on_failure": [7]}}]},
            "task 'a': email_notifications.on_failure: 7 is not",
        ),
    ],
)
def test_wrong_settings_are_refused(shared: Workspace, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        create(shared, **settings)


BACKLOG = {"rules": [{"metric": "STREAMING_BACKLOG_BYTES", "op": "GREATER_THAN", "value": 1}]}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"continuous": {"pause_status": "UNPAUSED"}}, "continuous"),
        ({"trigger": {"file_arrival": {"url": "/Volumes/a/b/c"}}}, "trigger.file_arrival"),
        ({"trigger": {"table_update": {"table_names": ["a.b.c"]}}}, "trigger.table_update"),
        ({"trigger": {"model": {"securable_name": "m"}}}, "trigger.model"),
        ({"git_source": {"git_url": "https://example.org/x", "git_branch": "main"}}, "git_source"),
        (
            {"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "x", "source": "GIT"}}]},
            "task 'a': notebook_task.source GIT",
        ),
        ({"health": BACKLOG}, "health.rules with metric STREAMING_BACKLOG_BYTES"),
        ({"tasks": [{**TASK, "health": BACKLOG}]}, "task 'a': health.rules with metric STREAMING_BACKLOG_BYTES"),
        (
            {"tasks": [{"task_key": "l", "for_each_task": {"inputs": "[1]", "task": {**TASK, "health": BACKLOG}}}]},
            "task 'l': for_each_task.task.health.rules",
        ),
    ],
)
def test_what_would_never_happen_here_is_refused_by_name(
    shared: Workspace, settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(NotImplementedHere, match=field):
        create(shared, **settings)
