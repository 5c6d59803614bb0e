"""DashboardSpec to databricks_dashboard."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_databricks.dashboard import Dashboard
from constructs import Construct

from infra.dashboards import DashboardSpec
from infra.environments import Environment
from infra.render.code import Folder
from infra.render.naming import construct_id, named


def render_dashboard(
    scope: Construct, spec: DashboardSpec, env: Environment, folder: Folder, warehouse_id: str
) -> Dashboard:
    """Declare and publish one dashboard.

    The content goes in as text: this provider version misses every second change of a `file_path`.
    """
    dashboard = Dashboard(
        scope,
        construct_id("dashboard", spec.key),
        display_name=env.display_name(spec.title),
        parent_path=folder.path,
        warehouse_id=warehouse_id,
        serialized_dashboard=json.dumps(spec.lakeview(env.catalog), sort_keys=True),
        embed_credentials=True,  # readers of a dashboard need no grant on the tables behind it
    )
    return named(dashboard, spec.key)
