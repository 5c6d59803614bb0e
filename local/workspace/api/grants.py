"""/api/2.1/unity-catalog/permissions: privileges on catalogs, schemas, volumes, models, credentials, locations."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from local.errors import invalid
from local.services import Services
from local.workspace import access
from local.workspace.api.securables import BASE, Securables
from local.workspace.call import Call, route

TYPES = {
    "catalog": ("catalogs", "Catalog", "CATALOG_DOES_NOT_EXIST"),
    "schema": ("schemas", "Schema", "SCHEMA_DOES_NOT_EXIST"),
    "volume": ("volumes", "Volume", "RESOURCE_DOES_NOT_EXIST"),
    "function": ("models", "Registered model", "RESOURCE_DOES_NOT_EXIST"),  # a model is a function to the API
    "storage_credential": ("storage-credentials", "Storage Credential", "STORAGE_CREDENTIAL_DOES_NOT_EXIST"),
    "external_location": ("external-locations", "External Location", "EXTERNAL_LOCATION_DOES_NOT_EXIST"),
}


def routes(services: Services) -> list[Route]:
    """Read and change the direct privileges."""
    grants = _Grants(services)
    path = f"{BASE}/permissions/{{type}}/{{name}}"
    return [route("GET", path, grants.get), route("PATCH", path, grants.update)]


class _Grants:
    # Kept where other access lists are, under the object's kind, so that they go with the object.

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._securables = {name: Securables(services, *kind) for name, kind in TYPES.items()}

    def get(self, call: Call) -> dict[str, Any]:
        privileges, principal = self._read(self._key(call)), call.optional("principal")
        return _render({who: held for who, held in privileges.items() if principal in (None, who)})

    def update(self, call: Call) -> dict[str, Any]:
        changes = call.body.get("changes", [])
        if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
            raise invalid("changes must be a list of {principal, add, remove}")
        with self._store.write():
            key = self._key(call)
            privileges = self._read(key)
            for change in changes:
                who = Call({}, {}, change).text("principal")
                removed = {_normal(name) for name in change.get("remove") or []}
                held = {*privileges.get(who, []), *(_normal(name) for name in change.get("add") or [])}
                privileges[who] = sorted(set() if "ALL_PRIVILEGES" in removed else held - removed)
            privileges = {who: held for who, held in privileges.items() if held}
            self._store.put(access.KIND, key, {"privileges": privileges})
        return _render(privileges)

    def _key(self, call: Call) -> str:
        securable = self._securables.get(call.path["type"].lower())
        if securable is None:
            raise invalid(f"The local workspace keeps privileges on {', '.join(TYPES)}, not on {call.path['type']}")
        return f"{securable.kind}/{securable.require(call.path['name'])['full_name']}"

    def _read(self, key: str) -> dict[str, list[str]]:
        saved = self._store.get(access.KIND, key)
        return dict(saved["privileges"]) if saved else {}


def _normal(privilege: str) -> str:
    return privilege.upper().replace(" ", "_")


def _render(privileges: dict[str, list[str]]) -> dict[str, Any]:
    if not privileges:
        return {}
    return {"privilege_assignments": [{"principal": who, "privileges": held} for who, held in privileges.items()]}
