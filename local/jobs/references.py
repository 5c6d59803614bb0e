"""Dynamic value references: `{{job.run_id}}`, `{{tasks.a.values.k}}` and the like, replaced when a task starts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_REFERENCE = re.compile(r"\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\}\}")
_NAMESPACES = frozenset({"job", "task", "tasks", "workspace"})
NO_INPUT = object()  # outside a loop `{{input}}` is text like any other


class UnknownReferenceError(Exception):
    """A reference into a known namespace that names nothing."""


@dataclass(frozen=True)
class Scope:
    """What references of one task attempt may name."""

    job: Mapping[str, str]
    job_parameters: Mapping[str, str]
    trigger_type: str
    started: datetime
    triggered: datetime
    task: Mapping[str, str]
    tasks: Callable[[str, list[str]], Any]
    workspace: Mapping[str, str]
    input: Any = NO_INPUT


def resolve(value: Any, scope: Scope) -> Any:
    """Replace references in every string of a JSON value; text that is no reference stays as it is."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _replacement(match, scope), value)
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, scope) for key, item in value.items()}
    return value


def _replacement(match: re.Match[str], scope: Scope) -> str:
    namespace, *path = match[1].split(".")
    if namespace not in _NAMESPACES and (namespace != "input" or scope.input is NO_INPUT):
        return match[0]
    try:
        value = _look_up(namespace, path, scope)
    except (KeyError, ValueError):
        raise UnknownReferenceError(f"Reference '{match[0]}' names nothing that exists in this run.") from None
    return value if isinstance(value, str) else json.dumps(value)


def _look_up(namespace: str, path: list[str], scope: Scope) -> Any:
    match [namespace, *path]:
        case ["input", *keys]:
            return _inside(scope.input, keys)
        case ["job", "parameters", name]:
            return scope.job_parameters[name]
        case ["job", "start_time", argument]:
            return moment(scope.started, argument)
        case ["job", "trigger", "type"]:
            return scope.trigger_type
        case ["job", "trigger", "time", argument]:
            return moment(scope.triggered, argument)
        case ["job", name]:
            return scope.job[name]
        case ["task", name]:
            return scope.task[name]
        case ["tasks", key, *rest] if rest:
            return scope.tasks(key, rest)
        case ["workspace", name]:
            return scope.workspace[name]
    raise KeyError(".".join(path))


def _inside(value: Any, keys: list[str]) -> Any:
    for key in keys:
        if not isinstance(value, dict):
            raise KeyError(key)
        value = value[key]
    return value


def moment(when: datetime, argument: str) -> str:
    """Render a point in time (UTC) as a time argument asks: iso_date, hour, is_weekday, …"""
    when = when.astimezone(UTC)
    return {
        "iso_date": when.strftime("%Y-%m-%d"),
        "iso_datetime": when.strftime("%Y-%m-%dT%H:%M:%S"),
        "iso_weekday": str(when.isoweekday()),
        "is_weekday": str(when.isoweekday() <= 5).lower(),
        "year": str(when.year),
        "month": f"{when.month:02d}",
        "day": f"{when.day:02d}",
        "hour": f"{when.hour:02d}",
        "minute": f"{when.minute:02d}",
        "second": f"{when.second:02d}",
        "timestamp_ms": str(int(when.timestamp() * 1000)),
    }[argument]
