"""What secret scopes should hold, what they do hold, and the differences in words. No value is ever read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient

from infra.access import scope_levels
from infra.environments import Environment
from infra.secrets import Secret

_CREATOR_LEVEL = "MANAGE"  # what whoever created a scope has on it; the declared access list does not name them


@dataclass(frozen=True)
class Held:
    """A scope as the workspace shows it: its keys, and the level of each principal."""

    keys: frozenset[str]
    levels: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """One difference: what it is about (`scope`, `scope/key` or `scope: principal`) and what is wrong."""

    about: str
    problem: str
    mend: str


def read(client: WorkspaceClient, scopes: Sequence[str]) -> dict[str, Held]:
    """Return those of the scopes that are there; raises what the SDK raises."""
    there = {scope.name for scope in client.secrets.list_scopes()}
    return {name: _held(client, name) for name in scopes if name in there}


def findings(env: Environment, secrets: Sequence[Secret], held: Mapping[str, Held]) -> list[Finding]:
    """Return what is missing, what nobody declared, and access that is not as declared."""
    found: list[Finding] = []
    for scope in dict.fromkeys(secret.scope for secret in secrets):
        if scope not in held:
            found.append(Finding(scope, "the scope is missing", f"cdktf deploy {env.name}"))
            continue
        wanted = {secret.key for secret in secrets if secret.scope == scope}
        for key in sorted(wanted - held[scope].keys):
            found.append(Finding(f"{scope}/{key}", "the key is missing", f"ecom secrets sync --only {scope}/{key}"))
        for key in sorted(held[scope].keys - wanted):
            found.append(
                Finding(f"{scope}/{key}", "nothing reads this key", "delete it, or declare it in infra/secrets.py")
            )
        found += _access(env, scope, held[scope].levels)
    return found


def _access(env: Environment, scope: str, levels: Mapping[str, str]) -> list[Finding]:
    wanted = scope_levels(scope, env.run_as)
    redeploy = f"cdktf deploy {env.name}"
    found = [
        Finding(f"{scope}: {who}", f"{who} has {levels.get(who, 'nothing')} instead of {level}", redeploy)
        for who, level in sorted(wanted.items())
        if levels.get(who) != level
    ]
    others = {who: level for who, level in levels.items() if who not in wanted}
    creators = [who for who, level in others.items() if level == _CREATOR_LEVEL]
    if len(creators) == 1:
        del others[creators[0]]
    for who, level in sorted(others.items()):
        found.append(
            Finding(f"{scope}: {who}", f"{who} has {level}, which nothing declares", f"revoke it: {scope}, {who}")
        )
    return found


def _held(client: WorkspaceClient, scope: str) -> Held:
    keys = frozenset(each.key for each in client.secrets.list_secrets(scope) if each.key)
    levels = {acl.principal: acl.permission.value for acl in client.secrets.list_acls(scope)}
    return Held(keys, levels)
