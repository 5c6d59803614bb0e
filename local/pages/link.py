"""The one-time link that opens the pages in a browser."""

from __future__ import annotations

import httpx

CODES_PATH = "/pages/login-codes"


def login_link(host: str, token: str) -> str:
    """Ask a running workspace for a link that opens its pages once, within five minutes."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{host}{CODES_PATH}", headers=headers, timeout=30.0, trust_env=False)
    answer.raise_for_status()
    return str(answer.json()["url"])
