"""/api/2.1/unity-catalog: volumes, registered models, storage credentials, external locations."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from local.errors import ApiError, invalid
from local.services import Services
from local.workspace import volumes
from local.workspace.api.securables import BASE, Securables, named, unique_id
from local.workspace.call import Call, page, route


def routes(services: Services) -> list[Route]:
    """Create, get, list, update, delete of each."""
    parts = (_Volumes(services), _Models(services), _Credentials(services), _Locations(services))
    return [
        item
        for part in parts
        for path in [f"{BASE}/{part.kind}"]
        for item in (
            route("POST", path, part.create),
            route("GET", path, part.listing),
            route("GET", f"{path}/{{name}}", part.get),
            route("PATCH", f"{path}/{{name}}", part.update),
            route("DELETE", f"{path}/{{name}}", part.delete),
        )
    ]


class _InSchema(Securables):
    """A kind that lives in a schema."""

    def __init__(self, services: Services, kind: str, label: str) -> None:
        super().__init__(services, kind, label, "RESOURCE_DOES_NOT_EXIST")
        self.root = services.root
        self._schemas = Securables(services, "schemas", "Schema", "SCHEMA_DOES_NOT_EXIST")

    def full_name(self, call: Call) -> str:
        """Return the full name of what is to be created; its schema must exist."""
        schema = f"{named(call, 'catalog_name')}.{named(call, 'schema_name')}"
        self._schemas.require(schema)
        return f"{schema}.{named(call)}"

    def listed(self, call: Call, name: str) -> dict[str, Any]:
        """Answer a listing of one schema."""
        schema = f"{named(call, 'catalog_name')}.{named(call, 'schema_name')}"
        self._schemas.require(schema)
        return page(call, self.below(schema), name, "max_results")


class _Volumes(_InSchema):
    def __init__(self, services: Services) -> None:
        super().__init__(services, "volumes", "Volume")

    def create(self, call: Call) -> dict[str, Any]:
        kind = call.text("volume_type")
        if (kind, "storage_location" in call.body) not in (("MANAGED", False), ("EXTERNAL", True)):
            raise invalid("volume_type is MANAGED without, or EXTERNAL with a storage_location")
        with self.store.write():
            name = self.full_name(call)
            place = call.optional("storage_location") or volumes.folder(self.root, name).as_uri()
            computed = {"volume_id": unique_id(), "storage_location": place}
            body = self.make(name, call.body, computed | _parents(name))
            volumes.create(self.root, name)
        return body

    def listing(self, call: Call) -> dict[str, Any]:
        return self.listed(call, "volumes")

    def update(self, call: Call) -> dict[str, Any]:
        return self.change(call, frozenset({"comment"}))

    def delete(self, call: Call) -> None:
        name = call.path["name"].lower()
        self.objects.delete(name)
        volumes.discard(self.root, [name])


class _Models(_InSchema):
    def __init__(self, services: Services) -> None:
        super().__init__(services, "models", "Registered model")

    def create(self, call: Call) -> dict[str, Any]:
        with self.store.write():
            name = self.full_name(call)
            place = call.optional("storage_location") or self.root.joinpath("models", *name.split(".")).as_uri()
            return self.make(name, call.body, {"storage_location": place, "id": unique_id()} | _parents(name))

    def listing(self, call: Call) -> dict[str, Any]:
        if call.optional("catalog_name") is not None:
            return self.listed(call, "registered_models")
        return page(call, self.objects.all(), "registered_models", "max_results")

    def update(self, call: Call) -> dict[str, Any]:
        return self.change(call, frozenset({"comment"}))

    def delete(self, call: Call) -> None:
        self.objects.delete(call.path["name"].lower())


class _Credentials(Securables):
    def __init__(self, services: Services) -> None:
        super().__init__(services, "storage-credentials", "Storage Credential", "STORAGE_CREDENTIAL_DOES_NOT_EXIST")
        self._locations = Securables(services, "external-locations", "External Location", "")

    def create(self, call: Call) -> dict[str, Any]:
        computed: dict[str, Any] = {"id": unique_id(), "isolation_mode": "ISOLATION_MODE_OPEN"}
        if "aws_iam_role" in call.body:
            identity = {"unity_catalog_iam_arn": "arn:aws:iam::414351767826:role/local", "external_id": unique_id()}
            computed["aws_iam_role"] = call.mapping("aws_iam_role") | identity
        with self.store.write():
            return self.make(named(call), call.body, computed)

    def listing(self, call: Call) -> dict[str, Any]:
        return page(call, self.objects.all(), "storage_credentials", "max_results")

    def update(self, call: Call) -> dict[str, Any]:
        given = ("comment", "read_only", "isolation_mode", "aws_iam_role", "azure_managed_identity")
        return self.change(call, frozenset(given))

    def delete(self, call: Call) -> None:
        name = call.path["name"].lower()
        with self.store.write():
            used = [body["name"] for body in self._locations.objects.all() if body["credential_name"].lower() == name]
            if used and not call.flag("force"):
                message = f"Storage credential '{name}' is used by external location(s) {', '.join(used)}"
                raise ApiError(400, "INVALID_STATE", message)
            self.objects.delete(name)


class _Locations(Securables):
    def __init__(self, services: Services) -> None:
        super().__init__(services, "external-locations", "External Location", "EXTERNAL_LOCATION_DOES_NOT_EXIST")
        self._credentials = _Credentials(services)

    def create(self, call: Call) -> dict[str, Any]:
        call.text("url")
        with self.store.write():
            credential = self._credentials.require(call.text("credential_name"))
            computed = {"credential_id": credential["id"], "isolation_mode": "ISOLATION_MODE_OPEN"}
            return self.make(named(call), call.body, computed)

    def listing(self, call: Call) -> dict[str, Any]:
        return page(call, self.objects.all(), "external_locations", "max_results")

    def update(self, call: Call) -> dict[str, Any]:
        if "credential_name" in call.body:
            self._credentials.require(call.text("credential_name"))
        given = ("url", "credential_name", "comment", "read_only", "fallback", "isolation_mode")
        return self.change(call, frozenset(given))

    def delete(self, call: Call) -> None:
        self.objects.delete(call.path["name"].lower())


def _parents(full_name: str) -> dict[str, str]:
    catalog, schema, _ = full_name.split(".")
    return {"catalog_name": catalog, "schema_name": schema}
