"""Access lists: what is declared about them, what the service adds by itself, where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from infra.access import LEVELS
from scripts.drift.actual import World
from scripts.drift.api import PRINCIPALS, Access
from scripts.drift.declared import Resource, Stack
from scripts.drift.kinds import KINDS
from scripts.drift.kinds.kind import plain_path

# Attribute of databricks_permissions to the type whose object it names.
TARGETS = {
    "job_id": "databricks_job",
    "cluster_id": "databricks_cluster",
    "cluster_policy_id": "databricks_cluster_policy",
    "sql_endpoint_id": "databricks_sql_endpoint",
    "alert_v2_id": "databricks_alert_v2",
    "dashboard_id": "databricks_dashboard",
    "directory_path": "databricks_directory",
    "notebook_path": "databricks_notebook",
    "workspace_file_path": "databricks_workspace_file",
}
_OWNED = ("databricks_job", "databricks_sql_endpoint")
# Unity Catalog gives every account user a look at a new catalog when it is made by hand in the explorer; harmless.
_BROWSE = {"account users": ("BROWSE",)}
_RANKS = {level: rank for levels in LEVELS.values() for rank, level in enumerate(levels)}
_OWNER_RANK = 99
# Under which the state keeps who made an object.
_MAKERS = ("created_by", "creator_name", "owner_user_name")


@dataclass(frozen=True)
class Expected:
    """What is declared about the access list of one object: levels and the address that says so, by principal."""

    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    address: str = ""  # of the one resource that declares the whole list


@dataclass(frozen=True)
class AccessDifference:
    """One principal whose levels are not the declared ones; none at all is empty."""

    address: str
    principal: str
    declared: tuple[str, ...]
    actual: tuple[str, ...]

    @property
    def wider(self) -> bool:
        """Whether more is allowed than declared."""
        return rank(self.actual) > rank(self.declared)


def expected(stack: Stack) -> dict[str, Expected]:
    """Return what is declared about access lists, by `<type> <key>` of their objects."""
    found: dict[str, Expected] = {}
    for resource in stack.of("databricks_permissions"):
        entries = resource.arguments.get("access_control", [])
        levels: dict[str, tuple[str, ...]] = {}
        for entry in entries if isinstance(entries, list) else [entries]:
            who = _principal(entry)
            levels[who] = tuple(sorted({*levels.get(who, ()), entry["permission_level"]}))
        found[target(resource)] = Expected(levels, dict.fromkeys(levels, resource.address), resource.address)
    for resource in stack.of("databricks_secret_acl"):
        given = resource.arguments
        about = found.setdefault(f"databricks_secret_scope {given['scope']}", Expected())
        about.levels[given["principal"]] = (given["permission"],)
        about.addresses[given["principal"]] = resource.address
    return found


def target(resource: Resource) -> str:
    """Return `<type> <key>` of the object that a databricks_permissions is about."""
    for attribute, kind in TARGETS.items():
        if key := resource.arguments.get(attribute):
            return f"{kind} {plain_path(str(key))}"
    return f"unknown {resource.address}"


def makers(stack: Stack, world: World) -> frozenset[str]:
    """Return who deployed: whoever made the objects that are declared, by what is there and by what the state knows."""
    bodies = [
        world.find(each.type, KINDS[each.type].key(each)) for each in stack.resources.values() if each.type in KINDS
    ]
    there = {str(body["creator"]) for body in bodies if body and body.get("creator")}
    known = {str(each.attributes.get(name) or "") for each in stack.resources.values() for name in _MAKERS}
    return frozenset((there | known) - {""})


def differences(
    resource: Resource, actual: Access, about: Expected, deployers: frozenset[str]
) -> Iterator[AccessDifference]:
    """Yield every principal whose levels differ; what deployers have by themselves is no difference."""
    owner_declared = any("IS_OWNER" in levels for levels in about.levels.values())
    for who in sorted({*actual, *about.levels}):
        declared, held = about.levels.get(who, ()), actual.get(who, ())
        if who.partition(" ")[2] in deployers or who in deployers:
            own = _own(resource.type, owner_declared) - set(declared)
            held = tuple(level for level in held if level not in own)
        if _BROWSE.get(who) == held and resource.type == "databricks_catalog":
            continue
        if set(held) != set(declared):
            address = about.addresses.get(who) or about.address or resource.address
            yield AccessDifference(address, who, declared, held)


def rank(levels: tuple[str, ...]) -> int:
    """Return how much levels allow, within one kind; more is wider, nothing is -1."""
    return max((_OWNER_RANK if level == "IS_OWNER" else _RANKS.get(level, 0) for level in levels), default=-1)


def _own(kind: str, owner_declared: bool) -> set[str]:
    """What the service gives to whoever makes an object."""
    if kind == "databricks_secret_scope":
        return {"MANAGE"}
    return {"CAN_MANAGE"} | (set() if owner_declared or kind not in _OWNED else {"IS_OWNER"})


def _principal(entry: Mapping[str, str]) -> str:
    return next((f"{kind} {entry[f'{kind}_name']}" for kind in PRINCIPALS if entry.get(f"{kind}_name")), "nobody")
