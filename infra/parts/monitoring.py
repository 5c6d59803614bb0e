"""What watches: alerts and dashboards over the questions."""

from __future__ import annotations

from infra.environments import Environment
from infra.parts.foundation import Foundation
from infra.platform import Platform
from infra.render.access import render_permissions
from infra.render.alert import render_alert
from infra.render.code import Folder, render_room
from infra.render.dashboard import render_dashboard
from infra.render.scope import Scope


def build_monitoring(scope: Scope, env: Environment, platform: Platform, foundation: Foundation, root: Folder) -> None:
    """Declare alerts and dashboards, each kind in its folder."""
    alerts = render_room(scope, "alerts", root, env)
    dashboards = render_room(scope, "dashboards", root, env)
    for alert in platform.alerts.values():
        resource = render_alert(scope, alert, env, alerts, foundation.warehouse_id)
        render_permissions(scope, "alert", alert.key, resource.id, env)
    for spec in platform.dashboards.values():
        dashboard = render_dashboard(scope, spec, env, dashboards, foundation.warehouse_id)
        render_permissions(scope, "dashboard", spec.key, dashboard.id, env)
