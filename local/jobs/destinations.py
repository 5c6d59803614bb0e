"""Notification destinations of jobs and alerts: any can be named; mail, and webhooks on this machine, are sent."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from local.errors import invalid
from local.jobs.webhook import Target
from local.store import Store

KIND = "notification-destinations"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Routes:
    """Where a notification goes: addresses to mail to, webhooks to call."""

    addresses: tuple[str, ...]
    webhooks: tuple[Target, ...]


def check(store: Store, field: str, ids: Sequence[Any]) -> None:
    """Refuse destinations that do not exist."""
    for key in ids:
        if store.get(KIND, str(key)) is None:
            raise invalid(f"{field}: notification destination {key} does not exist.")


def check_addresses(field: str, addresses: Sequence[Any]) -> None:
    """Refuse what no mail can be addressed to."""
    for address in addresses:
        if not isinstance(address, str) or not address.isprintable() or " " in address or not address:
            raise invalid(f"{field}: {address!r} is not an e-mail address.")


def routes(store: Store, ids: Iterable[str]) -> Routes:
    """Return how to reach destinations; one that was deleted since is left out, one beyond this machine is logged."""
    addresses: list[str] = []
    webhooks: list[Target] = []
    for key in ids:
        config = (store.get(KIND, key) or {}).get("config") or {}
        addresses += (config.get("email") or {}).get("addresses") or []
        if "generic_webhook" in config:
            webhooks.append(_target(config["generic_webhook"]))
        elif config and "email" not in config:
            kind = next(iter(config)).upper()
            _LOG.error(
                "Destination %s of type %s not notified: the local workspace calls nobody else's service", key, kind
            )
    return Routes(tuple(addresses), tuple(webhooks))


def _target(config: dict[str, Any]) -> Target:
    return Target(config.get("url") or "", config.get("username") or "", config.get("password") or "")
