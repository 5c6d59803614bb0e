"""How drift is made by hand in a deployed workspace, through databricks-sdk, and taken back again."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from databricks.sdk import WorkspaceClient

from scripts.drift.access import TARGETS
from scripts.drift.declared import Stack
from scripts.drift.kinds import KINDS

Body = dict[str, Any]
Found = set[tuple[str, str]]  # address and path of each finding that must come
Change = Callable[[Body], None]
_ALERT = "display_name,query_text,warehouse_id,custom_summary,custom_description,evaluation,schedule,run_as"


@dataclass
class Site:
    """A deployed environment; whatever changes it says how to take that back."""

    client: WorkspaceClient
    stack: Stack
    root: str
    undos: list[Callable[[], object]] = field(default_factory=list)

    def get(self, path: str, /, **query: Any) -> Any:
        return self.client.api_client.do("GET", path, query=query)

    def send(self, method: str, path: str, body: Body | None = None, /, **query: Any) -> Any:
        return self.client.api_client.do(method, path, query=query, body=body)

    def id(self, address: str) -> str:
        return self.stack.resources[address].id

    def path(self, address: str) -> str:
        return str(self.stack.resources[address].arguments["path"])

    def restore(self) -> None:
        """Take everything back, last first."""
        while self.undos:
            self.undos.pop()()


@dataclass(frozen=True)
class Injection:
    """One kind of drift: `make` does it and returns what must be found; nothing, where it is no drift.

    Injections that touch different places can be found in one look. A lasting one is never taken back.
    """

    name: str
    touches: frozenset[str]
    make: Callable[[Site], Found]
    lasting: bool = False


def rounds(injections: Sequence[Injection], whole_objects: bool = False) -> Iterator[list[Injection]]:
    """Yield injections in as few rounds as their places allow, lasting ones last; one to an object, if so wanted."""
    for lasting in (False, True):
        waiting = [each for each in injections if each.lasting is lasting]
        while waiting:
            taken: list[Injection] = []
            places: set[str] = set()
            for each in waiting:
                mine = {place.partition(" ")[0] for place in each.touches} if whole_objects else set(each.touches)
                if places.isdisjoint(mine):
                    taken.append(each)
                    places |= mine
            waiting = [each for each in waiting if each not in taken]
            yield taken


def edited(name: str, address: str, change: Change, *paths: str) -> Injection:
    """Change the body of a job, alert, dashboard, cluster, policy or warehouse as somebody would in the UI."""

    def make(site: Site) -> Found:
        read, write = _EDITORS[address.partition(".")[0]]
        before = read(site, site.id(address))
        after = copy.deepcopy(before)
        change(after)
        site.undos.append(lambda: write(site, site.id(address), before))
        write(site, site.id(address), after)
        return {(address, path) for path in paths}

    places = {path.split(".")[0] for path in paths} or {name}
    if address.startswith("databricks_dashboard"):
        places = {"draft and published version"}
    return Injection(name, frozenset(f"{address} {place}" for place in places), make)


def patched(name: str, address: str, change: Body, *paths: str) -> Injection:
    """Change fields of a catalog, schema or volume."""

    def make(site: Site) -> Found:
        kind = address.partition(".")[0].removeprefix("databricks_")
        place = f"/api/2.1/unity-catalog/{kind}s/{site.id(address)}"
        before = site.get(place)
        empty = {"properties": {}, "comment": "", "enable_predictive_optimization": "INHERIT"}
        undo = {each: before.get(each, empty.get(each)) for each in change}
        site.undos.append(lambda: site.send("PATCH", place, undo))
        site.send("PATCH", place, change)
        return {(address, path) for path in paths}

    return Injection(name, frozenset(f"{address} {each}" for each in change), make)


def rewritten(name: str, address: str, change: Callable[[bytes], bytes], *paths: str) -> Injection:
    """Change the content of a notebook or file."""

    def make(site: Site) -> Found:
        path = site.path(address)
        notebook = address.startswith("databricks_notebook")
        before = base64.b64decode(site.get("/api/2.0/workspace/export", path=path, format="SOURCE")["content"])
        language = site.stack.resources[address].arguments.get("language")
        site.undos.append(lambda: write(site, path, before, language))
        write(site, path, change(before), language if notebook else None)
        return {(address, each) for each in paths}

    return Injection(name, frozenset({f"{address} content"}), make)


def write(site: Site, path: str, content: bytes, language: str | None) -> None:
    """Import a file, or a notebook of a language."""
    form = {"format": "SOURCE", "language": language} if language else {"format": "RAW"}
    body = {"path": path, "content": base64.b64encode(content).decode(), "overwrite": True, **form}
    site.send("POST", "/api/2.0/workspace/import", body)


def removed(name: str, address: str) -> Injection:
    """Delete a notebook or file, for which another can be put."""

    def make(site: Site) -> Found:
        resource, path = site.stack.resources[address], site.path(address)
        language = resource.arguments.get("language")
        site.undos.append(lambda: write(site, path, resource.content(), language))
        site.send("POST", "/api/2.0/workspace/delete", {"path": path})
        return {(address, "")}

    return Injection(name, frozenset({f"{address} content"}), make)


def deleted(name: str, address: str, method: str, path: str, body: Body | None = None, **query: Any) -> Injection:
    """Delete an object whose id can never come back; {id} stands for it."""

    def make(site: Site) -> Found:
        filled = {key: value.replace("{id}", site.id(address)) for key, value in (body or {}).items()}
        site.send(method, path.replace("{id}", site.id(address)), filled or None, **query)
        return {(address, "")}

    return Injection(name, frozenset({f"{address} "}), make, lasting=True)


def shared(name: str, address: str, change: Change, *paths: str) -> Injection:
    """Change the access list of an object, given as {principal: level}."""

    def make(site: Site) -> Found:
        place = _list_of(site, address)
        listed = site.get(place)["access_control_list"]
        before = {
            f"{kind} {entry[kind]}": each["permission_level"]
            for entry in listed
            for kind in ("user_name", "group_name", "service_principal_name")
            for each in entry["all_permissions"]
            if entry.get(kind) and not each["inherited"]
        }
        after = dict(before)
        change(after)
        site.undos.append(lambda: _put(site, place, before))
        _put(site, place, after)
        return {(address, path) for path in paths}

    return Injection(name, frozenset(f"{address} {path}" for path in paths), make)


def granted(name: str, address: str, principal: str, privilege: str) -> Injection:
    """Grant a privilege on a catalog, schema or volume."""

    def make(site: Site) -> Found:
        kind = address.partition(".")[0].removeprefix("databricks_")
        place = f"/api/2.1/unity-catalog/permissions/{kind}/{site.id(address)}"
        for verb in ("remove", "add"):
            body = {"changes": [{"principal": principal, verb: [privilege]}]}
            if verb == "remove":
                site.undos.append(partial(site.send, "PATCH", place, body))
            else:
                site.send("PATCH", place, body)
        return {(address, f"grants[{principal}]")}

    return Injection(name, frozenset({f"{address} grants[{principal}]"}), make)


def _list_of(site: Site, address: str) -> str:
    resource = site.stack.resources[address]
    if resource.type == "databricks_permissions":
        attribute = next(each for each in TARGETS if resource.arguments.get(each))
        kind, key = KINDS[TARGETS[attribute]], str(resource.arguments[attribute])
    else:
        kind, key = KINDS[resource.type], KINDS[resource.type].key(resource)
    if key.startswith("/"):
        key = str(site.get("/api/2.0/workspace/get-status", path=key)["object_id"])
    return f"/api/2.0/permissions/{kind.segment}/{key}"


def _put(site: Site, place: str, levels: Body) -> None:
    entries = [
        {who.partition(" ")[0]: who.partition(" ")[2], "permission_level": level} for who, level in levels.items()
    ]
    site.send("PUT", place, {"access_control_list": entries})


def _write_dashboard(site: Site, key: str, body: Body) -> None:
    """Save a draft; publish it when it is to be as it was, for else the published version would be behind."""
    fields = {name: body[name] for name in ("display_name", "warehouse_id", "serialized_dashboard")}
    site.send("PATCH", f"/api/2.0/lakeview/dashboards/{key}", fields)
    if "published" in body:
        site.send("POST", f"/api/2.0/lakeview/dashboards/{key}/published", body["published"])


def _read_dashboard(site: Site, key: str) -> Body:
    draft = site.get(f"/api/2.0/lakeview/dashboards/{key}")
    published = site.get(f"/api/2.0/lakeview/dashboards/{key}/published")
    # Beside the draft, so that taking back publishes again; a change that pops it leaves only a draft.
    return {**draft, "published": {name: published[name] for name in ("embed_credentials", "warehouse_id")}}


def _write_cluster(site: Site, key: str, body: Body) -> None:
    computed = ("state", "state_message", "start_time", "cluster_source", "default_tags", "spec", "creator_user_name")
    fields = {name: value for name, value in body.items() if name not in computed}
    site.send("POST", "/api/2.1/clusters/edit", fields)


_EDITORS: dict[str, tuple[Callable[[Site, str], Body], Callable[[Site, str, Body], object]]] = {
    "databricks_job": (
        lambda site, key: site.get("/api/2.2/jobs/get", job_id=key)["settings"],
        lambda site, key, body: site.send("POST", "/api/2.2/jobs/reset", {"job_id": int(key), "new_settings": body}),
    ),
    "databricks_alert_v2": (
        lambda site, key: site.get(f"/api/2.0/alerts/{key}"),
        lambda site, key, body: site.send("PATCH", f"/api/2.0/alerts/{key}", body, update_mask=_ALERT),
    ),
    "databricks_dashboard": (_read_dashboard, _write_dashboard),
    "databricks_cluster": (
        lambda site, key: site.get("/api/2.1/clusters/get", cluster_id=key),
        _write_cluster,
    ),
    "databricks_cluster_policy": (
        lambda site, key: site.get("/api/2.0/policies/clusters/get", policy_id=key),
        lambda site, key, body: site.send("POST", "/api/2.0/policies/clusters/edit", body),
    ),
    "databricks_sql_endpoint": (
        lambda site, key: site.get(f"/api/2.0/sql/warehouses/{key}"),
        lambda site, key, body: site.send("POST", f"/api/2.0/sql/warehouses/{key}/edit", body),
    ),
}


def inside(root: str, path: str) -> str:
    """Return a path below the environment's folder."""
    return str(PurePosixPath(root) / path)
