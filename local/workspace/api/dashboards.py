"""/api/2.0/lakeview/dashboards: drafts, their etags, and what is published of them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.routing import Route

from local.errors import ApiError, already_exists, invalid, not_found
from local.services import Services
from local.workspace.call import Call, page, route
from local.workspace.collection import Collection
from local.workspace.tree import Tree, clean

EDITABLE = frozenset({"display_name", "warehouse_id", "serialized_dashboard", "parent_path"})


def routes(services: Services) -> list[Route]:
    """Create, get, list, update, delete, publish, unpublish."""
    dashboards = _Dashboards(services)
    base = "/api/2.0/lakeview/dashboards"
    return [
        route("POST", base, dashboards.create),
        route("GET", base, dashboards.listing),
        route("GET", f"{base}/{{id}}", dashboards.get),
        route("PATCH", f"{base}/{{id}}", dashboards.update),
        route("DELETE", f"{base}/{{id}}", dashboards.delete),
        route("POST", f"{base}/{{id}}/published", dashboards.publish),
        route("GET", f"{base}/{{id}}/published", dashboards.get_published),
        route("DELETE", f"{base}/{{id}}/published", dashboards.unpublish),
    ]


class _Dashboards:
    # An object is {"draft": what GET answers, "published": what GET …/published answers, or None}.

    def __init__(self, services: Services) -> None:
        self._user = services.user
        self._tree = Tree(services.store, services.root)
        self._objects = Collection(services.store, "dashboards", "Unable to find dashboard with id {}.")

    def create(self, call: Call) -> dict[str, Any]:
        call.text("display_name")
        key, now = uuid.uuid4().hex, _now()
        given = {"serialized_dashboard": "{}", "parent_path": f"/Users/{self._user}"} | call.body
        with self._objects.store.write():
            draft = self._checked(given, key) | {"dashboard_id": key, "create_time": now}
            return self._save(key, draft, None)

    def get(self, call: Call) -> dict[str, Any]:
        return self._draft(call)

    def listing(self, call: Call) -> dict[str, Any]:
        summaries = [
            {name: value for name, value in body["draft"].items() if name != "serialized_dashboard"}
            for body in self._objects.all()
        ]
        return page(call, summaries, "dashboards")

    def update(self, call: Call) -> dict[str, Any]:
        key = call.path["id"]
        with self._objects.store.write():
            body = self._objects.require(key)
            old, etag = body["draft"], call.optional("etag")
            if etag is not None and etag != old["etag"]:
                message = f"Dashboard {key} was changed by someone else: its etag is {old['etag']}, not {etag}."
                raise ApiError(409, "ABORTED", message)
            # Terraform sends the whole object back; the folder of a dashboard does not change by an update.
            given = {name: value for name, value in call.body.items() if name != "parent_path"}
            draft = self._checked(old | given, key)
            return self._save(key, draft | {name: old[name] for name in ("dashboard_id", "create_time")}, body)

    def delete(self, call: Call) -> None:
        self._objects.delete(call.path["id"])

    def publish(self, call: Call) -> dict[str, Any]:
        key = call.path["id"]
        with self._objects.store.write():
            draft = self._draft(call)
            published = {
                "display_name": draft["display_name"],
                "embed_credentials": call.flag("embed_credentials"),
                "warehouse_id": call.optional("warehouse_id") or draft.get("warehouse_id", ""),
                "revision_create_time": draft["update_time"],
            }
            content = draft["serialized_dashboard"]
            self._objects.change(key, {"published": published, "published_content": content})
        return published

    def get_published(self, call: Call) -> dict[str, Any]:
        published: dict[str, Any] | None = self._objects.require(call.path["id"]).get("published")
        if published is None:
            raise not_found(f"Unable to find published dashboard [dashboardId={call.path['id']}]")
        return published

    def unpublish(self, call: Call) -> None:
        self.get_published(call)
        self._objects.change(call.path["id"], {"published": None, "published_content": None})

    def _draft(self, call: Call) -> dict[str, Any]:
        draft: dict[str, Any] = self._objects.require(call.path["id"])["draft"]
        return draft

    def _save(self, key: str, draft: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
        # The etag is all that Terraform compares: it must change with every write.
        draft |= {"etag": uuid.uuid4().hex[:8], "lifecycle_state": "ACTIVE", "update_time": _now()}
        base = old or {"creator_user_name": self._user, "published": None, "published_content": None}
        self._objects.put(key, base | {"draft": draft})
        return draft

    def _checked(self, body: dict[str, Any], own_id: str) -> dict[str, Any]:
        given = {name: value for name, value in body.items() if name in EDITABLE}
        try:
            content = json.loads(given["serialized_dashboard"])
        except (TypeError, ValueError) as error:
            raise invalid(f"serialized_dashboard is not valid JSON: {error}") from None
        if not isinstance(content, dict):
            raise invalid("serialized_dashboard must be a JSON object")
        parent = clean(str(given["parent_path"]))
        folder = self._tree.get(parent)
        if folder is None or folder.object_type != "DIRECTORY":
            raise not_found(f"Path ({parent}) doesn't exist.")
        path = f"{parent.rstrip('/')}/{given['display_name']}.lvdash.json"
        taken = {other["draft"]["path"] for other in self._objects.all() if other["draft"]["dashboard_id"] != own_id}
        if path in taken:
            raise already_exists(f"Node named '{given['display_name']}.lvdash.json' already exists")
        return given | {"parent_path": parent, "path": path}


def _now() -> str:
    # In microseconds: drafts are compared with what is published by these.
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
