"""Webhooks: called on this machine only, whoever asks for more."""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """Where to post, and as whom when there is a user."""

    url: str
    user: str = ""
    password: str = ""

    @property
    def host(self) -> str:
        """The host that the address names, or nothing when it cannot be read."""
        try:
            parts = urlsplit(self.url)
            return (parts.hostname or "") if parts.scheme in {"http", "https"} and parts.port != 0 else ""
        except ValueError:
            return ""

    @property
    def is_loopback(self) -> bool:
        """Whether the address is one of this machine, by number: a name may lead anywhere."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def call(target: Target, body: bytes) -> None:
    """Post JSON once; what is not loopback is not called, and what fails is logged."""
    if not target.is_loopback:
        _LOG.error("Webhook on %s not called: the local workspace calls loopback addresses only", target.host)
        return
    auth = httpx.BasicAuth(target.user, target.password) if target.user else None
    headers = {"Content-Type": "application/json"}
    try:
        # No proxy of the environment, no redirect: both could lead off this machine.
        with httpx.Client(auth=auth, trust_env=False, follow_redirects=False, timeout=10) as client:
            client.post(target.url, content=body, headers=headers).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _LOG.error("Webhook on %s failed: %s", target.host, error)
