"""databricks_sql_endpoint, databricks_query, databricks_alert."""

from __future__ import annotations

import time
from collections.abc import Callable

from local.provider.resource import Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.common import found_or_none, listed_ids, same_folder
from local.provider.schema import block, computed, many, one, timeouts
from local.provider.translate import to_api
from local.provider.values import Values, without_unknowns

_WAREHOUSES = "/api/2.0/sql/warehouses"
_QUERIES = "/api/2.0/sql/queries"
_ALERTS = "/api/2.0/sql/alerts"
_START_SECONDS = 600

_WAREHOUSE = block(
    "auto_stop_mins:number~ cluster_size! creator_name= data_source_id~ enable_photon:bool~ "
    "enable_serverless_compute:bool~ id~ instance_profile_arn jdbc_url= max_num_clusters:number~ "
    "min_num_clusters:number~ name! no_wait:bool num_active_sessions:number= num_clusters:number= "
    "spot_instance_policy~ state= warehouse_type~",
    channel=one("dbsql_version name"),
    health=computed(
        [
            "list",
            [
                "object",
                {
                    "details": "string",
                    "failure_reason": [
                        "list",
                        ["object", {"code": "string", "parameters": ["map", "string"], "type": "string"}],
                    ],
                    "message": "string",
                    "status": "string",
                    "summary": "string",
                },
            ],
        ]
    ),
    odbc_params=computed(
        ["list", ["object", {"hostname": "string", "path": "string", "port": "number", "protocol": "string"}]]
    ),
    tags=one(custom_tags=many("key! value!")),
    timeouts=timeouts("create"),
)
_WAREHOUSE_RULES = Rules(
    defaults={
        "auto_stop_mins": 120,
        "enable_photon": True,
        "max_num_clusters": 1,
        "spot_instance_policy": "COST_OPTIMIZED",
    },
    volatile=frozenset({"state", "num_clusters", "num_active_sessions", "health"}),
    local=frozenset({"no_wait", "timeouts"}),
    force=frozenset({"auto_stop_mins", "enable_photon", "enable_serverless_compute", "tags.custom_tags.value"}),
    unset={"channel": {"name": "CHANNEL_NAME_CURRENT"}},
)


def _warehouse_body(planned: Values) -> Object:
    body = to_api(_WAREHOUSE, planned, _WAREHOUSE_RULES)
    body.pop("data_source_id", None)  # the workspace's own
    return body


def _create_warehouse(api: Api, planned: Values) -> Created:
    answer = api.post(_WAREHOUSES, _warehouse_body(planned), repeatable=False)
    return Created(str(answer["id"]))


def _settle_warehouse(api: Api, identity: str, planned: Values) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not planned.get("no_wait"):
        state = api.get(f"{_WAREHOUSES}/{identity}")["state"]
        if state == "RUNNING":
            return
        if state in ("STOPPED", "DELETED", "DELETING") or time.monotonic() > deadline:
            raise ValueError(f"SQL warehouse {identity} does not start: it is {state}")
        time.sleep(1)


def _read_warehouse(api: Api, state: Values) -> Object | None:
    found = found_or_none(lambda: api.get(f"{_WAREHOUSES}/{state['id']}"))
    if found is None:
        return None
    sources = api.get_list("/api/2.0/preview/sql/data_sources")
    source = next((item["id"] for item in sources if item["warehouse_id"] == state["id"]), None)
    if source is None:
        raise ValueError(f"no data source found for endpoint {state['id']}")
    odbc, health = found.get("odbc_params"), found.get("health")
    return {
        **found,
        "odbc_params": [odbc] if isinstance(odbc, dict) else [],
        "health": [health] if health else [],
        "data_source_id": source,
    }


def _update_warehouse(api: Api, prior: Values, planned: Values) -> None:
    body = _warehouse_body(planned)
    api.post(f"{_WAREHOUSES}/{prior['id']}/edit", {**body, "creator_name": prior["creator_name"]})


def _delete_warehouse(api: Api, prior: Values) -> None:
    api.delete(f"{_WAREHOUSES}/{prior['id']}")


def _find_warehouses(api: Api, planned: Values) -> list[str]:
    warehouses = api.get(_WAREHOUSES).get("warehouses", [])
    return listed_ids(warehouses, "id", lambda item: item["name"] == planned["name"])


_MULTI = one("prefix separator suffix")
_QUERY = block(
    "apply_auto_limit:bool catalog create_time= description display_name! id= "
    "last_modifier_user_name= lifecycle_state= owner_user_name~ parent_path~ "
    "query_text! run_as_mode~ schema tags:list update_time= warehouse_id!",
    parameter=many(
        "name! title",
        date_range_value=one(
            "dynamic_date_range_value precision start_day_of_week:number", date_range_value=one("end! start!")
        ),
        date_value=one("date_value dynamic_date_value precision"),
        enum_value=one("enum_options values:list", multi_values_options=_MULTI),
        numeric_value=one("value:number!"),
        query_backed_value=one("query_id! values:list", multi_values_options=_MULTI),
        text_value=one("value!"),
    ),
)
_QUERY_RULES = Rules(
    plural={"parameter": "parameters"},
    immutable=frozenset({"parent_path"}),
    volatile=frozenset({"update_time", "last_modifier_user_name"}),
    force=frozenset({"*.value"}),
    equal={"parent_path": same_folder},
)
_MAYBE_IN_MASK = ("run_as_mode", "owner_user_name", "description", "tags", "apply_auto_limit", "catalog", "schema")


