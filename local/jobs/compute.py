"""What a task runs on: named compute must exist, and what the one Spark driver here cannot have is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.errors import ApiError, not_found
from local.store import Store

CLUSTERS = "clusters"
WAREHOUSES = "warehouses"


def require_compute(store: Store, task: Mapping[str, Any]) -> None:
    """Refuse a task whose cluster does not exist, or that wants libraries installed: it would run without them."""
    cluster = task.get("existing_cluster_id")
    if cluster and store.get(CLUSTERS, cluster) is None:
        raise not_found(f"Task {task['task_key']}: cluster {cluster} does not exist.")
    if task.get("libraries"):
        raise ApiError(
            501,
            "NOT_IMPLEMENTED",
            f"Task {task['task_key']}: the local workspace installs no libraries; it runs with its own environment.",
        )


def require_warehouse(store: Store, key: str) -> None:
    """Refuse an unknown SQL warehouse."""
    if store.get(WAREHOUSES, key) is None:
        raise not_found(f"SQL warehouse {key} does not exist.")
