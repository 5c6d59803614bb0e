"""What computes: ClusterSpec, ClusterPolicySpec and WarehouseSpec to what the provider calls them."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_databricks.cluster import Cluster
from cdktf_cdktf_provider_databricks.cluster_policy import ClusterPolicy
from cdktf_cdktf_provider_databricks.sql_endpoint import SqlEndpoint, SqlEndpointTags, SqlEndpointTagsCustomTags
from constructs import Construct

from infra.compute import DATA_SECURITY_MODE, ClusterPolicySpec, ClusterSpec, WarehouseSpec
from infra.environments import Environment
from infra.render.lifecycle import kept
from infra.render.naming import construct_id, named


def render_cluster(scope: Construct, spec: ClusterSpec, env: Environment, policy_id: str) -> Cluster:
    """Declare a shared cluster; it stops by itself when nobody uses it."""
    cluster = Cluster(
        scope,
        construct_id("cluster", spec.key),
        cluster_name=env.display_name(spec.title),
        spark_version=spec.spark_version,
        node_type_id=spec.node_type,
        num_workers=spec.workers,
        autotermination_minutes=spec.idle_minutes,
        data_security_mode=DATA_SECURITY_MODE,
        policy_id=policy_id,
        custom_tags=dict(spec.tags),
        no_wait=True,  # a deploy has nothing to do on it; waiting would add the minutes a cluster takes to start
    )
    return named(cluster, spec.key)


def render_cluster_policy(scope: Construct, spec: ClusterPolicySpec, env: Environment) -> ClusterPolicy:
    """Declare a policy; keys are sorted because the definition is compared as text."""
    policy = ClusterPolicy(
        scope,
        construct_id("cluster_policy", spec.key),
        name=env.display_name(spec.title),
        description=spec.description,
        definition=json.dumps(spec.rules, sort_keys=True),
    )
    return named(policy, spec.key)


def render_warehouse(scope: Construct, spec: WarehouseSpec, env: Environment) -> SqlEndpoint:
    """Declare a serverless warehouse."""
    warehouse = SqlEndpoint(
        scope,
        construct_id("warehouse", spec.key),
        name=env.display_name(spec.title),
        cluster_size=spec.size,
        min_num_clusters=1,
        max_num_clusters=spec.max_clusters,
        auto_stop_mins=spec.idle_minutes,
        warehouse_type="PRO",
        enable_serverless_compute=True,
        tags=SqlEndpointTags(
            custom_tags=[SqlEndpointTagsCustomTags(key=key, value=value) for key, value in sorted(spec.tags.items())]
        ),
        lifecycle=kept(env),
    )
    return named(warehouse, spec.key)
