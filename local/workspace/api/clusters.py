"""/api/2.1/clusters: names for compute; what runs on any of them runs on the one Spark driver."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.routing import Route

from local.errors import ApiError, invalid
from local.services import Services
from local.workspace.call import Call, page, route
from local.workspace.clock import milliseconds
from local.workspace.collection import Collection, masked

STATE = "RUNNING"
COMPUTED = frozenset(
    {
        "cluster_id",
        "creator_user_name",
        "state",
        "state_message",
        "start_time",
        "cluster_source",
        "default_tags",
        "spec",
    }
)


def routes(services: Services) -> list[Route]:
    """Create, get, list, edit, update, resize, start, delete (stop), permanent-delete, pin, and libraries."""
    clusters = _Clusters(services)
    actions: dict[str, Callable[[Call], Any]] = {
        "create": clusters.create,
        "edit": clusters.edit,
        "update": clusters.update,
        "resize": clusters.resize,
        "start": clusters.start,
        "restart": clusters.start,
        "delete": clusters.stop,
        "permanent-delete": clusters.delete,
        "pin": clusters.pin,
        "unpin": clusters.unpin,
    }
    return [
        *(route("POST", f"/api/2.1/clusters/{name}", action) for name, action in actions.items()),
        route("GET", "/api/2.1/clusters/get", clusters.get),
        route("GET", "/api/2.1/clusters/list", clusters.listing),
        route("GET", "/api/2.0/libraries/cluster-status", clusters.library_status),
        route("POST", "/api/2.0/libraries/install", clusters.install),
        route("POST", "/api/2.0/libraries/uninstall", clusters.uninstall),
    ]


class _Clusters:
    def __init__(self, services: Services) -> None:
        self._user = services.user
        # The provider knows a cluster that is gone by this 400, not by a 404.
        missing = ("Cluster {} does not exist", 400, "INVALID_PARAMETER_VALUE")
        self._objects = Collection(services.store, "clusters", *missing)

    def create(self, call: Call) -> dict[str, Any]:
        call.text("spark_version")
        name = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
        key = f"{datetime.now(UTC):%m%d-%H%M%S}-{name}"
        self._objects.put(key, {"settings": call.body, "creator_user_name": self._user} | _running())
        return {"cluster_id": key}

    def get(self, call: Call) -> dict[str, Any]:
        key = call.text("cluster_id")
        return _render(key, self._objects.require(key))

    def listing(self, call: Call) -> dict[str, Any]:
        found = self._objects.store.list(self._objects.kind)
        if call.flag("filter_by.is_pinned"):
            found = [(key, body) for key, body in found if body.get("pinned")]
        return page(call, [_render(key, body) for key, body in found], "clusters")

    def edit(self, call: Call) -> None:
        call.text("spark_version")
        settings = {name: value for name, value in call.body.items() if name not in COMPUTED}
        self._objects.change(call.text("cluster_id"), {"settings": settings})

    def update(self, call: Call) -> None:
        key = call.text("cluster_id")
        with self._objects.store.write():
            old = self._objects.require(key)["settings"]
            settings = masked(old, call.body.get("cluster", {}), call.text("update_mask"))
            self._objects.change(key, {"settings": settings})

    def resize(self, call: Call) -> None:
        size = {name: call.body[name] for name in ("num_workers", "autoscale") if name in call.body}
        if len(size) != 1:
            raise invalid("Exactly one of num_workers and autoscale must be given")
        key = call.text("cluster_id")
        with self._objects.store.write():
            body = self._objects.require(key)
            if body["state"] != STATE:
                raise ApiError(400, "INVALID_STATE", f"Cluster {key} is in unexpected state {body['state']}.")
            kept = {name: value for name, value in body["settings"].items() if name not in ("num_workers", "autoscale")}
            self._objects.change(key, {"settings": kept | size})

    def start(self, call: Call) -> None:
        self._objects.change(call.text("cluster_id"), _running())

    def stop(self, call: Call) -> None:
        self._objects.change(call.text("cluster_id"), {"state": "TERMINATED"})

    def delete(self, call: Call) -> None:
        key = call.text("cluster_id")
        with self._objects.store.write():
            if self._objects.require(key).get("pinned"):
                raise invalid(f"Cannot delete cluster {key}: unpin the cluster first")
            self._objects.delete(key)

    def pin(self, call: Call) -> None:
        self._objects.change(call.text("cluster_id"), {"pinned": True})

    def unpin(self, call: Call) -> None:
        self._objects.change(call.text("cluster_id"), {"pinned": False})

    def library_status(self, call: Call) -> dict[str, Any]:
        key = call.text("cluster_id")
        libraries = self._objects.require(key).get("libraries", [])
        # Kept, so that it is seen; never said to be there.
        reason = ["The local workspace installs no cluster libraries."]
        statuses = [{"library": library, "status": "FAILED", "messages": reason} for library in libraries]
        return {"cluster_id": key, "library_statuses": statuses}

    def install(self, call: Call) -> None:
        self._change_libraries(call, lambda old, new: [*old, *(library for library in new if library not in old)])

    def uninstall(self, call: Call) -> None:
        self._change_libraries(call, lambda old, gone: [library for library in old if library not in gone])

    def _change_libraries(self, call: Call, combine: Callable[[list[Any], list[Any]], list[Any]]) -> None:
        key = call.text("cluster_id")
        with self._objects.store.write():
            old = self._objects.require(key).get("libraries", [])
            self._objects.change(key, {"libraries": combine(old, call.body.get("libraries", []))})


def _running() -> dict[str, Any]:
    return {"state": STATE, "start_time": milliseconds()}


def _render(key: str, body: dict[str, Any]) -> dict[str, Any]:
    settings, creator = body["settings"], body["creator_user_name"]
    computed: dict[str, Any] = {
        "cluster_id": key,
        "creator_user_name": creator,
        "state": body["state"],
        "state_message": "",
        "start_time": body["start_time"],
        "cluster_source": "API",
        "driver_node_type_id": settings.get("driver_node_type_id") or settings.get("node_type_id", ""),
        "default_tags": {"Vendor": "Databricks", "Creator": creator, "ClusterId": key},
        "spec": settings,
    }
    # A single-user cluster belongs to its creator unless it says otherwise: the real service fills this in too.
    if settings.get("data_security_mode") == "SINGLE_USER" and not settings.get("single_user_name"):
        computed["single_user_name"] = creator
    return {**settings, **computed}
