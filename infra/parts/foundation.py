"""What lives long: storage, secrets, compute."""

from __future__ import annotations

from dataclasses import dataclass

from infra.compute import cluster_policies, interactive_cluster, warehouse
from infra.environments import Environment
from infra.render.access import render_permissions, render_secret_scope
from infra.render.compute import render_cluster, render_cluster_policy, render_warehouse
from infra.render.scope import Scope
from infra.render.storage import render_catalog, render_schema, render_volume

SCHEMAS = {
    "landing": "Where source files arrive.",
    "bronze": "Source rows as they came, with where and when they came from.",
    "staging": "Bronze with types and names; views.",
    "snapshots": "History of customers and products.",
    "silver": "Cleaned entities and facts.",
    "gold": "What reports, models and checks read.",
}


@dataclass(frozen=True)
class Foundation:
    """Ids that the other parts refer to."""

    warehouse_id: str
    policy_ids: dict[str, str]


def build_foundation(scope: Scope, env: Environment) -> Foundation:
    """Declare catalog, schemas, the landing volumes, the mail secrets' scope, policies, cluster and warehouse."""
    catalog = render_catalog(scope, env)
    schemas = {name: render_schema(scope, name, comment, catalog, env) for name, comment in SCHEMAS.items()}
    landing = schemas["landing"]
    render_volume(scope, "files", "One folder per source; files are never changed.", landing, env)
    render_volume(
        scope, "checkpoints", "How far each stream has read; deleting one reads its files again.", landing, env
    )
    render_secret_scope(scope, "email", env)

    policy_ids = {}
    for policy in cluster_policies(env):
        policy_ids[policy.key] = render_cluster_policy(scope, policy, env).id
        render_permissions(scope, "cluster_policy", policy.key, policy_ids[policy.key], env)

    cluster = interactive_cluster(env)
    cluster_id = render_cluster(scope, cluster, env, policy_ids[cluster.policy]).id
    render_permissions(scope, "cluster", cluster.key, cluster_id, env)

    sql = warehouse(env)
    warehouse_id = render_warehouse(scope, sql, env).id
    render_permissions(scope, "warehouse", sql.key, warehouse_id, env)
    return Foundation(warehouse_id=warehouse_id, policy_ids=policy_ids)
