"""databricks_job."""

from __future__ import annotations

import re

from local.provider.resource import ANYTHING, Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.cluster_schema import FILLED_IN
from local.provider.resources.common import found_or_none, listed_ids
from local.provider.resources.job_schema import LEGACY, job_schema
from local.provider.translate import to_api
from local.provider.values import UNKNOWN, Values

_SCHEMA = job_schema()
_PRINCIPAL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_RULES = Rules(
    defaults={
        "name": "Untitled",
        "max_concurrent_runs": 1,
        "schedule.pause_status": "UNPAUSED",
        "trigger.pause_status": "UNPAUSED",
        "continuous.pause_status": "UNPAUSED",
        "task.dbt_task.schema": "default",
        "task.for_each_task.task.dbt_task.schema": "default",
    },
    local=frozenset({"timeouts", "provider_config", "always_running", "control_run_state"}),
    force=frozenset(
        {
            "*.parameter.default",
            "parameter.default",
            "queue.enabled",
            "*.rules.value",
            "*.condition_task.left",
            "*.condition_task.right",
        }
    ),
    plural={
        "task": "tasks",
        "job_cluster": "job_clusters",
        "environment": "environments",
        "parameter": "parameters",
        "task.library": "libraries",
        "task.for_each_task.task.library": "libraries",
        "*.new_cluster.library": "libraries",
    },
    unset={
        "queue": {"enabled": False},
        "run_as": ANYTHING,
        "task.run_if": "ALL_SUCCESS",
        "task.for_each_task.task.run_if": "ALL_SUCCESS",
        "task.notebook_task.source": "WORKSPACE",
        "task.dbt_task.source": "WORKSPACE",
        "task.spark_python_task.source": "WORKSPACE",
        "task.sql_task.file.source": "WORKSPACE",
        "*.new_cluster.aws_attributes": ANYTHING,
        "*.new_cluster.azure_attributes": ANYTHING,
        "*.new_cluster.gcp_attributes": ANYTHING,
        **{f"*.new_cluster.{name}": ANYTHING for name in FILLED_IN},
    },
    keyed={
        "task": "task_key",
        "task.depends_on": "task_key",
        "task.for_each_task.task.depends_on": "task_key",
        "*.webhook_notifications.on_start": "id",
        "*.webhook_notifications.on_success": "id",
        "*.webhook_notifications.on_failure": "id",
        "webhook_notifications.on_start": "id",
        "webhook_notifications.on_success": "id",
        "webhook_notifications.on_failure": "id",
    },
)


def _validate(config: Values) -> list[str]:
    used = [name for name in LEGACY if config.get(name) not in (None, [], UNKNOWN)]
    if used:
        return [f"`{used[0]}` on the job itself is the format before tasks: put it into a task block"]
    if config.get("task") == []:
        return ["a job needs at least one task block"]
    starts = [name for name in ("schedule", "trigger", "continuous") if config.get(name)]
    return [f"a job starts in one way only, not by {' and '.join(starts)}"] if len(starts) > 1 else []


def _body(planned: Values) -> Object:
    body = to_api(_SCHEMA, planned, _RULES)
    body.setdefault("queue", {"enabled": False})
    for cluster in body.get("job_clusters", []):
        _say_workers(cluster["new_cluster"])
    for task in body.get("tasks", []):
        if "new_cluster" in task:
            _say_workers(task["new_cluster"])
    return body


def _say_workers(cluster: Object) -> None:
    if "autoscale" not in cluster:
        cluster.setdefault("num_workers", 0)


def _sorted(body: Object) -> Object:
    for task in body["tasks"]:
        if "depends_on" in task:
            task["depends_on"].sort(key=lambda item: str(item["task_key"]))
    body["tasks"].sort(key=lambda task: str(task["task_key"]))
    for hooks in body.get("webhook_notifications", {}).values():
        hooks.sort(key=lambda hook: str(hook["id"]))
    return body


def _create(api: Api, planned: Values) -> Created:
    answer = api.post("/api/2.2/jobs/create", _sorted(_body(planned)), repeatable=False)
    return Created(str(answer["job_id"]))


def _read(api: Api, state: Values) -> Object | None:
    found = found_or_none(lambda: api.get("/api/2.2/jobs/get", job_id=state["id"]))
    if found is None:
        return None
    settings: Object = dict(found["settings"])
    page = found
    while page.get("next_page_token"):
        page = api.get("/api/2.2/jobs/get", job_id=state["id"], page_token=page["next_page_token"])
        for name in ("tasks", "job_clusters", "parameters", "environments"):
            settings[name] = settings.get(name, []) + page["settings"].get(name, [])
    name = found.get("run_as_user_name") or ""
    settings["run_as"] = {"service_principal_name" if _PRINCIPAL_ID.fullmatch(name) else "user_name": name}
    settings.setdefault("format", "MULTI_TASK")
    return {**settings, "url": f"{api.host}/#job/{state['id']}"}


def _update(api: Api, prior: Values, planned: Values) -> None:
    api.post("/api/2.2/jobs/reset", {"job_id": int(prior["id"]), "new_settings": _body(planned)})


def _delete(api: Api, prior: Values) -> None:
    found_or_none(lambda: api.post("/api/2.2/jobs/delete", {"job_id": int(prior["id"])}))


def _find(api: Api, planned: Values) -> list[str]:
    answer = api.get("/api/2.2/jobs/list", name=planned["name"])
    return listed_ids(answer.get("jobs", []), "job_id", lambda job: job["settings"].get("name") == planned["name"])


RESOURCES = {
    "databricks_job": Resource(
        schema=_SCHEMA,
        version=2,
        rules=_RULES,
        validate=_validate,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        journal=Journaled(lambda planned: str(planned["name"]), _find),
    )
}
