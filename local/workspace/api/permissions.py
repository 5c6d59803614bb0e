"""/api/2.0/permissions: access lists of workspace objects."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from local.errors import invalid
from local.services import Services
from local.workspace import access
from local.workspace.call import Call, route
from local.workspace.tree import Tree


def routes(services: Services) -> list[Route]:
    """GET, PUT and PATCH of every kind; ids of one path segment, kinds of one or two."""
    tree = Tree(services.store, services.root)

    def find(call: Call, segment: str) -> access.AccessList:
        securable = access.securable(segment)

        def in_tree(key: str) -> str | None:
            known = key.isdecimal() and tree.by_id(int(key), access.TREE_TYPES[securable.kind])
            return services.user if known else None

        return access.find(services.store, securable, call.path["id"], in_tree, services.user)

    def bound(segment: str) -> list[Route]:
        def get(call: Call) -> dict[str, Any]:
            return find(call, segment).render()

        def put(call: Call) -> dict[str, Any]:
            with services.store.write():
                found = find(call, segment)
                found.replace(_requested(call))
                return found.render()

        def patch(call: Call) -> dict[str, Any]:
            with services.store.write():
                found = find(call, segment)
                found.extend(_requested(call))
                return found.render()

        def levels(call: Call) -> dict[str, Any]:
            find(call, segment)
            known = access.securable(segment).levels
            return {"permission_levels": [{"permission_level": level, "description": level} for level in known]}

        path = f"/api/2.0/permissions/{segment}/{{id}}"
        return [
            route("GET", f"{path}/permissionLevels", levels),
            route("GET", path, get),
            route("PUT", path, put),
            route("PATCH", path, patch),
        ]

    return [item for segment in (*access.SECURABLES, *access.ALIASES) for item in bound(segment)]


def _requested(call: Call) -> list[dict[str, Any]]:
    # The provider clears policies, dashboards, folders and notebooks with `PUT {}`.
    requested = call.body.get("access_control_list", [])
    if not isinstance(requested, list) or not all(isinstance(item, dict) for item in requested):
        raise invalid("access_control_list must be a list of entries")
    return requested
