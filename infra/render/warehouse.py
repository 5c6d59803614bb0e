"""WarehouseSpec to databricks_sql_endpoint, which is what the provider calls a SQL warehouse."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.sql_endpoint import SqlEndpoint, SqlEndpointTags, SqlEndpointTagsCustomTags
from constructs import Construct

from infra.compute import WarehouseSpec
from infra.environments import Environment
from infra.render.lifecycle import kept
from infra.render.naming import construct_id, named


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
