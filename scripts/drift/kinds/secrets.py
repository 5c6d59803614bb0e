"""Secret scopes: where they are kept and which keys they hold. Values are never asked for."""

from __future__ import annotations

from collections.abc import Mapping

from infra.secrets import SECRETS
from scripts.drift.compare import Body, Default, Rules
from scripts.drift.declared import Resource
from scripts.drift.kinds.kind import Kind, without

EXPECTED_KEYS: Mapping[str, tuple[str, ...]] = {
    secret.scope: tuple(each.key for each in SECRETS if each.scope == secret.scope) for secret in SECRETS
}

RULES = Rules(
    defaults={"backend_type": Default("DATABRICKS", "the provider's default")},
    sets=frozenset({"keys"}),
)


def key(resource: Resource) -> str:
    """Return the scope's name, which is its id."""
    return str(resource.arguments["name"])


def desired(resource: Resource, creator: str) -> Body:
    """Return where a scope is kept; its keys come by another way and are compared by name."""
    return without(resource.arguments, "initial_manage_principal") | {"name": key(resource)}


SCOPE = Kind(type="databricks_secret_scope", noun="secret scope", rules=RULES, key=key, desired=desired)
