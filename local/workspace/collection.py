"""Objects of one kind: look up or 404, list, write, delete with their access list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.errors import ApiError
from local.store import Store
from local.workspace import access


@dataclass(frozen=True)
class Collection:
    """One kind in the store; `missing` words its 404, with {} for the id."""

    store: Store
    kind: str
    missing: str
    missing_status: int = 404
    missing_code: str = "RESOURCE_DOES_NOT_EXIST"

    def require(self, key: str) -> dict[str, Any]:
        """Return the object or raise its 404."""
        body = self.store.get(self.kind, key)
        if body is None:
            raise ApiError(self.missing_status, self.missing_code, self.missing.format(key))
        return body

    def all(self) -> list[dict[str, Any]]:
        """Return every object, oldest first."""
        return [body for _, body in self.store.list(self.kind)]

    def put(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write the object and return it."""
        self.store.put(self.kind, key, body)
        return body

    def change(self, key: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Lay changes over an object that must exist, in one transaction, and return it."""
        with self.store.write():
            return self.put(key, self.require(key) | changes)

    def delete(self, key: str) -> dict[str, Any]:
        """Delete an object that must exist, and its access list; return what it was."""
        with self.store.write():
            body = self.require(key)
            self.store.delete(self.kind, key)
            access.forget(self.store, self.kind, key)
        return body


def masked(old: dict[str, Any], new: dict[str, Any], mask: str) -> dict[str, Any]:
    """Apply an update mask: a field that it names takes the new value, or goes when there is none."""
    result = dict(old)
    for field in filter(None, (part.strip() for part in mask.split(","))):
        if field in new:
            result[field] = new[field]
        else:
            result.pop(field, None)
    return result
