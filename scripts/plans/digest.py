"""One number for what a plan would do: two plans with the same digest do the same to the same objects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

# When the workspace wrote an object down: no attribute of ours, and nothing that a plan does.
TIMES = frozenset(
    {"create_time", "created_at", "creation_time", "last_update_time", "update_time", "updated_at", "trigger_time"}
)
# What changes by itself while an object is in use: a warehouse that fell asleep since the review does not make the
# plan another one. Paths inside an object, by type; all of them are computed (provider 1.99.0, `providers schema`).
RUN_STATE: Mapping[str, tuple[str, ...]] = {
    "databricks_alert_v2": ("evaluation.last_evaluated_at", "evaluation.state"),
    "databricks_cluster": ("state",),
    "databricks_sql_endpoint": ("health", "num_active_sessions", "num_clusters", "state"),
}


def digest(plan: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of what `terraform show -json` says that a plan would do."""
    text = json.dumps(canonical(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes without order, times and run state; values are in the clear, so it is never written down."""
    changes = sorted((_entry(change) for change in actual_changes(plan)), key=_place)
    outputs = {
        name: {key: change.get(key) for key in ("actions", "before", "after", "after_unknown")}
        for name, change in plan.get("output_changes", {}).items()
        if change["actions"] != ["no-op"]
    }
    return {"changes": changes, "outputs": outputs}


def actual_changes(plan: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Yield the entries of `resource_changes` that do something: to the object, or to its place in the state."""
    for change in plan.get("resource_changes", []):
        if change["change"]["actions"] != ["no-op"] or moved(change) or change["change"].get("importing"):
            yield change


def moved(change: Mapping[str, Any]) -> bool:
    """Tell whether the state has the object of this entry under another address."""
    return bool(change.get("previous_address", change["address"]) != change["address"])


def _entry(change: Mapping[str, Any]) -> dict[str, Any]:
    inner = change["change"]
    kind = change.get("type", "")
    return {
        "address": change["address"],
        "deposed": change.get("deposed"),
        "previous_address": change["previous_address"] if moved(change) else None,
        "importing": inner.get("importing"),
        "actions": inner["actions"],
        "before": _lasting(kind, inner.get("before")),
        "after": _lasting(kind, inner.get("after")),
        "after_unknown": _lasting(kind, inner.get("after_unknown")),
        "replace_paths": sorted(inner.get("replace_paths", []), key=json.dumps),
    }


def _place(entry: Mapping[str, Any]) -> tuple[str, str]:
    return entry["address"], entry["deposed"] or ""


def _lasting(kind: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {key: each for key, each in value.items() if key not in TIMES}
    for path in RUN_STATE.get(kind, ()):
        kept = _without(kept, path.split("."))
    return kept


def _without(value: Any, path: list[str]) -> Any:
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: each for key, each in value.items() if key != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}
