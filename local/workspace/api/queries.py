"""/api/2.0/sql/queries and the legacy /api/2.0/sql/alerts: two kinds of one shape, changed by a mask in the body."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.routing import Route

from local.alerts.history import History
from local.services import Services
from local.workspace.call import Call, page, route
from local.workspace.clock import timestamp
from local.workspace.collection import Collection, masked
from local.workspace.tree import PREFIX, Tree, clean


def routes(services: Services) -> list[Route]:
    """Create, get, list, update, delete of both kinds."""
    queries = _Objects(services, "queries", "query", ("query_text",), "Query {} does not exist.")
    alerts = _Objects(services, "alerts", "alert", ("query_id", "condition"), "Alert {} does not exist.")
    return [item for part in (queries, alerts) for item in part.routes()]


class _Objects:
    def __init__(self, services: Services, kind: str, envelope: str, required: tuple[str, ...], missing: str) -> None:
        self._user = services.user
        self._tree = Tree(services.store, services.root)
        self._objects = Collection(services.store, kind, missing)
        self._queries = Collection(services.store, "queries", "Query {} does not exist.")
        self._history = History(services.store)
        self._envelope = envelope
        self._required = required

    def routes(self) -> list[Route]:
        base = f"/api/2.0/sql/{self._objects.kind}"
        return [
            route("POST", base, self._create),
            route("GET", base, self._list),
            route("GET", f"{base}/{{id}}", self._get),
            route("PATCH", f"{base}/{{id}}", self._update),
            route("DELETE", f"{base}/{{id}}", self._delete),
        ]

    def _create(self, call: Call) -> dict[str, Any]:
        given = call.mapping(self._envelope)
        inner = Call({}, {}, given)
        inner.text("display_name")
        self._check(given)
        parent = inner.optional("parent_path") or f"/Users/{self._user}"
        self._tree.require_folder(parent)
        key, now = str(uuid.uuid4()), timestamp()
        computed = {
            "id": key,
            # The real service answers with the prefix, whatever was sent.
            "parent_path": PREFIX + clean(parent),
            "owner_user_name": given.get("owner_user_name", self._user),
            "lifecycle_state": "ACTIVE",
            "create_time": now,
            "update_time": now,
        }
        if self._envelope == "query":
            computed |= {"run_as_mode": given.get("run_as_mode", "OWNER"), "last_modifier_user_name": self._user}
        return self._objects.put(key, given | computed)

    def _get(self, call: Call) -> dict[str, Any]:
        return self._objects.require(call.path["id"])

    def _list(self, call: Call) -> dict[str, Any]:
        return page(call, self._objects.all(), "results")

    def _update(self, call: Call) -> dict[str, Any]:
        key = call.path["id"]
        with self._objects.store.write():
            old = self._objects.require(key)
            new = masked(old, call.mapping(self._envelope), call.text("update_mask"))
            self._check(new)
            return self._objects.put(key, new | {"id": key, "update_time": timestamp()})

    def _delete(self, call: Call) -> None:
        with self._objects.store.write():
            self._objects.delete(call.path["id"])
            if self._envelope == "alert":
                self._history.forget(call.path["id"])

    def _check(self, body: dict[str, Any]) -> None:
        for field in self._required:
            if field != "condition":
                Call({}, {}, body).text(field)
            else:
                Call({}, {}, body).mapping(field)
        if "query_id" in self._required:
            self._queries.require(body["query_id"])
