"""Times as the API writes them."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def milliseconds() -> int:
    """Return now in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def timestamp() -> str:
    """Return now as RFC 3339 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
