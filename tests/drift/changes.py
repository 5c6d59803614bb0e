"""Changes of a body, to be put together into kinds of drift."""

from __future__ import annotations

import json
from typing import Any

from tests.drift.injections import Body, Change

EVE = "eve@example.com"  # whoever does things by hand


def put(path: str, value: Any) -> Change:
    """Set a field; numbers in the path are places in lists."""

    def change(body: Body) -> None:
        *parents, last = path.split(".")
        place: Any = body
        for name in parents:
            place = place[int(name)] if name.isdecimal() else place.setdefault(name, {})
        place[int(last) if last.isdecimal() else last] = value

    return change


def drop(*names: str) -> Change:
    """Take top-level fields away."""

    def change(body: Body) -> None:
        for name in names:
            body.pop(name, None)

    return change


def task(key: str, path: str, value: Any) -> Change:
    """Set a field of one task."""
    return lambda body: put(path, value)(next(each for each in body["tasks"] if each["task_key"] == key))


def gone_task(key: str) -> Change:
    """Take one task away."""
    return lambda body: body.update(tasks=[each for each in body["tasks"] if each["task_key"] != key])


def new_task(body: Body) -> None:
    """Add a task that runs a notebook of somebody's own."""
    body["tasks"].append({"task_key": "extra", "notebook_task": {"notebook_path": f"/Users/{EVE}/extra"}})


def cluster(path: str, value: Any) -> Change:
    """Set a field of the job's cluster."""
    return put(f"job_clusters.0.new_cluster.{path}", value)


def tile(change: Change) -> Change:
    """Change the definition of a dashboard."""

    def apply(body: Body) -> None:
        definition = json.loads(body["serialized_dashboard"])
        change(definition)
        body["serialized_dashboard"] = json.dumps(definition)

    return apply


def rule(change: Change) -> Change:
    """Change the definition of a policy."""

    def apply(body: Body) -> None:
        definition = json.loads(body["definition"])
        change(definition)
        body["definition"] = json.dumps(definition)

    return apply
