"""databricks_notification_destination."""

from __future__ import annotations

from local.provider.resource import Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.common import found_or_none, listed_ids
from local.provider.schema import block, one
from local.provider.translate import to_api
from local.provider.values import Values

_DESTINATIONS = "/api/2.0/notification-destinations"

_SCHEMA = block(
    "destination_type~ display_name! id~",
    config=one(
        email=one("addresses:list"),
        generic_webhook=one("password* password_set:bool~ url* url_set:bool~ username* username_set:bool~"),
        microsoft_teams=one(
            "app_id* app_id_set:bool~ auth_secret* auth_secret_set:bool~ channel_url* channel_url_set:bool~ tenant_id* "
            "tenant_id_set:bool~ url* url_set:bool~"
        ),
        pagerduty=one("integration_key* integration_key_set:bool~"),
        slack=one("channel_id* channel_id_set:bool~ oauth_token* oauth_token_set:bool~ url* url_set:bool~"),
    ),
)
_RULES = Rules(volatile=frozenset({"destination_type"}))


def _body(planned: Values) -> Object:
    body = to_api(_SCHEMA, planned, _RULES)
    body.pop("destination_type", None)
    for channel in body.get("config", {}).values():
        for name in [name for name in channel if name.endswith("_set")]:
            del channel[name]  # the workspace's answer to a secret, not ours to say
    return body


def _create(api: Api, planned: Values) -> Created:
    return Created(str(api.post(_DESTINATIONS, _body(planned), repeatable=False)["id"]))


def _read(api: Api, state: Values) -> Object | None:
    return found_or_none(lambda: api.get(f"{_DESTINATIONS}/{state['id']}"))


def _update(api: Api, prior: Values, planned: Values) -> None:
    api.patch(f"{_DESTINATIONS}/{prior['id']}", _body(planned))


def _delete(api: Api, prior: Values) -> None:
    api.delete(f"{_DESTINATIONS}/{prior['id']}")


def _find(api: Api, planned: Values) -> list[str]:
    results = api.get(_DESTINATIONS).get("results", [])
    return listed_ids(results, "id", lambda item: item["display_name"] == planned["display_name"])


RESOURCES = {
    "databricks_notification_destination": Resource(
        schema=_SCHEMA,
        rules=_RULES,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        journal=Journaled(lambda planned: str(planned["display_name"]), _find),
    )
}
