"""/api/2.0/mlflow/experiments: experiments as objects."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from starlette.routing import Route

from local.errors import ApiError, not_found
from local.services import Services
from local.workspace.call import Call, page, route
from local.workspace.clock import milliseconds
from local.workspace.collection import Collection
from local.workspace.tree import Tree, clean


def routes(services: Services) -> list[Route]:
    """Create, get by id or name, list, search, update, tag, delete."""
    experiments = _Experiments(services)
    base = "/api/2.0/mlflow/experiments"
    return [
        route("POST", f"{base}/create", experiments.create),
        route("GET", f"{base}/get", experiments.get),
        route("GET", f"{base}/get-by-name", experiments.get_by_name),
        route("GET", f"{base}/list", experiments.listing),
        route("POST", f"{base}/search", experiments.listing),
        route("POST", f"{base}/update", experiments.update),
        route("POST", f"{base}/set-experiment-tag", experiments.tag),
        route("POST", f"{base}/delete", experiments.delete),
    ]


class _Experiments:
    def __init__(self, services: Services) -> None:
        self._tree = Tree(services.store, services.root)
        missing = "No Experiment with id={} exists"
        self._objects = Collection(services.store, "experiments", missing)

    def create(self, call: Call) -> dict[str, Any]:
        store = self._objects.store
        with store.write():
            name = self._free_name(call.text("name"))
            key, now = str(store.next_id("experiment")), milliseconds()
            body = {
                "experiment_id": key,
                "name": name,
                "artifact_location": call.optional("artifact_location") or f"dbfs:/databricks/mlflow-tracking/{key}",
                "lifecycle_stage": "active",
                "creation_time": now,
                "last_update_time": now,
                "tags": call.body.get("tags", []),
            }
            self._objects.put(key, body)
        return {"experiment_id": key}

    def get(self, call: Call) -> dict[str, Any]:
        return {"experiment": self._objects.require(call.text("experiment_id"))}

    def get_by_name(self, call: Call) -> dict[str, Any]:
        name = clean(call.text("experiment_name"))
        for body in self._objects.all():
            if body["name"] == name:
                return {"experiment": body}
        raise not_found(f"Could not find experiment with name {name}")

    def listing(self, call: Call) -> dict[str, Any]:
        return page(call, self._objects.all(), "experiments", "max_results")

    def update(self, call: Call) -> None:
        with self._objects.store.write():
            old = self._objects.require(call.text("experiment_id"))
            if call.optional("new_name") not in (None, old["name"]):
                changes = {"name": self._free_name(call.text("new_name")), "last_update_time": milliseconds()}
                self._objects.change(call.text("experiment_id"), changes)

    def tag(self, call: Call) -> None:
        tag = {"key": call.text("key"), "value": call.text("value")}
        with self._objects.store.write():
            tags = self._objects.require(call.text("experiment_id"))["tags"]
            kept = [old for old in tags if old["key"] != tag["key"]]
            self._objects.change(call.text("experiment_id"), {"tags": [*kept, tag]})

    def delete(self, call: Call) -> None:
        self._objects.delete(call.text("experiment_id"))

    def _free_name(self, name: str) -> str:
        path = clean(name)
        parent = str(PurePosixPath(path).parent)
        if self._tree.get(parent) is None:
            raise not_found(f"Workspace directory '{parent}' not found")
        if self._tree.get(path) is not None or any(body["name"] == path for body in self._objects.all()):
            raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Node named '{path}' already exists")
        return path
