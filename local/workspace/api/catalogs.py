"""/api/2.1/unity-catalog/catalogs and schemas; each change is told to the Spark driver."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from starlette.routing import Route

from local.errors import ApiError
from local.services import Services
from local.workspace import lake, volumes
from local.workspace.api.securables import BASE, METASTORE, Securables, named, unique_id
from local.workspace.call import Call, page, route

CATALOG_FIELDS = frozenset({"comment", "properties", "isolation_mode", "enable_predictive_optimization", "options"})
SCHEMA_FIELDS = frozenset({"comment", "properties", "enable_predictive_optimization"})
PREDICTIVE = {"value": "ENABLE", "inherited_from_type": "METASTORE", "inherited_from_name": "local"}


def routes(services: Services) -> list[Route]:
    """Create, get, list, update, delete of both, and the metastore they are in."""
    catalogs, schemas = _Catalogs(services), _Schemas(services)
    return [
        route("POST", f"{BASE}/catalogs", catalogs.create),
        route("GET", f"{BASE}/catalogs", catalogs.listing),
        route("GET", f"{BASE}/catalogs/{{name}}", catalogs.get),
        route("PATCH", f"{BASE}/catalogs/{{name}}", catalogs.update),
        route("DELETE", f"{BASE}/catalogs/{{name}}", catalogs.delete),
        route("POST", f"{BASE}/schemas", schemas.create),
        route("GET", f"{BASE}/schemas", schemas.listing),
        route("GET", f"{BASE}/schemas/{{name}}", schemas.get),
        route("PATCH", f"{BASE}/schemas/{{name}}", schemas.update),
        route("DELETE", f"{BASE}/schemas/{{name}}", schemas.delete),
        route("GET", f"{BASE}/current-metastore-assignment", _assignment),
        route("GET", f"{BASE}/metastore_summary", _metastore),
    ]


class _Catalogs(Securables):
    def __init__(self, services: Services) -> None:
        super().__init__(services, "catalogs", "Catalog", "CATALOG_DOES_NOT_EXIST")
        self._services = services
        self._schemas = _Schemas(services)

    def create(self, call: Call) -> dict[str, Any]:
        name = named(call)
        computed = {
            "catalog_type": "MANAGED_CATALOG",
            "isolation_mode": call.optional("isolation_mode") or "OPEN",
            "securable_type": "CATALOG",
            "securable_kind": "CATALOG_STANDARD",
            "browse_only": False,
        }
        lake.settle_before(self._services, f"{name}.default")
        with self.store.write():
            body = self.make(name, call.body, computed)
            # Unity Catalog makes it; the provider deletes it at once and fails when it is not there.
            self._schemas.add(name, "default", {"comment": "Default schema (auto-created)"})
        lake.changed(self._services)
        return body

    def listing(self, call: Call) -> dict[str, Any]:
        return page(call, sorted(self.objects.all(), key=lambda body: str(body["name"])), "catalogs", "max_results")

    def update(self, call: Call) -> dict[str, Any]:
        return self.change(call, CATALOG_FIELDS)

    def delete(self, call: Call) -> None:
        name = call.path["name"].lower()
        self.require(name)
        schemas = self._schemas.below(name)
        if not call.flag("force") and any(body["name"] != "default" for body in schemas):
            message = f"Catalog '{name}' is not empty. The catalog has {len(schemas)} schema(s)."
            raise ApiError(400, "INVALID_STATE", message)
        for body in schemas:
            self._schemas.empty(body["full_name"], call.flag("force"))
        with self.store.write():
            gone = [volume for body in schemas for volume in self._schemas.remove(body["full_name"])]
            self.objects.delete(name)
        volumes.discard(self._services.root, gone)
        lake.changed(self._services)


class _Schemas(Securables):
    def __init__(self, services: Services) -> None:
        super().__init__(services, "schemas", "Schema", "SCHEMA_DOES_NOT_EXIST")
        self._services = services
        self._catalogs = Securables(services, "catalogs", "Catalog", "CATALOG_DOES_NOT_EXIST")
        self._content = [
            Securables(services, kind, kind.capitalize(), "RESOURCE_DOES_NOT_EXIST") for kind in ("volumes", "models")
        ]

    def add(self, catalog: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        self._catalogs.require(catalog)
        computed = {
            "catalog_name": catalog,
            "catalog_type": "MANAGED_CATALOG",
            "schema_id": unique_id(),
            "effective_predictive_optimization_flag": PREDICTIVE,
            "browse_only": False,
        }
        return self.make(f"{catalog}.{name}", given, computed)

    def create(self, call: Call) -> dict[str, Any]:
        catalog, name = named(call, "catalog_name"), named(call)
        lake.settle_before(self._services, f"{catalog}.{name}")
        with self.store.write():
            body = self.add(catalog, name, call.body)
        lake.changed(self._services)
        return body

    def listing(self, call: Call) -> dict[str, Any]:
        catalog = call.text("catalog_name")
        self._catalogs.require(catalog)
        return page(call, self.below(catalog), "schemas", "max_results")

    def update(self, call: Call) -> dict[str, Any]:
        return self.change(call, SCHEMA_FIELDS)

    def delete(self, call: Call) -> None:
        name = call.path["name"].lower()
        self.empty(name, call.flag("force"))
        with self.store.write():
            gone = self.remove(name)
        volumes.discard(self._services.root, gone)
        lake.changed(self._services)

    def empty(self, full_name: str, force: bool) -> None:
        """Refuse to delete what is not empty, then drop it in the driver: in no transaction, Spark takes its time."""
        self.require(full_name)
        if not force:
            found: dict[str, Sized] = {"table": lake.tables(self._services, full_name)}
            found |= {kind.kind.removesuffix("s"): kind.below(full_name) for kind in self._content}
            if any(found.values()):
                counts = ", ".join(f"{len(bodies)} {kind}(s)" for kind, bodies in found.items())
                raise ApiError(400, "INVALID_STATE", f"Schema '{full_name}' is not empty. The schema has {counts}.")
        # Killed between here and the commit, the schema is there, empty, and can be deleted again.
        lake.drop(self._services, full_name)

    def remove(self, full_name: str) -> list[str]:
        """Delete a schema in the caller's transaction; return the names of its volumes, whose files go after it."""
        self.require(full_name)
        inside = {kind.kind: [str(body["full_name"]) for body in kind.below(full_name)] for kind in self._content}
        for kind in self._content:
            for name in inside[kind.kind]:
                kind.objects.delete(name)
        self.objects.delete(full_name)
        return inside["volumes"]


def _assignment(_: Call) -> dict[str, Any]:
    return {"metastore_id": METASTORE, "workspace_id": 1, "default_catalog_name": "hive_metastore"}


def _metastore(_: Call) -> dict[str, Any]:
    return {
        "metastore_id": METASTORE,
        "name": "local",
        "cloud": "azure",
        "region": "local",
        "privilege_model_version": "1.0",
    }
