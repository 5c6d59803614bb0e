"""Every resource type that drift knows: one module per family, its server defaults beside it."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.drift.kinds import alert, compute, dashboard, job, secrets, unity, workspace
from scripts.drift.kinds.kind import Kind

KINDS: Mapping[str, Kind] = {
    kind.type: kind
    for kind in (
        job.JOB,
        alert.ALERT,
        dashboard.DASHBOARD,
        compute.CLUSTER,
        compute.POLICY,
        compute.WAREHOUSE,
        unity.CATALOG,
        unity.SCHEMA,
        unity.VOLUME,
        workspace.DIRECTORY,
        workspace.NOTEBOOK,
        workspace.FILE,
        secrets.SCOPE,
    )
}
# Compared with the object that they give access to, not as objects of their own.
ACCESS_TYPES = frozenset({"databricks_permissions", "databricks_secret_acl"})
SUPPORTED = frozenset(KINDS) | ACCESS_TYPES
