"""Clusters, cluster policies and SQL warehouses."""

from __future__ import annotations

import json
from contextlib import suppress

from scripts.drift.compare import Body, Default, Rules
from scripts.drift.declared import Resource
from scripts.drift.kinds.kind import Kind, by_id, without

_CLOUD = "the cloud's own defaults, filled in for every new cluster"
_RUNS = "where and how it runs just now"

CLUSTER_RULES = Rules(
    computed={
        "creator": "who made it",
        "cluster_id": "given by the service",
        "creator_user_name": "who made it",
        "cluster_source": "how it was made",
        "default_tags": "set by the service from id, name and creator",
        "spec": "the same again",
        **dict.fromkeys(
            (
                "state",
                "state_message",
                "start_time",
                "terminated_time",
                "last_state_loss_time",
                "last_restarted_time",
                "last_activity_time",
                "termination_reason",
                "driver",
                "executors",
                "cluster_cores",
                "cluster_memory_mb",
                "spark_context_id",
                "jdbc_port",
                "pinned_by_user_name",
                "disk_spec",
                "init_scripts_safe_mode",
                "effective_spark_version",
                "instance_source",
                "driver_instance_source",
                "cluster_log_status",
            ),
            _RUNS,
        ),
    },
    defaults={
        "autotermination_minutes": Default(60, "the provider's default"),
        "enable_elastic_disk": Default(True, _CLOUD),
        "enable_local_disk_encryption": Default(False, _CLOUD),
        "azure_attributes.first_on_demand": Default(1, _CLOUD),
        "azure_attributes.availability": Default("ON_DEMAND_AZURE", _CLOUD),
        "azure_attributes.spot_bid_max_price": Default(-1, _CLOUD),
        "runtime_engine": Default("STANDARD", "follows from a Spark version without Photon"),
        "is_single_node": Default(False, "the API's default"),
    },
    sets=frozenset({"libraries"}),
)

POLICY_RULES = Rules(
    computed={
        "policy_id": "given by the service",
        "creator": "who made it",
        "creator_user_name": "who made it",
        "created_at_timestamp": "a time",
        "is_default": "only built-in policies are",
    },
    sets=frozenset({"libraries"}),
)

WAREHOUSE_RULES = Rules(
    computed={
        "id": "given by the service",
        "creator": "who made it",
        "creator_name": "who made it",
        "creator_id": "who made it",
        **dict.fromkeys(("state", "health", "num_clusters", "num_active_sessions", "size"), _RUNS),
        "jdbc_url": "follows from host and id",
        "odbc_params": "follows from host and id",
    },
    defaults={
        "auto_stop_mins": Default(120, "the API's default"),
        "min_num_clusters": Default(1, "the API's default"),
        "max_num_clusters": Default(1, "the provider's default"),
        "enable_photon": Default(True, "the provider's default"),
        "spot_instance_policy": Default("COST_OPTIMIZED", "the API's default"),
        "channel.name": Default("CHANNEL_NAME_CURRENT", "the API's default"),
        "enable_serverless_compute": Default(False, "the API's default"),
        "warehouse_type": Default("PRO", "the API's default"),
    },
    keys={"tags.custom_tags": "key"},
)


def desired_cluster(resource: Resource, creator: str) -> Body:
    """Return the cluster as clusters/list should show it; unsaid, the driver is of the workers' type."""
    given = without(resource.arguments, "no_wait", "is_pinned", "idempotency_token", "timeouts", "library")
    libraries = resource.arguments.get("library") or []
    return _with_driver(given) | {"libraries": libraries}


def observed_cluster(cluster: Body, libraries: list[Body]) -> Body:
    """Return a cluster with the libraries that are on it."""
    return _with_driver(cluster) | {"libraries": libraries, "creator": cluster.get("creator_user_name", "")}


def desired_policy(resource: Resource, creator: str) -> Body:
    """Return the policy with its definition read as JSON."""
    return observed_policy(resource.arguments)


def observed_policy(policy: Body) -> Body:
    """Return a policy with its definition read as JSON: a reformatted one is the same."""
    body = dict(policy)
    with suppress(ValueError):  # what is no JSON is compared as the text it is
        body["definition"] = json.loads(body.get("definition") or "{}")
    return body | {"creator": policy.get("creator_user_name", "")}


def desired_warehouse(resource: Resource, creator: str) -> Body:
    """Return the warehouse as warehouses/list should show it."""
    return without(resource.arguments, "no_wait", "timeouts")


def observed_warehouse(warehouse: Body) -> Body:
    """Return a warehouse with who made it."""
    return warehouse | {"creator": warehouse.get("creator_name", "")}


def _with_driver(cluster: Body) -> Body:
    return {"driver_node_type_id": cluster.get("node_type_id")} | cluster


CLUSTER = Kind(
    type="databricks_cluster",
    noun="cluster",
    rules=CLUSTER_RULES,
    key=by_id,
    desired=desired_cluster,
    segment="clusters",
)
POLICY = Kind(
    type="databricks_cluster_policy",
    noun="cluster policy",
    rules=POLICY_RULES,
    key=by_id,
    desired=desired_policy,
    segment="cluster-policies",
)
WAREHOUSE = Kind(
    type="databricks_sql_endpoint",
    noun="SQL warehouse",
    rules=WAREHOUSE_RULES,
    key=by_id,
    desired=desired_warehouse,
    segment="sql/warehouses",
)
