"""Objects of ours that nobody declared: under our root, with our name prefix, or with our tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from infra.environments import Environment
from scripts.drift.actual import World
from scripts.drift.compare import Body
from scripts.drift.declared import Stack
from scripts.drift.kinds import KINDS
from scripts.jobs.pauses import OPERATIONS

_TREE = ("databricks_directory", "databricks_notebook", "databricks_workspace_file", "other")
_NAMES = {
    "databricks_job": "name",
    "databricks_alert_v2": "display_name",
    "databricks_dashboard": "display_name",
    "databricks_cluster": "cluster_name",
    "databricks_cluster_policy": "name",
    "databricks_sql_endpoint": "name",
    "databricks_schema": "full_name",
    "databricks_volume": "full_name",
    "databricks_secret_scope": "name",
}


@dataclass(frozen=True)
class Stray:
    """One object nobody declared; `also` are paths inside it."""

    type: str
    key: str
    name: str
    body: Body
    also: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """What stands for an address: the type and the name people see."""
        return f"{self.type}[{self.name}]"


def strays(stack: Stack, world: World, env: Environment) -> list[Stray]:
    """Return what is ours and declared nowhere, in order of address; what lies in a stray folder comes with it."""
    declared = declared_keys(stack)
    found = [
        Stray(kind, key, _name(kind, key, body), body)
        for kind in _NAMES
        for key, body in world.objects.get(kind, {}).items()
        if key not in declared[kind] and ours(kind, body, env)
    ]
    found += _tree(declared, world, env, found)
    return sorted(found, key=lambda stray: stray.address)


def declared_keys(stack: Stack) -> dict[str, set[str]]:
    """Return the keys of declared objects by type."""
    found: dict[str, set[str]] = {kind: set() for kind in (*KINDS, "other")}
    for resource in stack.resources.values():
        if resource.type in KINDS:
            found[resource.type].add(KINDS[resource.type].key(resource))
    return found


def ours(kind: str, body: Body, env: Environment) -> bool:
    """Whether an object belongs to the environment by its prefix, its tags, its folder or what it is in."""
    if kind in ("databricks_schema", "databricks_volume"):
        return body.get("catalog_name") == env.catalog and body.get("name") != "information_schema"
    if kind == "databricks_secret_scope":
        return str(body["name"]).startswith(env.tags["project"])  # scopes have neither tags nor folders
    if env.name_prefix and str(body.get(_NAMES[kind], "")).startswith(env.name_prefix):
        return True
    if str(body.get("parent_path") or "").startswith(f"{env.workspace_root}/"):
        return True
    tags = _tags(kind, body)
    return all(tags.get(name) == value for name, value in env.tags.items())


def _tags(kind: str, body: Body) -> Mapping[str, object]:
    if kind == "databricks_job":
        return body.get("tags") or {}
    if kind == "databricks_cluster":
        return body.get("custom_tags") or {}
    if kind == "databricks_sql_endpoint":
        custom = (body.get("tags") or {}).get("custom_tags") or []
        return {each.get("key", ""): each.get("value") for each in custom}
    if kind == "databricks_cluster_policy" and isinstance(body.get("definition"), dict):
        # A policy has no tags, but gives them to its clusters.
        return {
            name.removeprefix("custom_tags."): rule.get("value")
            for name, rule in body["definition"].items()
            if name.startswith("custom_tags.") and isinstance(rule, dict)
        }
    return {}


def _name(kind: str, key: str, body: Body) -> str:
    name = str(body.get(_NAMES[kind]) or key)
    # A second job of the same name is told apart by its id.
    return name if kind.endswith(("schema", "volume", "scope")) else f"{name} {key}"


def _tree(declared: Mapping[str, set[str]], world: World, env: Environment, found: list[Stray]) -> Iterator[Stray]:
    paths = {path: kind for kind in _TREE for path in world.objects.get(kind, {})}
    wanted = {path for kind in _TREE for path in declared[kind]} | {env.workspace_root}
    implied = {str(parent) for path in wanted for parent in PurePosixPath(path).parents}
    known = _shown_elsewhere(world)
    operations = PurePosixPath(env.workspace_root) / OPERATIONS
    strange = {
        path
        for path in paths
        if operations not in (PurePosixPath(path), *PurePosixPath(path).parents)
        and path not in wanted | implied
        and not (paths[path] == "other" and _is_known(path, world, known))
    }
    tops: dict[str, Stray] = {}
    for path in sorted(strange):
        over = next((str(parent) for parent in PurePosixPath(path).parents if str(parent) in tops), None)
        if over is None:
            body = world.objects[paths[path]][path]
            kind = "databricks_workspace_file" if paths[path] == "other" else paths[path]
            tops[path] = Stray(kind, path, path, body)
        else:
            tops[over] = replace(tops[over], also=(*tops[over].also, path))
    yield from tops.values()


def _shown_elsewhere(world: World) -> set[str]:
    """Ids and paths by which the tree shows alerts and dashboards, which are compared by their own lists."""
    known: set[str] = set()
    for kind in ("databricks_alert_v2", "databricks_dashboard"):
        for key, body in world.objects.get(kind, {}).items():
            known |= {key, f"{body.get('parent_path')}/{body.get('display_name')}"}
    return known


def _is_known(path: str, world: World, known: set[str]) -> bool:
    entry = world.objects["other"][path]
    named = path.removesuffix(".lvdash.json").removesuffix(".dbalert.json")
    return str(entry.get("resource_id")) in known or named in known
