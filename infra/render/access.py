"""Who may do what: the access table to permissions, one resource per object, and to secret scopes.

Values of secrets never pass through here: they would end in the state.
"""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.permissions import Permissions, PermissionsAccessControl
from cdktf_cdktf_provider_databricks.secret_acl import SecretAcl
from cdktf_cdktf_provider_databricks.secret_scope import SecretScope
from constructs import Construct

from infra.access import granted, scope_levels
from infra.environments import Environment
from infra.render.lifecycle import kept
from infra.render.naming import construct_id, named

# Our kind to the attribute that names the object.
_OBJECT_ATTRIBUTES = {
    "folder": "directory_path",
    "job": "job_id",
    "cluster": "cluster_id",
    "cluster_policy": "cluster_policy_id",
    "warehouse": "sql_endpoint_id",
    "alert": "alert_v2_id",
    "dashboard": "dashboard_id",
}


def render_permissions(scope: Construct, kind: str, key: str, object_id: str, env: Environment) -> Permissions | None:
    """Declare who may do what with one object; None when the table says nothing about it."""
    levels = granted(kind, key)
    if not levels:
        return None
    entries = [PermissionsAccessControl(group_name=group, permission_level=levels[group]) for group in sorted(levels)]
    if kind == "job" and env.run_as:
        # Unsaid, the owner is whoever deployed last, and two people's deploys would take turns in the plan.
        entries.append(PermissionsAccessControl(service_principal_name=env.run_as, permission_level="IS_OWNER"))
    name = f"{kind}-{key}"
    permissions = Permissions(scope, construct_id("permissions", name), access_control=entries)
    setattr(permissions, _OBJECT_ATTRIBUTES[kind], object_id)
    return named(permissions, name)


def render_secret_scope(scope: Construct, name: str, env: Environment) -> SecretScope:
    """Declare an empty scope with its access list; jobs read it as the principal that they run as."""
    secrets = named(SecretScope(scope, construct_id("secret_scope", name), name=name, lifecycle=kept(env)), name)
    for principal, level in sorted(scope_levels(name, env.run_as).items()):
        key = f"{name}-{'run-as' if principal == env.run_as else principal}"
        acl = SecretAcl(
            scope, construct_id("secret_acl", key), scope=secrets.name, principal=principal, permission=level
        )
        named(acl, key)
    return secrets
