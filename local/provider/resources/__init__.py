"""Every resource type and data source that the provider knows."""

from __future__ import annotations

from local.provider.resource import Resource
from local.provider.resources import (
    alerts_v2,
    compute,
    dashboards,
    jobs,
    mlflow,
    notifications,
    permissions,
    secrets,
    sql,
    unity,
    workspace,
)
from local.provider.resources.sources import DATA_SOURCES, DataSource

RESOURCES: dict[str, Resource] = {
    **jobs.RESOURCES,
    **compute.RESOURCES,
    **sql.RESOURCES,
    **alerts_v2.RESOURCES,
    **dashboards.RESOURCES,
    **workspace.RESOURCES,
    **permissions.RESOURCES,
    **secrets.RESOURCES,
    **notifications.RESOURCES,
    **unity.RESOURCES,
    **mlflow.RESOURCES,
}

__all__ = ["DATA_SOURCES", "RESOURCES", "DataSource"]
