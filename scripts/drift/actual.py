"""What a workspace really holds: lists first, then at most one GET for each declared object and each access list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk import WorkspaceClient

from scripts.drift.api import AT_ONCE, Access, Api, entries, exported
from scripts.drift.compare import Body
from scripts.drift.declared import Stack
from scripts.drift.kinds import KINDS, alert, compute, dashboard, job, unity, workspace
from scripts.drift.kinds.kind import plain_path

_UNITY = "/api/2.1/unity-catalog"
_WORKSPACE_TYPES = {
    "DIRECTORY": "databricks_directory",
    "NOTEBOOK": "databricks_notebook",
    "FILE": "databricks_workspace_file",
}
_TRASH = ("DELETED", "TRASHED")  # what lies there still answers
_SEGMENTS = {
    "databricks_job": "jobs",
    "databricks_alert_v2": "alertsv2",
    "databricks_dashboard": "dashboards",
    "databricks_cluster": "clusters",
    "databricks_cluster_policy": "cluster-policies",
    "databricks_sql_endpoint": "sql/warehouses",
}


@dataclass(frozen=True)
class World:
    """Objects by type and key as kinds compare them, and access lists by `<type> <key>`.

    Of objects that nobody declared there is what their list says. `problems` names what could not be read.
    """

    objects: Mapping[str, Mapping[str, Body]]
    access: Mapping[str, Access] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    calls: int = 0

    def find(self, kind: str, key: str) -> Body | None:
        """Return one object, or None."""
        return self.objects.get(kind, {}).get(key)

    def in_place_of(self, key: str) -> Body | None:
        """Return what lies at a path of the workspace tree, whatever it is."""
        kinds = (*_WORKSPACE_TYPES.values(), "other")
        return next((body for kind in kinds if (body := self.find(kind, key)) is not None), None)


def read(client: WorkspaceClient, stack: Stack, root: str, told: Callable[[int], None]) -> World:
    """Read all that the stack declares and all of ours around it; `root` is the environment's folder."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="drift") as pool:
        api = Api(client, pool, told)
        objects = _lists(api, stack)
        tree = _tree(api, root)
        for kind in _WORKSPACE_TYPES.values():
            objects[kind] = {}
        objects["other"] = {}
        for path, entry in tree.items():
            kind = _WORKSPACE_TYPES.get(str(entry.get("object_type")), "other")
            objects[kind][path] = workspace.observed(entry, None)
        _details(api, stack, objects)
        access = _access(api, stack, objects)
    return World(objects, access, api.problems, api.calls)


def _lists(api: Api, stack: Stack) -> dict[str, dict[str, Body]]:
    """Read every list that needs no other, side by side; then those inside them."""
    reads = _readers_of_lists(api, stack)
    objects = api.each("list of", lambda kind: reads[kind](), reads)
    objects = {kind: objects.get(kind, {}) for kind in reads}
    owners = [name for name in objects["databricks_schema"] if not name.endswith(".information_schema")]
    volumes = api.each("volumes of", lambda schema: _volumes(api, schema), owners)
    objects["databricks_volume"] = {
        each["full_name"]: unity.observed(each) for some in volumes.values() for each in some
    }
    return objects


def _readers_of_lists(api: Api, stack: Stack) -> dict[str, Callable[[], dict[str, Body]]]:
    return {
        "databricks_job": lambda: {
            str(each["job_id"]): job.observed(each) for each in api.pages("/api/2.2/jobs/list", "jobs", limit=100)
        },
        "databricks_alert_v2": lambda: {
            each["id"]: alert.observed(each)
            for each in api.pages("/api/2.0/alerts", "alerts", page_size=100)
            if each.get("lifecycle_state") not in _TRASH
        },
        "databricks_dashboard": lambda: {
            each["dashboard_id"]: dashboard.observed(each, None)
            for each in api.pages("/api/2.0/lakeview/dashboards", "dashboards", page_size=100)
            if each.get("lifecycle_state") not in _TRASH
        },
        "databricks_cluster": lambda: {
            each["cluster_id"]: compute.observed_cluster(each, [])
            for each in api.pages("/api/2.1/clusters/list", "clusters", page_size=100)
            if each.get("cluster_source") != "JOB"  # lives as long as one run
        },
        "databricks_cluster_policy": lambda: {
            each["policy_id"]: compute.observed_policy(each)
            for each in api.pages("/api/2.0/policies/clusters/list", "policies")
        },
        "databricks_sql_endpoint": lambda: {
            each["id"]: compute.observed_warehouse(each)
            for each in api.pages("/api/2.0/sql/warehouses", "warehouses", page_size=100)
        },
        "databricks_catalog": lambda: {
            each["name"]: unity.observed(each) for each in api.pages(f"{_UNITY}/catalogs", "catalogs")
        },
        "databricks_schema": lambda: _schemas(api, stack),
        "databricks_secret_scope": lambda: {
            each["name"]: {"backend_type": "DATABRICKS"} | each
            for each in api.pages("/api/2.0/secrets/scopes/list", "scopes")
        },
    }


def _schemas(api: Api, stack: Stack) -> dict[str, Body]:
    catalogs = {KINDS[each.type].key(each) for each in stack.of("databricks_catalog")}
    catalogs |= {str(each.arguments["catalog_name"]).lower() for each in stack.of("databricks_schema")}
    found = [
        each for catalog in sorted(catalogs) for each in api.pages(f"{_UNITY}/schemas", "schemas", catalog_name=catalog)
    ]
    return {each["full_name"]: unity.observed(each) for each in found}


