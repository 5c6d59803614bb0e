"""/api/2.0/secrets: scopes, values that only the driver can read, access lists of scopes."""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
from typing import Any

from starlette.routing import Route

from local.errors import ApiError, invalid, not_found
from local.services import Services
from local.store import Store
from local.workspace.call import Call, route
from local.workspace.clock import milliseconds

SCOPES = "scopes"
SCOPE_NAME = re.compile(r"[\w\-@.]{1,128}", re.ASCII)
LIMIT = 128 * 1024
PERMISSIONS = ("READ", "WRITE", "MANAGE")
# A scope is one object: {"name", "acls": {principal: permission}}. Values lie apart and are never listed with it.
_SCHEMA = """
create table if not exists secret_values (
    scope text not null, key text not null, value blob not null, updated_at integer not null, primary key (scope, key)
) without rowid
"""


def read_secret(store: Store, scope: str, key: str) -> bytes:
    """Return a value; for the driver alone, no public route calls this."""
    _require_scope(store, scope)
    rows = store.query("select value from secret_values where scope = ? and key = ?", (scope, key))
    if not rows:
        raise not_found(f"Secret does not exist with scope: {scope} and key: {key}")
    return bytes(rows[0]["value"])


def secret_keys(store: Store, scope: str) -> list[str]:
    """Return the keys of a scope in order."""
    return [str(row["key"]) for row in _listed(store, scope)]


def routes(services: Services) -> list[Route]:
    """Scopes, secrets and their access lists."""
    services.store.migrate(_SCHEMA)
    return [*_scope_routes(services), *_secret_routes(services), *_acl_routes(services.store)]


def _scope_routes(services: Services) -> list[Route]:
    store = services.store

    def create(call: Call) -> None:
        name, backend = call.text("scope"), call.optional("scope_backend_type") or "DATABRICKS"
        if not SCOPE_NAME.fullmatch(name):
            raise invalid("Scope name must consist of alphanumeric characters, dashes, underscores, @ and periods")
        if backend != "DATABRICKS":
            raise invalid(f"The local workspace keeps scopes of backend DATABRICKS, not {backend}")
        with store.write():
            if store.get(SCOPES, name) is not None:
                raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Scope {name} already exists!")
            manager = call.optional("initial_manage_principal") or services.user
            store.put(SCOPES, name, {"name": name, "acls": {manager: "MANAGE"}})

    def list_(_: Call) -> dict[str, Any]:
        names = [name for name, _ in store.list(SCOPES)]
        return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in names]}

    def delete(call: Call) -> None:
        name = call.text("scope")
        with store.write() as connection:
            _require_scope(store, name)
            connection.execute("delete from secret_values where scope = ?", (name,))
            store.delete(SCOPES, name)

    return [
        route("POST", "/api/2.0/secrets/scopes/create", create),
        route("GET", "/api/2.0/secrets/scopes/list", list_),
        route("POST", "/api/2.0/secrets/scopes/delete", delete),
    ]


def _secret_routes(services: Services) -> list[Route]:
    store = services.store

    def put(call: Call) -> None:
        scope, key, value = call.text("scope"), call.text("key"), _value(call)
        if not SCOPE_NAME.fullmatch(key):
            raise invalid("Secret key must consist of alphanumeric characters, dashes, underscores and periods")
        with store.write() as connection:
            _require_scope(store, scope)
            row = (scope, key, value, milliseconds())
            connection.execute("insert or replace into secret_values values (?, ?, ?, ?)", row)

    def list_(call: Call) -> dict[str, Any]:
        rows = _listed(store, call.text("scope"))
        return {"secrets": [{"key": row["key"], "last_updated_timestamp": row["updated_at"]} for row in rows]}

    def delete(call: Call) -> None:
        scope, key = call.text("scope"), call.text("key")
        with store.write() as connection:
            _require_scope(store, scope)
            gone = connection.execute("delete from secret_values where scope = ? and key = ?", (scope, key)).rowcount
            if not gone:
                raise not_found(f"Secret does not exist with scope: {scope} and key: {key}")

    def get(_: Call) -> None:
        message = "Secret values can only be read from a notebook on a cluster, with dbutils.secrets.get"
        raise ApiError(403, "PERMISSION_DENIED", message)

    return [
        route("POST", "/api/2.0/secrets/put", put),
        route("GET", "/api/2.0/secrets/list", list_),
        route("GET", "/api/2.0/secrets/get", get),
        route("POST", "/api/2.0/secrets/delete", delete),
    ]


def _acl_routes(store: Store) -> list[Route]:
    def put(call: Call) -> None:
        principal, permission = call.text("principal"), call.text("permission")
        if permission not in PERMISSIONS:
            raise invalid(f"permission must be one of {', '.join(PERMISSIONS)}, not {permission}")
        with store.write():
            scope = _require_scope(store, call.text("scope"))
            store.put(SCOPES, scope["name"], scope | {"acls": scope["acls"] | {principal: permission}})

    def get(call: Call) -> dict[str, Any]:
        scope, principal = _require_scope(store, call.text("scope")), call.text("principal")
        if principal not in scope["acls"]:
            raise _no_acl(principal, scope["name"])
        return {"principal": principal, "permission": scope["acls"][principal]}

    def list_(call: Call) -> dict[str, Any]:
        acls = _require_scope(store, call.text("scope"))["acls"]
        return {"items": [{"principal": who, "permission": permission} for who, permission in acls.items()]}

    def delete(call: Call) -> None:
        principal = call.text("principal")
        with store.write():
            scope = _require_scope(store, call.text("scope"))
            if principal not in scope["acls"]:
                raise _no_acl(principal, scope["name"])
            kept = {who: permission for who, permission in scope["acls"].items() if who != principal}
            store.put(SCOPES, scope["name"], scope | {"acls": kept})

    return [
        route("POST", "/api/2.0/secrets/acls/put", put),
        route("GET", "/api/2.0/secrets/acls/get", get),
        route("GET", "/api/2.0/secrets/acls/list", list_),
        route("POST", "/api/2.0/secrets/acls/delete", delete),
    ]


def _listed(store: Store, scope: str) -> list[sqlite3.Row]:
    _require_scope(store, scope)
    return store.query("select key, updated_at from secret_values where scope = ? order by key", (scope,))


def _require_scope(store: Store, name: str) -> dict[str, Any]:
    scope = store.get(SCOPES, name)
    if scope is None:
        raise not_found(f"Scope {name} does not exist!")
    return scope


def _no_acl(principal: str, scope: str) -> ApiError:
    return not_found(f"Failed to get secret acl for principal {principal} for scope {scope}.")


def _value(call: Call) -> bytes:
    given = [name for name in ("string_value", "bytes_value") if call.body.get(name) is not None]
    if len(given) != 1:
        raise invalid("Exactly one of string_value and bytes_value must be given")
    text = str(call.body[given[0]])
    try:
        value = text.encode() if given == ["string_value"] else base64.b64decode(text, validate=True)
    except binascii.Error:
        raise invalid("bytes_value is not valid base64") from None
    if len(value) > LIMIT:
        raise invalid(f"The value of a secret may have at most {LIMIT} bytes")
    return value
