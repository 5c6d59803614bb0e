"""Clusters, cluster policies, warehouses: how big, how long idle, of what."""

from __future__ import annotations

from scripts.review.families.generic import opening
from scripts.review.fields import Difference, differences, value_words
from scripts.review.plan import Change
from scripts.review.story import Line, Story

_WORDS = {
    "num_workers": "workers",
    "node_type_id": "node type",
    "driver_node_type_id": "driver node type",
    "spark_version": "Databricks runtime",
    "autotermination_minutes": "stops after idle minutes",
    "auto_stop_mins": "stops after idle minutes",
    "cluster_size": "size",
    "max_num_clusters": "clusters at most",
    "min_num_clusters": "clusters at least",
    "data_security_mode": "access mode",
    "enable_serverless_compute": "serverless",
}


def describe(change: Change) -> Story:
    """Say what changes of a cluster, policy or warehouse."""
    lines = opening(change)
    if change.kind in ("changed", "replaced"):
        found = differences(change.before, change.after)
        lines += [_line(change, each) for each in found if each.path != "health"]  # of a warehouse: how it feels now
    return Story(tuple(lines))


def sized(where: str, field: str, found: Difference) -> Line:
    """Say what changes of a cluster's specification."""
    return Line(f"{where} {_WORDS.get(field, field)}: {value_words(found.before)} → {value_words(found.after)}")


def _line(change: Change, found: Difference) -> Line:
    if change.type == "databricks_cluster_policy" and found.path.startswith("definition."):
        return Line(f"policy {change.title} {found.path.partition('.')[2]}: {_pair(found)}", "cluster-policy")
    return sized(change.title, found.path, found)


def _pair(found: Difference) -> str:
    return f"{value_words(found.before)} → {value_words(found.after)}"