def _volumes(api: Api, schema: str) -> list[Body]:
    catalog, _, name = schema.partition(".")
    return api.pages(f"{_UNITY}/volumes", "volumes", catalog_name=catalog, schema_name=name)


def _tree(api: Api, root: str) -> dict[str, Body]:
    """Walk the environment's folder, one level of folders at a time; the root itself is in it when it is there."""
    found: dict[str, Body] = {}
    with api.noting(f"folder {root}"):
        status = api.get("/api/2.0/workspace/get-status", path=root)
        if status is None:
            return {}
        found[plain_path(status["path"])] = status
    level = [root]
    while level:
        listed = api.each("folder", lambda path: api.pages("/api/2.0/workspace/list", "objects", path=path), level)
        inside = [each for some in listed.values() for each in some]
        found |= {plain_path(each["path"]): each for each in inside}
        level = [each["path"] for each in inside if each.get("object_type") == "DIRECTORY"]
    return found


def _details(api: Api, stack: Stack, objects: dict[str, dict[str, Body]]) -> None:
    """Replace what lists say of declared objects by the whole of them."""
    readers: dict[str, Callable[[str], Body | None]] = {
        "databricks_job": lambda key: _job(api, key),
        "databricks_alert_v2": lambda key: _alert(api, key),
        "databricks_dashboard": lambda key: _dashboard(api, key),
        "databricks_cluster": lambda key: _cluster(api, key, objects),
        "databricks_notebook": lambda key: _content(api, key, objects["databricks_notebook"][key], "SOURCE"),
        "databricks_workspace_file": lambda key: _content(api, key, objects["databricks_workspace_file"][key], "AUTO"),
        "databricks_secret_scope": lambda key: _scope(api, key, objects),
    }
    wanted = {
        f"{resource.type} {key}": (resource.type, key)
        for resource in stack.of(*readers)
        if (key := KINDS[resource.type].key(resource)) in objects[resource.type]
    }
    found = api.each("", lambda name: readers[wanted[name][0]](wanted[name][1]), wanted)
    for name, body in found.items():
        kind, key = wanted[name]
        if body is None:  # deleted between list and GET
            del objects[kind][key]
        else:
            objects[kind][key] = body


def _job(api: Api, key: str) -> Body | None:
    answer = api.get("/api/2.2/jobs/get", job_id=key)
    if answer is None:
        return None
    settings = answer["settings"]
    page = answer
    while token := page.get("next_page_token"):  # a hundred tasks at a time
        page = api.get("/api/2.2/jobs/get", job_id=key, page_token=token) or {}
        settings["tasks"] = settings.get("tasks", []) + page.get("settings", {}).get("tasks", [])
    return job.observed(answer)


def _alert(api: Api, key: str) -> Body | None:
    answer = api.get(f"/api/2.0/alerts/{key}")
    if answer is None or answer.get("lifecycle_state") in _TRASH:
        return None
    return alert.observed(answer)


def _dashboard(api: Api, key: str) -> Body | None:
    draft = api.get(f"/api/2.0/lakeview/dashboards/{key}")
    if draft is None or draft.get("lifecycle_state") in _TRASH:
        return None
    return dashboard.observed(draft, api.get(f"/api/2.0/lakeview/dashboards/{key}/published"))


def _cluster(api: Api, key: str, objects: Mapping[str, Mapping[str, Body]]) -> Body:
    status = api.get("/api/2.0/libraries/cluster-status", cluster_id=key) or {}
    installed = status.get("library_statuses", [])
    libraries = [each["library"] for each in installed if not each.get("is_library_for_all_clusters")]
    return compute.observed_cluster(objects["databricks_cluster"][key], libraries)


def _content(api: Api, path: str, entry: Body, form: str) -> Body | None:
    answer = api.get("/api/2.0/workspace/export", path=path, format=form)
    return None if answer is None else workspace.observed(entry, exported(answer))


def _scope(api: Api, name: str, objects: Mapping[str, Mapping[str, Body]]) -> Body:
    listed = api.pages("/api/2.0/secrets/list", "secrets", scope=name)
    return objects["databricks_secret_scope"][name] | {"keys": [each["key"] for each in listed]}


def _access(api: Api, stack: Stack, objects: Mapping[str, Mapping[str, Body]]) -> dict[str, Access]:
    """Read the access list of every declared object that has one, whether or not anything is declared about it."""
    readers: dict[str, Callable[[], Any]] = {}
    for resource in stack.resources.values():
        kind = KINDS.get(resource.type)
        body = objects.get(resource.type, {}).get(kind.key(resource)) if kind else None
        if kind is None or body is None:
            continue
        readers[f"{resource.type} {kind.key(resource)}"] = _access_reader(api, resource.type, kind.key(resource), body)
    found = api.each("access list of", lambda name: readers[name](), readers)
    return {name: access for name, access in found.items() if access is not None}


def _access_reader(api: Api, kind: str, key: str, body: Body) -> Callable[[], Access | None]:
    if kind in _SEGMENTS:
        return lambda: entries(api.get(f"/api/2.0/permissions/{_SEGMENTS[kind]}/{key}"))
    if kind in _WORKSPACE_TYPES.values():
        segment = KINDS[kind].segment
        return lambda: entries(api.get(f"/api/2.0/permissions/{segment}/{body['object_id']}"))
    if kind == "databricks_secret_scope":
        return lambda: {
            each["principal"]: (each["permission"],)
            for each in api.pages("/api/2.0/secrets/acls/list", "items", scope=key)
        }
    securable = kind.removeprefix("databricks_")
    return lambda: {
        each["principal"]: tuple(sorted(each["privileges"]))
        for each in api.pages(f"{_UNITY}/permissions/{securable}/{key}", "privilege_assignments")
    }
