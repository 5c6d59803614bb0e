"""databricks_permissions: who may do what with one object."""

from __future__ import annotations

from dataclasses import dataclass

from local.provider.resource import Api, Created, Object, Resource, Rules
from local.provider.resources.common import found_or_none
from local.provider.schema import bag, block
from local.provider.values import UNKNOWN, Values

_UNSUPPORTED = (
    "app_name authorization database_instance_name pipeline_id repo_id repo_path sql_dashboard_id "
    "vector_search_endpoint_id"
)


@dataclass(frozen=True)
class _Kind:
    """One kind of object: its place in the API, what the API calls it, and who is always let in."""

    path: str
    object_type: str
    managed: bool = False  # the current user keeps CAN_MANAGE
    owned: bool = False  # somebody must be IS_OWNER


_NOTEBOOK = _Kind("notebooks", "notebook")
_DIRECTORY = _Kind("directories", "directory")
_FILE = _Kind("files", "file")
_KINDS = {
    "alert_v2_id": _Kind("alertsv2", "alertv2", managed=True),
    "cluster_id": _Kind("clusters", "cluster", managed=True),
    "cluster_policy_id": _Kind("cluster-policies", "cluster-policy"),
    "dashboard_id": _Kind("dashboards", "dashboard"),
    "directory_id": _DIRECTORY,
    "directory_path": _DIRECTORY,
    "experiment_id": _Kind("experiments", "mlflowExperiment"),
    "instance_pool_id": _Kind("instance-pools", "instance-pool", managed=True),
    "job_id": _Kind("jobs", "job", owned=True),
    "notebook_id": _NOTEBOOK,
    "notebook_path": _NOTEBOOK,
    "registered_model_id": _Kind("registered-models", "registered-model", managed=True),
    "serving_endpoint_id": _Kind("serving-endpoints", "serving-endpoint"),
    "sql_alert_id": _Kind("sql/alerts", "alert", managed=True),
    "sql_endpoint_id": _Kind("sql/warehouses", "warehouses", managed=True, owned=True),
    "sql_query_id": _Kind("sql/queries", "query", managed=True),
    "workspace_file_id": _FILE,
    "workspace_file_path": _FILE,
}

_SCHEMA = block(
    f"{' '.join(_KINDS)} {_UNSUPPORTED} id~ object_type~",
    access_control=bag("group_name permission_level service_principal_name user_name", least=1),
)
_PRINCIPALS = ("user_name", "group_name", "service_principal_name")


def _validate(config: Values) -> list[str]:
    unsupported = [name for name in _UNSUPPORTED.split() if config[name] is not None]
    if unsupported:
        return [f"the local workspace has no permissions for {unsupported[0]}"]
    chosen = [name for name in _KINDS if config[name] is not None]
    if len(chosen) != 1:
        return [f"permissions are for exactly one object, not {len(chosen)}: set one of {', '.join(sorted(_KINDS))}"]
    for entry in config["access_control"] if config["access_control"] is not UNKNOWN else []:
        if sum(entry[name] is not None for name in _PRINCIPALS) != 1 or not entry["permission_level"]:
            return [f"each access_control names one of {', '.join(_PRINCIPALS)} and a permission_level"]
    return []


def _chosen(values: Values) -> tuple[str, _Kind]:
    return next((name, kind) for name, kind in _KINDS.items() if values[name] is not None)


def _of_id(identity: str) -> tuple[str, _Kind]:
    path = identity.strip("/").rpartition("/")[0]
    return next((name, kind) for name, kind in _KINDS.items() if kind.path == path and not name.endswith("_path"))


def _url(identity: str) -> str:
    return f"/api/2.0/permissions{identity}"


def _body(api: Api, kind: _Kind, entries: list[Object], owner: str) -> Object:
    """Return the ACL to set: the entries asked for, and those without whom nobody could mend it."""
    acl = [{name: value for name, value in entry.items() if value} for entry in entries]
    if kind.managed and not any(entry.get("user_name") == _me(api) for entry in acl):
        acl.append({"permission_level": "CAN_MANAGE", "user_name": _me(api)})
    if kind.owned and not any(entry["permission_level"] == "IS_OWNER" for entry in acl):
        acl.append({"permission_level": "IS_OWNER", "user_name": owner})
    return {"access_control_list": acl} if acl else {}


def _me(api: Api) -> str:
    return str(api.me()["userName"])


def _create(api: Api, planned: Values) -> Created:
    name, kind = _chosen(planned)
    target = planned[name]
    if name.endswith("_path"):
        target = api.get("/api/2.0/workspace/get-status", path=target)["object_id"]
    identity = f"/{kind.path}/{target}"
    api.put(_url(identity), _body(api, kind, planned["access_control"], _me(api)))
    return Created(identity)


def _update(api: Api, prior: Values, planned: Values) -> None:
    _, kind = _chosen(planned)
    api.put(_url(str(prior["id"])), _body(api, kind, planned["access_control"], _me(api)))


def _read(api: Api, state: Values) -> Object | None:
    name, kind = _of_id(str(state["id"]))
    found = found_or_none(lambda: api.get(_url(str(state["id"]))))
    if found is None:
        return None
    if found["object_type"] != kind.object_type:
        raise ValueError(f"{state['id']}: expected object type {kind.object_type}, got {found['object_type']}")
    configured = {entry["user_name"] for entry in state["access_control"]}
    entries = [
        {**{key: entry.get(key) for key in _PRINCIPALS}, "permission_level": permission["permission_level"]}
        for entry in found.get("access_control_list", [])
        for permission in entry.get("all_permissions", [])
        if not permission.get("inherited")
        and entry.get("group_name") != "admins"
        and (entry.get("user_name") != _me(api) or _me(api) in configured)
    ]
    if not entries:
        return None
    targets = {key: state[key] for key in _KINDS if state[key] is not None}
    targets = targets or {name: str(state["id"]).rpartition("/")[2]}
    return {**targets, "access_control": entries, "object_type": found["object_type"]}


def _delete(api: Api, prior: Values) -> None:
    identity = str(prior["id"])
    _, kind = _of_id(identity)
    found = found_or_none(lambda: api.get(_url(identity)))
    if found is None:
        return
    owner = _creator(api, identity, kind) if kind.owned else ""
    if owner is None:
        return
    admins = [
        {"group_name": "admins", "permission_level": permission["permission_level"]}
        for entry in found.get("access_control_list", [])
        for permission in entry.get("all_permissions", [])
        if entry.get("group_name") == "admins" and not permission.get("inherited")
    ]
    api.put(_url(identity), _body(api, kind, admins, owner))


def _creator(api: Api, identity: str, kind: _Kind) -> str | None:
    """Return who made the object, to whom it returns; None when it is gone, and its permissions with it."""
    target = identity.rpartition("/")[2]
    if kind.object_type == "job":
        found = found_or_none(lambda: api.get("/api/2.2/jobs/get", job_id=target))
        return None if found is None else str(found["creator_user_name"])
    found = found_or_none(lambda: api.get(f"/api/2.0/sql/warehouses/{target}"))
    return None if found is None else str(found["creator_name"])


RESOURCES = {
    "databricks_permissions": Resource(
        schema=_SCHEMA,
        rules=Rules(immutable=frozenset(_KINDS)),
        validate=_validate,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
    )
}