def _create_query(api: Api, planned: Values) -> Created:
    query = to_api(_QUERY, planned, _QUERY_RULES)
    query.pop("owner_user_name", None)
    answer = api.post(_QUERIES, {"auto_resolve_display_name": False, "query": query}, repeatable=False)
    return Created(str(answer["id"]))


def _set_owner(path: str, kind: str) -> Callable[[Api, str, Values], None]:
    """Return the step that gives a new object to the owner who was asked for."""

    def settle(api: Api, identity: str, planned: Values) -> None:
        if owner := without_unknowns(planned["owner_user_name"]):
            api.patch(f"{path}/{identity}", {kind: {"owner_user_name": owner}, "update_mask": "owner_user_name"})

    return settle


def _update_query(api: Api, prior: Values, planned: Values) -> None:
    mask = ["display_name", "query_text", "warehouse_id", "parameters"]
    mask += [name for name in _MAYBE_IN_MASK if prior[name] != planned[name]]
    query = to_api(_QUERY, planned, _QUERY_RULES)
    query.pop("parent_path", None)
    body = {"auto_resolve_display_name": False, "query": query, "update_mask": ",".join(mask)}
    api.patch(f"{_QUERIES}/{prior['id']}", body)


_ALERT = block(
    "create_time= custom_body custom_subject display_name! id= lifecycle_state= notify_on_ok:bool~ owner_user_name~ "
    "parent_path~ query_id! seconds_to_retrigger:number state= trigger_time= update_time=",
    condition=one(
        "empty_result_state op!",
        required=True,
        operand=one(required=True, column=one("name!", required=True)),
        threshold=one(value=one("bool_value:bool double_value:number string_value", required=True)),
    ),
)
_ALERT_RULES = Rules(
    defaults={"notify_on_ok": True},
    immutable=frozenset({"parent_path"}),
    volatile=frozenset({"update_time"}),
    force=frozenset({"notify_on_ok"}),
    equal={"parent_path": same_folder},
)


def _create_alert(api: Api, planned: Values) -> Created:
    alert = to_api(_ALERT, planned, _ALERT_RULES)
    alert.pop("owner_user_name", None)
    return Created(str(api.post(_ALERTS, {"alert": alert, "auto_resolve_display_name": False}, repeatable=False)["id"]))


def _update_alert(api: Api, prior: Values, planned: Values) -> None:
    mask = "display_name,query_id,seconds_to_retrigger,condition,custom_body,custom_subject"
    mask += "".join(f",{name}" for name in ("owner_user_name", "notify_on_ok") if prior[name] != planned[name])
    alert = to_api(_ALERT, planned, _ALERT_RULES)
    alert.pop("parent_path", None)
    api.patch(f"{_ALERTS}/{prior['id']}", {"alert": alert, "auto_resolve_display_name": False, "update_mask": mask})


def _reader(path: str) -> Callable[[Api, Values], Object | None]:
    def read(api: Api, state: Values) -> Object | None:
        found = found_or_none(lambda: api.get(f"{path}/{state['id']}"))
        if found is None or "parent_path" not in found:
            return found
        # Folders are configured without /Workspace; with it, an import would end in a replacement.
        return {**found, "parent_path": found["parent_path"].removeprefix("/Workspace")}

    return read


def _deleter(path: str) -> Callable[[Api, Values], None]:
    def delete(api: Api, prior: Values) -> None:
        api.delete(f"{path}/{prior['id']}")

    return delete


def _finder(path: str) -> Callable[[Api, Values], list[str]]:
    def find(api: Api, planned: Values) -> list[str]:
        results = api.get(path).get("results", [])
        return listed_ids(results, "id", lambda item: item["display_name"] == planned["display_name"])

    return find


RESOURCES = {
    "databricks_sql_endpoint": Resource(
        schema=_WAREHOUSE,
        rules=_WAREHOUSE_RULES,
        create=_create_warehouse,
        settle=_settle_warehouse,
        read=_read_warehouse,
        update=_update_warehouse,
        delete=_delete_warehouse,
        journal=Journaled(lambda planned: str(planned["name"]), _find_warehouses),
    ),
    "databricks_query": Resource(
        schema=_QUERY,
        rules=_QUERY_RULES,
        create=_create_query,
        settle=_set_owner(_QUERIES, "query"),
        read=_reader(_QUERIES),
        update=_update_query,
        delete=_deleter(_QUERIES),
        journal=Journaled(lambda planned: str(planned["display_name"]), _finder(_QUERIES)),
    ),
    "databricks_alert": Resource(
        schema=_ALERT,
        rules=_ALERT_RULES,
        create=_create_alert,
        settle=_set_owner(_ALERTS, "alert"),
        read=_reader(_ALERTS),
        update=_update_alert,
        delete=_deleter(_ALERTS),
        journal=Journaled(lambda planned: str(planned["display_name"]), _finder(_ALERTS)),
    ),
}
