"""/api/2.0/notification-destinations: where alerts and jobs send; secrets go in and never come out."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.routing import Route

from local.errors import invalid
from local.services import Services
from local.workspace.call import Call, page, route
from local.workspace.collection import Collection

TYPES = {
    "email": "EMAIL",
    "slack": "SLACK",
    "generic_webhook": "WEBHOOK",
    "pagerduty": "PAGERDUTY",
    "microsoft_teams": "MICROSOFT_TEAMS",
}
SECRET = frozenset(
    {
        "url",
        "username",
        "password",
        "integration_key",
        "oauth_token",
        "channel_url",
        "auth_secret",
        "app_id",
        "tenant_id",
    }
)


def routes(services: Services) -> list[Route]:
    """Create, get, list, update, delete."""
    destinations = _Destinations(services)
    base = "/api/2.0/notification-destinations"
    return [
        route("POST", base, destinations.create),
        route("GET", base, destinations.listing),
        route("GET", f"{base}/{{id}}", destinations.get),
        route("PATCH", f"{base}/{{id}}", destinations.update),
        route("DELETE", f"{base}/{{id}}", destinations.delete),
    ]


class _Destinations:
    def __init__(self, services: Services) -> None:
        self._objects = Collection(
            services.store, "notification-destinations", "Notification destination {} not found."
        )

    def create(self, call: Call) -> dict[str, Any]:
        key = str(uuid.uuid4())
        config = call.mapping("config")
        _type(config)
        return _render(self._objects.put(key, {"id": key, "display_name": call.text("display_name"), "config": config}))

    def get(self, call: Call) -> dict[str, Any]:
        return _render(self._objects.require(call.path["id"]))

    def listing(self, call: Call) -> dict[str, Any]:
        shown = ("id", "display_name", "destination_type")
        summaries = [{name: _render(body)[name] for name in shown} for body in self._objects.all()]
        return page(call, summaries, "results")

    def update(self, call: Call) -> dict[str, Any]:
        changes = {name: call.body[name] for name in ("display_name", "config") if name in call.body}
        if "config" in changes:
            _type(call.mapping("config"))
        return _render(self._objects.change(call.path["id"], changes))

    def delete(self, call: Call) -> None:
        self._objects.delete(call.path["id"])


def _type(config: dict[str, Any]) -> str:
    if len(config) != 1 or not config.keys() <= TYPES.keys() or not isinstance(next(iter(config.values())), dict):
        raise invalid(f"config must have exactly one of {', '.join(TYPES)}")
    return TYPES[next(iter(config))]


def _render(body: dict[str, Any]) -> dict[str, Any]:
    (name, given), *_ = body["config"].items()
    shown = {field: value for field, value in given.items() if field not in SECRET}
    # The provider fills these in from its own state when it reads that they are set.
    shown |= {f"{field}_set": True for field, value in given.items() if field in SECRET and value}
    return body | {"config": {name: shown}, "destination_type": _type(body["config"])}
