"""databricks_alert_v2: the one type whose state is the workspace's answer, word for word."""

from __future__ import annotations

from local.provider.resource import Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.common import found_or_none, listed_ids
from local.provider.schema import block, objects
from local.provider.translate import to_api
from local.provider.values import Values

_ALERTS = "/api/2.0/alerts"
_MASK = (
    "custom_description,custom_summary,display_name,evaluation,parent_path,query_text,run_as,run_as_user_name,"
    "schedule,warehouse_id"
)

_PRINCIPAL = "service_principal_name user_name"
_SCHEMA = block(
    "create_time= custom_description custom_summary display_name! id= lifecycle_state= owner_user_name= parent_path "
    "query_text! run_as_user_name update_time= warehouse_id!",
    effective_run_as=objects(_PRINCIPAL, flags="="),
    evaluation=objects(
        "comparison_operator! empty_result_state last_evaluated_at= state=",
        flags="!",
        notification=objects(
            "effective_notify_on_ok:bool= effective_retrigger_seconds:number= notify_on_ok:bool "
            "retrigger_seconds:number",
            subscriptions=objects("destination_id user_email", nesting="set"),
        ),
        source=objects("aggregation display name!", flags="!"),
        threshold=objects(
            "",
            column=objects("aggregation display name!"),
            value=objects("bool_value:bool double_value:number string_value"),
        ),
    ),
    run_as=objects(_PRINCIPAL),
    schedule=objects("pause_status quartz_cron_schedule! timezone_id!", flags="!"),
)
_RULES = Rules(keep_zeros=True)


def _create(api: Api, planned: Values) -> Created:
    found = api.post(_ALERTS, to_api(_SCHEMA, planned, _RULES), repeatable=False)
    return Created(str(found["id"]), found)


def _read(api: Api, state: Values) -> Object | None:
    return found_or_none(lambda: api.get(f"{_ALERTS}/{state['id']}"))


def _update(api: Api, prior: Values, planned: Values) -> Object:
    return api.patch(f"{_ALERTS}/{prior['id']}", to_api(_SCHEMA, planned, _RULES), update_mask=_MASK)


def _delete(api: Api, prior: Values) -> None:
    api.delete(f"{_ALERTS}/{prior['id']}")


def _find(api: Api, planned: Values) -> list[str]:
    answer = api.get(_ALERTS)
    alerts = answer.get("alerts") or answer.get("results") or []
    return listed_ids(alerts, "id", lambda alert: alert["display_name"] == planned["display_name"])


RESOURCES = {
    "databricks_alert_v2": Resource(
        schema=_SCHEMA,
        rules=_RULES,
        raw=True,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        journal=Journaled(lambda planned: str(planned["display_name"]), _find),
    )
}
