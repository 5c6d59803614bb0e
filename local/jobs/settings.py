"""Job settings: what is refused, what the server adds when they are read, how an update merges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from local.errors import ApiError, invalid
from local.jobs import graph
from local.jobs.schedule import quartz_trigger

Settings = dict[str, Any]
_MERGED = {"tasks": "task_key", "job_clusters": "job_cluster_key"}
_SOURCED = ("notebook_task", "dbt_task", "spark_python_task")
_TASK_LIMIT = 1000
_TRIGGERS = ("schedule", "trigger", "continuous")
_TRIGGER_KINDS = ("periodic", "file_arrival", "table_update", "model")
_UNITS = ("HOURS", "DAYS", "WEEKS")
_CONCURRENCY_LIMIT = 100  # iterations of a for_each_task at once


def normalised(settings: Mapping[str, Any]) -> Settings:
    """Return settings as they are stored: checked, with the defaults that do not depend on the reader."""
    given = {key: value for key, value in settings.items() if key not in {"access_control_list", "job_id"}}
    result: Settings = {"name": "Untitled", "max_concurrent_runs": 1, **given, "format": "MULTI_TASK"}
    _check(result)
    return result


def shown(settings: Mapping[str, Any]) -> Settings:
    """Return settings as `jobs/get` shows them: as sent, and only those defaults that make no client see a change."""
    result: Settings = {"email_notifications": {}, "webhook_notifications": {}, "timeout_seconds": 0, **settings}
    if "tasks" in settings:
        result["tasks"] = [shown_task(task) for task in settings["tasks"]]
    return result


def without_details(settings: Mapping[str, Any]) -> Settings:
    """Return settings as `jobs/list` shows them unless asked to expand."""
    hidden = {"tasks", "job_clusters", "environments", "parameters"}
    return {key: value for key, value in settings.items() if key not in hidden}


def updated(settings: Mapping[str, Any], changes: Mapping[str, Any], remove: list[str]) -> Settings:
    """Apply `jobs/update`: top-level fields are replaced, tasks and job clusters merged by key, then fields removed."""
    result = dict(settings)
    for name, value in changes.items():
        result[name] = _merged(result.get(name) or [], value, _MERGED[name]) if name in _MERGED else value
    for path in remove:
        name, _, key = path.partition("/")
        if key and name in _MERGED:
            result[name] = [item for item in result.get(name) or [] if item[_MERGED[name]] != key]
        else:
            result.pop(name, None)
    return result


def _merged(old: list[dict[str, Any]], new: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    if not all(isinstance(item, dict) and item.get(key) for item in new):
        raise invalid(f"Every one of them needs a {key}.")
    by_key = {item[key]: item for item in old}
    return list({**by_key, **{item[key]: item for item in new}}.values())


def shown_task(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task with the defaults that make no client see a change."""
    result: dict[str, Any] = {
        "run_if": "ALL_SUCCESS",
        "timeout_seconds": 0,
        "email_notifications": {},
        "webhook_notifications": {},
        **task,
    }
    for kind in _SOURCED:
        if kind in result:
            result[kind] = {"source": "WORKSPACE", **result[kind]}
    if "file" in (result.get("sql_task") or {}):
        sql_task = result["sql_task"]
        result["sql_task"] = {**sql_task, "file": {"source": "WORKSPACE", **sql_task["file"]}}
    return result


def _check(settings: Settings) -> None:
    _check_start(settings)
    if settings.get("git_source"):
        raise _not_here("git_source")
    _check_health("health", settings)
    limit = settings["max_concurrent_runs"]
    if not isinstance(limit, int) or not 0 <= limit <= 1000:
        raise invalid(f"max_concurrent_runs must be from 0 to 1000, not {limit!r}.")
    clusters = {cluster.get("job_cluster_key") for cluster in settings.get("job_clusters") or []}
    _check_tasks(settings.get("tasks") or [], clusters)


def _check_tasks(tasks: list[dict[str, Any]], clusters: set[Any]) -> None:
    if len(tasks) > _TASK_LIMIT:
        raise invalid(f"A job has at most {_TASK_LIMIT} tasks, not {len(tasks)}.")
    keys = [task.get("task_key") for task in tasks]
    if not all(isinstance(key, str) and key for key in keys):
        raise invalid("Every task needs a task_key.")
    twice = next((key for key, count in Counter(keys).items() if count > 1), None)
    if twice:
        raise invalid(f"Duplicate task_key '{twice}'.")
    for task in tasks:
        _check_task(task, set(keys), clusters)
    loop = graph.cycle(tasks)
    if loop:
        raise invalid(f"Tasks depend on each other in a cycle: {' → '.join(loop)}.")


