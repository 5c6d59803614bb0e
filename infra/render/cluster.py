"""ClusterSpec to databricks_cluster."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.cluster import Cluster
from constructs import Construct

from infra.compute import DATA_SECURITY_MODE, ClusterSpec
from infra.environments import Environment
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
