"""databricks_secret_scope, databricks_secret, databricks_secret_acl."""

from __future__ import annotations

import time

from local.provider.resource import Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.common import found_or_none
from local.provider.schema import block, one
from local.provider.values import Values

_SECRETS = "/api/2.0/secrets"
_SEPARATOR = "|||"
_ACL_SECONDS = 10

_SCOPE = block("backend_type~ id~ initial_manage_principal name!", keyvault_metadata=one("dns_name! resource_id!"))
_SCOPE_RULES = Rules(
    local=frozenset({"initial_manage_principal"}),
    immutable=frozenset({"name", "initial_manage_principal", "keyvault_metadata", "backend_type"}),
)


def _create_scope(api: Api, planned: Values) -> Created:
    body: Object = {"scope": planned["name"], "scope_backend_type": "DATABRICKS"}
    if planned["initial_manage_principal"]:
        body["initial_manage_principal"] = planned["initial_manage_principal"]
    api.post(f"{_SECRETS}/scopes/create", body, repeatable=False)
    return Created(str(planned["name"]))


def _validate_scope(config: Values) -> list[str]:
    return ["the local workspace has no key vault: leave keyvault_metadata out"] if config["keyvault_metadata"] else []


def _read_scope(api: Api, state: Values) -> Object | None:
    scopes = api.get(f"{_SECRETS}/scopes/list").get("scopes", [])
    return next((scope for scope in scopes if scope["name"] == state["id"]), None)


def _delete_scope(api: Api, prior: Values) -> None:
    found_or_none(lambda: api.post(f"{_SECRETS}/scopes/delete", {"scope": prior["id"]}))


_SECRET = block("config_reference= id~ key! last_updated_timestamp:number= scope! string_value!*")


def _create_secret(api: Api, planned: Values) -> Created:
    names = {"scope": planned["scope"], "key": planned["key"]}
    api.post(f"{_SECRETS}/put", {**names, "string_value": planned["string_value"]})
    return Created(_SEPARATOR.join(names.values()))


def _read_secret(api: Api, state: Values) -> Object | None:
    scope, key = str(state["id"]).split(_SEPARATOR)
    answer = found_or_none(lambda: api.get(f"{_SECRETS}/list", scope=scope)) or {}
    found = next((secret for secret in answer.get("secrets", []) if secret["key"] == key), None)
    if found is None:
        return None
    return {**found, "scope": scope, "config_reference": f"{{{{secrets/{scope}/{key}}}}}"}


def _delete_secret(api: Api, prior: Values) -> None:
    found_or_none(lambda: api.post(f"{_SECRETS}/delete", {"scope": prior["scope"], "key": prior["key"]}))


_ACL = block("id~ permission! principal! scope!")


def _create_acl(api: Api, planned: Values) -> Created:
    names = {"scope": planned["scope"], "principal": planned["principal"]}
    api.post(f"{_SECRETS}/acls/put", {**names, "permission": planned["permission"]})
    deadline = time.monotonic() + _ACL_SECONDS
    # Grants become visible with a delay; a read that follows at once must not see the old one.
    while api.get(f"{_SECRETS}/acls/get", **names).get("permission") != planned["permission"]:
        if time.monotonic() > deadline:
            raise ValueError(f"the grant of {planned['permission']} on scope {planned['scope']} does not take effect")
        time.sleep(0.5)
    return Created(_SEPARATOR.join(names.values()), {**names, "permission": planned["permission"]})


def _read_acl(api: Api, state: Values) -> Object | None:
    scope, principal = str(state["id"]).split(_SEPARATOR)
    found = found_or_none(lambda: api.get(f"{_SECRETS}/acls/get", scope=scope, principal=principal))
    return None if found is None else {**found, "scope": scope, "principal": principal}


def _delete_acl(api: Api, prior: Values) -> None:
    names = {"scope": prior["scope"], "principal": prior["principal"]}
    found_or_none(lambda: api.post(f"{_SECRETS}/acls/delete", names))


def _find_scope(api: Api, planned: Values) -> list[str]:
    return [str(planned["name"])]


RESOURCES = {
    "databricks_secret_scope": Resource(
        schema=_SCOPE,
        version=2,
        rules=_SCOPE_RULES,
        validate=_validate_scope,
        create=_create_scope,
        read=_read_scope,
        delete=_delete_scope,
        journal=Journaled(lambda planned: str(planned["name"]), _find_scope),
    ),
    "databricks_secret": Resource(schema=_SECRET, create=_create_secret, read=_read_secret, delete=_delete_secret),
    "databricks_secret_acl": Resource(schema=_ACL, create=_create_acl, read=_read_acl, delete=_delete_acl),
}