def _check_start(settings: Settings) -> None:
    if sum(name in settings for name in _TRIGGERS) > 1:
        raise invalid("Only one of schedule, trigger and continuous may be given.")
    if "schedule" in settings:
        schedule = settings["schedule"]
        quartz_trigger(str(schedule.get("quartz_cron_expression", "")), str(schedule.get("timezone_id", "")))
    if "trigger" in settings:
        _check_trigger(settings["trigger"])
    if "continuous" in settings:
        raise _not_here("continuous")


def destinations(settings: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each field that names notification destinations, with their ids."""
    for where, holder in _told(settings):
        for event, hooks in (holder.get("webhook_notifications") or {}).items():
            yield f"{where}webhook_notifications.{event}", [hook.get("id") for hook in hooks or []]


def addresses(settings: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each field that names people to mail to, with their addresses."""
    for where, holder in _told(settings):
        for event, people in (holder.get("email_notifications") or {}).items():
            if isinstance(people, list):
                yield f"{where}email_notifications.{event}", people


def subscriptions(settings: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each field that says whom a SQL task with an alert tells, with what it says."""
    for where, holder in _told(settings):
        alert = (holder.get("sql_task") or {}).get("alert") or {}
        if alert.get("subscriptions"):
            yield f"{where}sql_task.alert.subscriptions", alert["subscriptions"]


def _told(settings: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the job, its tasks and the tasks inside its loops: whatever has notifications, with how errors call it."""
    yield "", settings
    for task in settings.get("tasks") or []:
        yield f"task '{task['task_key']}': ", task
        if "for_each_task" in task:
            yield f"task '{task['task_key']}': for_each_task.task.", task["for_each_task"]["task"]


def _check_trigger(trigger: Mapping[str, Any]) -> None:
    kinds = [kind for kind in _TRIGGER_KINDS if kind in trigger]
    if len(kinds) != 1:
        raise invalid(f"trigger must have exactly one of {', '.join(_TRIGGER_KINDS)}.")
    if kinds != ["periodic"]:
        raise _not_here(f"trigger.{kinds[0]}")
    interval, unit = trigger["periodic"].get("interval"), trigger["periodic"].get("unit")
    if not isinstance(interval, int) or interval < 1 or unit not in _UNITS:
        raise invalid(f"trigger.periodic needs an interval of at least 1 and a unit of {', '.join(_UNITS)}.")


def _check_health(field: str, holder: Mapping[str, Any]) -> None:
    for rule in (holder.get("health") or {}).get("rules") or []:
        if rule.get("metric") != "RUN_DURATION_SECONDS":
            raise _not_here(f"{field}.rules with metric {rule.get('metric')}")


def _not_here(field: str) -> ApiError:
    return ApiError(501, "NOT_IMPLEMENTED", f"The local workspace does not do what {field} asks for.")


def _check_task(task: Mapping[str, Any], keys: set[Any], clusters: set[Any]) -> None:
    name = task["task_key"]
    kinds = [key for key in task if key.endswith("_task")]
    if len(kinds) != 1:
        raise invalid(f"Task '{name}' must have exactly one kind, not {', '.join(kinds) or 'none'}.")
    _check_health(f"task '{name}': health", task)
    if "for_each_task" in task:
        _check_loop(name, task["for_each_task"])
    if (task[kinds[0]] or {}).get("source") == "GIT":
        raise _not_here(f"task '{name}': {kinds[0]}.source GIT")
    for key in graph.dependencies(dict(task)):
        if key not in keys:
            raise invalid(f"Task '{name}' depends on '{key}', which does not exist in this job.")
    if task.get("run_if", "ALL_SUCCESS") not in graph.RUN_IF:
        raise invalid(f"Task '{name}': run_if '{task['run_if']}' does not exist.")
    cluster = task.get("job_cluster_key")
    if cluster and cluster not in clusters:
        raise invalid(f"Task '{name}': job_cluster_key '{cluster}' does not exist in job_clusters.")


def _check_loop(name: str, loop: Mapping[str, Any]) -> None:
    if not isinstance(loop.get("inputs"), str):
        raise invalid(f"Task '{name}': for_each_task.inputs must be a JSON array as text, or a reference to one.")
    concurrency = loop.get("concurrency", 1)
    if not isinstance(concurrency, int) or not 1 <= concurrency <= _CONCURRENCY_LIMIT:
        raise invalid(f"Task '{name}': for_each_task.concurrency must be from 1 to {_CONCURRENCY_LIMIT}.")
    kinds = [key for key in loop.get("task") or {} if key.endswith("_task")]
    if len(kinds) != 1 or kinds == ["for_each_task"]:
        raise invalid(f"Task '{name}': for_each_task.task must have exactly one kind, and not be a loop itself.")
    _check_health(f"task '{name}': for_each_task.task.health", loop["task"])
