"""Drift of clusters, policies and warehouses."""

from __future__ import annotations

from tests.drift import others
from tests.drift.changes import drop, put, rule
from tests.drift.injections import Change, Injection, deleted, edited


def _cluster(name: str, change: Change, *paths: str) -> Injection:
    return edited(f"cluster: {name}", "databricks_cluster.interactive", change, *paths)


def _policy(name: str, key: str, change: Change, *paths: str) -> Injection:
    return edited(f"policy: {name}", f"databricks_cluster_policy.{key}", change, *paths)


def _warehouse(name: str, change: Change, *paths: str) -> Injection:
    return edited(f"warehouse: {name}", "databricks_sql_endpoint.analytics", change, *paths)


def tags(**given: str) -> Change:
    """Make these the warehouse's tags."""
    return put("tags", {"custom_tags": [{"key": key, "value": value} for key, value in given.items()]})


COMPUTE = (
    _cluster("renamed", put("cluster_name", "x"), "cluster_name"),
    _cluster("other Spark", put("spark_version", "15.4.x-scala2.12"), "spark_version"),
    _cluster("more workers", put("num_workers", 4), "num_workers"),
    _cluster("never stops", put("autotermination_minutes", 0), "autotermination_minutes"),
    _cluster("other nodes", put("node_type_id", "Standard_E8ds_v5"), "node_type_id"),
    _cluster("other access mode", put("data_security_mode", "NONE"), "data_security_mode"),
    _cluster("tag added", put("custom_tags.team", "eve"), "custom_tags.team"),
    _cluster("all tags removed", drop("custom_tags"), "custom_tags"),
    _cluster("Spark setting", put("spark_conf", {"spark.x": "1"}), "spark_conf"),
    _cluster("variable", put("spark_env_vars", {"A": "b"}), "spark_env_vars"),
    _cluster("policy taken off", drop("policy_id"), "policy_id"),
    _cluster("init script", put("init_scripts", [{"workspace": {"destination": "/x.sh"}}]), "init_scripts"),
    _cluster("Photon", put("runtime_engine", "PHOTON"), "runtime_engine"),
    others.library("cluster: library", "databricks_cluster.interactive"),
    _policy("renamed", "jobs", put("name", "x"), "name"),
    _policy("description", "interactive", put("description", "x"), "description"),
    _policy(
        "more workers allowed",
        "jobs",
        rule(put("num_workers", {"type": "range", "minValue": 1, "maxValue": 999})),
        "definition.num_workers.maxValue",
    ),
    _policy("rule removed", "interactive", rule(drop("spark_version")), "definition.spark_version"),
    _policy("rule added", "interactive", rule(put("x", {"type": "forbidden"})), "definition.x"),
    _policy("clusters per user", "jobs", put("max_clusters_per_user", 9), "max_clusters_per_user"),
    _warehouse("renamed", put("name", "x"), "name"),
    _warehouse("larger", put("cluster_size", "4X-Large"), "cluster_size"),
    _warehouse("idles longer", put("auto_stop_mins", 999), "auto_stop_mins"),
    _warehouse("never stops", put("auto_stop_mins", 0), "auto_stop_mins"),
    _warehouse("more clusters", put("max_num_clusters", 9), "max_num_clusters"),
    _warehouse("more clusters always", put("min_num_clusters", 2), "min_num_clusters"),
    _warehouse("classic", put("warehouse_type", "CLASSIC"), "warehouse_type"),
    _warehouse("not serverless", put("enable_serverless_compute", False), "enable_serverless_compute"),
    _warehouse("no Photon", put("enable_photon", False), "enable_photon"),
    _warehouse("preview channel", put("channel.name", "CHANNEL_NAME_PREVIEW"), "channel"),
    _warehouse("reliable nodes", put("spot_instance_policy", "RELIABILITY_OPTIMIZED"), "spot_instance_policy"),
    _warehouse("tag changed", tags(environment="prod", project="x"), "tags.custom_tags[project].value"),
    _warehouse("tag added", tags(environment="prod", project="ecommerce", a="b"), "tags.custom_tags[a]"),
    _warehouse("all tags removed", tags(), "tags"),
    deleted(
        "cluster: deleted",
        "databricks_cluster.interactive",
        "POST",
        "/api/2.1/clusters/permanent-delete",
        {"cluster_id": "{id}"},
    ),
    deleted(
        "policy: deleted",
        "databricks_cluster_policy.jobs",
        "POST",
        "/api/2.0/policies/clusters/delete",
        {"policy_id": "{id}"},
    ),
    deleted("warehouse: deleted", "databricks_sql_endpoint.analytics", "DELETE", "/api/2.0/sql/warehouses/{id}"),
)
