"""Secret scopes and who may read them. Values never pass through here: they would end in the state."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.secret_acl import SecretAcl
from cdktf_cdktf_provider_databricks.secret_scope import SecretScope
from constructs import Construct

from infra.access import granted
from infra.environments import Environment
from infra.render.lifecycle import kept
from infra.render.naming import construct_id, named


def render_secret_scope(scope: Construct, name: str, env: Environment) -> SecretScope:
    """Declare an empty scope with its access list; jobs read it as the principal that they run as."""
    secrets = named(SecretScope(scope, construct_id("secret_scope", name), name=name, lifecycle=kept(env)), name)
    run_as = env.run_as
    readers = granted("secret_scope", name) | ({run_as: "READ"} if run_as else {})
    for principal, level in sorted(readers.items()):
        key = f"{name}-{'run-as' if principal == run_as else principal}"
        acl = SecretAcl(
            scope, construct_id("secret_acl", key), scope=secrets.name, principal=principal, permission=level
        )
        named(acl, key)
    return secrets
