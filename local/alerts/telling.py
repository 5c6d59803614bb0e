"""Telling the subscribers of an alert: mails and webhooks, put into the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.alerts import message
from local.alerts.condition import Result, Verdict
from local.jobs import destinations
from local.jobs.outbox import Outbox
from local.services import Services


def tell(
    services: Services,
    outbox: Outbox,
    alert: Mapping[str, Any],
    verdict: Verdict,
    result: Result | None,
    evaluated_at: int,
) -> None:
    """Put what the subscriptions of an alert are told into the outbox, each address once."""
    url = alert_url(services.base_url, alert["id"])
    composed = message.compose(alert, verdict, result, url)
    subscriptions = (alert["evaluation"].get("notification") or {}).get("subscriptions") or []
    named = [item["destination_id"] for item in subscriptions if item.get("destination_id")]
    routes = destinations.routes(services.store, named)
    people = [item["user_email"] for item in subscriptions if item.get("user_email")]
    recipients = list(dict.fromkeys([*people, *routes.addresses]))
    if recipients:
        outbox.mail(recipients, composed.subject, composed.text, composed.html)
    body = message.webhook_body(alert, verdict, composed, url, services.base_url, evaluated_at)
    for target in routes.webhooks:
        outbox.post(target, body)


def alert_url(base_url: str, alert_id: str) -> str:
    """Return the address of an alert's page."""
    return f"{base_url}/alerts/{alert_id}"
