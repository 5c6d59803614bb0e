"""Jobs. Defaults as the Jobs API 2.2 reference and the provider's own suppressions name them."""

from __future__ import annotations

from typing import Any

from scripts.drift.compare import Body, Default, Rules
from scripts.drift.declared import Resource
from scripts.drift.kinds.kind import Kind, by_id, without

_TERRAFORM_ONLY = ("always_running", "control_run_state", "timeouts", "provider_config")
_PLURAL = {"task": "tasks", "job_cluster": "job_clusters", "environment": "environments", "parameter": "parameters"}
_SOURCE = "the API's default source where no git_source is given"
_UNSENT = "the provider does not send zero: the API's default is the same"
_CLOUD = "the cloud's own defaults, filled in for every new cluster"

_CLUSTER = "job_clusters[].new_cluster"
RULES = Rules(
    computed={
        "creator": "who made it; compared as the default of run_as",
        "format": "always MULTI_TASK in API 2.2",
    },
    defaults={
        "max_concurrent_runs": Default(1, "the API's default"),
        "timeout_seconds": Default(0, "no timeout, the API's default"),
        "queue.enabled": Default(False, "the provider sends false where no queue block is declared"),
        "edit_mode": Default("EDITABLE", "the API's default for jobs made without a UI lock"),
        "performance_target": Default("PERFORMANCE_OPTIMIZED", "the API's default for serverless tasks"),
        "schedule.pause_status": Default("UNPAUSED", "the API's default"),
        "email_notifications.no_alert_for_skipped_runs": Default(False, _UNSENT),
        "notification_settings.no_alert_for_skipped_runs": Default(False, _UNSENT),
        "notification_settings.no_alert_for_canceled_runs": Default(False, _UNSENT),
        "tasks[].run_if": Default("ALL_SUCCESS", "the API's default, always shown"),
        "tasks[].timeout_seconds": Default(0, "no timeout, always shown"),
        "tasks[].max_retries": Default(0, _UNSENT),
        "tasks[].min_retry_interval_millis": Default(0, _UNSENT),
        "tasks[].retry_on_timeout": Default(False, _UNSENT),
        "tasks[].disabled": Default(False, _UNSENT),
        "tasks[].disable_auto_optimization": Default(False, _UNSENT),
        "tasks[].email_notifications.no_alert_for_skipped_runs": Default(False, _UNSENT),
        "tasks[].notification_settings.no_alert_for_skipped_runs": Default(False, _UNSENT),
        "tasks[].notification_settings.no_alert_for_canceled_runs": Default(False, _UNSENT),
        "tasks[].notification_settings.alert_on_last_attempt": Default(False, _UNSENT),
        "tasks[].notebook_task.source": Default("WORKSPACE", _SOURCE),
        "tasks[].dbt_task.source": Default("WORKSPACE", _SOURCE),
        "tasks[].dbt_task.schema": Default("default", "the provider sends it where none is declared"),
        "tasks[].spark_python_task.source": Default("WORKSPACE", _SOURCE),
        "tasks[].sql_task.file.source": Default("WORKSPACE", _SOURCE),
        f"{_CLUSTER}.enable_elastic_disk": Default(True, _CLOUD),
        f"{_CLUSTER}.runtime_engine": Default("STANDARD", "follows from a Spark version without Photon"),
        f"{_CLUSTER}.azure_attributes.first_on_demand": Default(1, _CLOUD),
        f"{_CLUSTER}.azure_attributes.availability": Default("ON_DEMAND_AZURE", _CLOUD),
        f"{_CLUSTER}.azure_attributes.spot_bid_max_price": Default(-1, _CLOUD),
    },
    keys={
        "tasks": "task_key",
        "tasks[].depends_on": "task_key",
        "job_clusters": "job_cluster_key",
        "environments": "environment_key",
        "parameters": "name",
        "health.rules": "metric",
        "tasks[].health.rules": "metric",
        **{
            f"{where}webhook_notifications.on_{event}": "id"
            for where in ("", "tasks[].")
            for event in ("start", "success", "failure", "duration_warning_threshold_exceeded")
        },
    },
    sets=frozenset(
        {
            "environments[].spec.dependencies",
            "tasks[].libraries",
            *(
                f"{where}email_notifications.on_{event}"
                for where in ("", "tasks[].")
                for event in ("start", "success", "failure", "duration_warning_threshold_exceeded")
            ),
        }
    ),
)


def desired(resource: Resource, creator: str) -> Body:
    """Return the settings that jobs/get should show; whoever made a job runs it unless it says otherwise."""
    given = without(resource.arguments, *_TERRAFORM_ONLY)
    body = {_PLURAL.get(name, name): value for name, value in given.items()}
    body["tasks"] = [_task(task) for task in _many(body.get("tasks"))]
    for name in ("job_clusters", "environments", "parameters"):
        body[name] = _many(body.get(name))
    body["run_as"] = principal(body.get("run_as")) or creator
    return body


def observed(job: Body) -> Body:
    """Return the settings of an answer of jobs/get, with who runs it and who made it."""
    settings = dict(job.get("settings", {}))
    creator = str(job.get("creator_user_name") or "")
    runner = job.get("run_as_user_name") or principal(settings.get("run_as")) or creator
    return settings | {"run_as": runner, "creator": creator}


def principal(run_as: Any) -> str:
    """Return the one name in a run_as block, or nothing."""
    block = run_as[0] if isinstance(run_as, list) and run_as else run_as
    if not isinstance(block, dict):
        return ""
    return str(block.get("service_principal_name") or block.get("user_name") or block.get("group_name") or "")


def _task(task: Body) -> Body:
    body = {("libraries" if name == "library" else name): value for name, value in task.items()}
    if "run_job_task" in body:  # a reference is text, the API's id a number
        child = body["run_job_task"]
        number = str(child.get("job_id", ""))
        body["run_job_task"] = child | {"job_id": int(number) if number.isdecimal() else number}
    return body


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


JOB = Kind(type="databricks_job", noun="job", rules=RULES, key=by_id, desired=desired, segment="jobs")
