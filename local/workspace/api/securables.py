"""What Unity Catalog's kinds have in common: names, owner and times, listing, privileges."""

from __future__ import annotations

import re
import uuid
from typing import Any

from local.errors import ApiError, invalid
from local.services import Services
from local.workspace.call import Call
from local.workspace.clock import milliseconds
from local.workspace.collection import Collection

METASTORE = "11111111-1111-1111-1111-111111111111"
BASE = "/api/2.1/unity-catalog"
NAME = re.compile(r"[^\s./\x00-\x1f\x7f]{1,255}")


class Securables:
    """One kind: its objects by full name in lower case."""

    def __init__(self, services: Services, kind: str, label: str, missing_code: str) -> None:
        self.user = services.user
        self.store = services.store
        self.kind = kind
        self._label = label
        self.objects = Collection(services.store, kind, f"{label} '{{}}' does not exist.", 404, missing_code)

    def require(self, full_name: str) -> dict[str, Any]:
        """Return the object of a full name or raise its 404."""
        return self.objects.require(full_name.lower())

    def get(self, call: Call) -> dict[str, Any]:
        """Answer GET."""
        return self.require(call.path["name"])

    def below(self, parent: str) -> list[dict[str, Any]]:
        """Return the objects whose full name begins with a parent's, by name."""
        found = [body for body in self.objects.all() if body["full_name"].startswith(f"{parent.lower()}.")]
        return sorted(found, key=lambda body: str(body["full_name"]))

    def make(self, full_name: str, given: dict[str, Any], computed: dict[str, Any]) -> dict[str, Any]:
        """Write a new object; within the caller's transaction."""
        if self.store.get(self.kind, full_name) is not None:
            code = f"{self._label.upper().replace(' ', '_')}_ALREADY_EXISTS"
            raise ApiError(400, code, f"{self._label} '{full_name}' already exists")
        now = milliseconds()
        common = {
            "name": full_name.rpartition(".")[2],
            "full_name": full_name,
            "owner": self.user,
            "metastore_id": METASTORE,
            "created_at": now,
            "created_by": self.user,
            "updated_at": now,
            "updated_by": self.user,
        }
        return self.objects.put(full_name, given | common | computed)

    def change(self, call: Call, fields: frozenset[str]) -> dict[str, Any]:
        """Answer PATCH of these fields."""
        new_name = call.optional("new_name")
        if new_name is not None and new_name.lower() != self.require(call.path["name"])["name"]:
            raise invalid(f"The local workspace does not rename a {self._label.lower()}: delete it and create another")
        changes = {name: value for name, value in call.body.items() if name in fields | {"owner"}}
        updated = {"updated_at": milliseconds(), "updated_by": self.user}
        return self.objects.change(call.path["name"].lower(), changes | updated)


def named(call: Call, field: str = "name") -> str:
    """Return a name of Unity Catalog, which keeps names in lower case."""
    name = call.text(field)
    if not NAME.fullmatch(name):
        raise invalid(f"Invalid input: {name!r} is not a valid name: no spaces, periods, slashes or control characters")
    return name.lower()


def unique_id() -> str:
    """Return the id of a new object."""
    return str(uuid.uuid4())
