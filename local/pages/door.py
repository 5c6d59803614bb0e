"""Who may see the pages: one-time codes that become browser sessions; both live in memory and die with the server."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable

CODE_SECONDS = 300.0
SESSION_SECONDS = 12 * 3600.0
_MOST = 100  # of either; the oldest goes first

# First parts of the paths that a session opens. Everything else, the API above all, wants the token.
PAGE_ROOTS = frozenset(
    {"", "jobs", "data", "queries", "alerts", "dashboards", "files", "platform", "assets", "login", "logout"}
)
OPEN_ROOTS = frozenset({"assets", "login"})


def is_page(path: str) -> bool:
    """Whether a path belongs to the pages."""
    return path.lstrip("/").partition("/")[0] in PAGE_ROOTS


def is_open(path: str) -> bool:
    """Whether a page is for everybody on this machine: where to log in, and how pages look."""
    return path.lstrip("/").partition("/")[0] in OPEN_ROOTS


class Door:
    """Mints codes, exchanges each once for a session, knows sessions; only digests are kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)
        self._codes: dict[str, float] = {}
        self._sessions: dict[str, float] = {}

    def mint(self) -> str:
        """Return a code that opens one session within five minutes."""
        return self._remember(self._codes, CODE_SECONDS)

    def enter(self, code: str) -> str | None:
        """Exchange a code for a new session; None for one that is unknown, used or too old."""
        with self._lock:
            until = self._codes.pop(_digest(code), 0.0)
        return self._remember(self._sessions, SESSION_SECONDS) if until > self._clock() else None

    def knows(self, session: str) -> bool:
        """Whether a session is open."""
        with self._lock:
            return self._sessions.get(_digest(session), 0.0) > self._clock()

    def leave(self, session: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_digest(session), None)

    def form_token(self, session: str) -> str:
        """Return what a form of this session must carry, so that no other page can send it."""
        return hmac.new(self._key, session.encode(), hashlib.sha256).hexdigest()

    def _remember(self, known: dict[str, float], seconds: float) -> str:
        value, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            for digest in [digest for digest, until in known.items() if until <= now]:
                del known[digest]
            while len(known) >= _MOST:
                del known[next(iter(known))]
            known[_digest(value)] = now + seconds
        return value


def cookie_name(host: str) -> str:
    """Return the cookie's name: cookies know no ports, so that of two workspaces on one machine differ by it."""
    return f"workspace_session_{host.rpartition(':')[2]}" if ":" in host else "workspace_session"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
