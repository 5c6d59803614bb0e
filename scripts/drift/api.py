"""Reads of a workspace through databricks-sdk: bounded, counted, each whole answer as JSON.

The SDK's client does authentication and retries (429, 5xx). Its typed classes drop fields that they do not know, and
in such a field drift could hide: so answers are taken as they come.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.errors.base import DatabricksError

from scripts.connection import first_line
from scripts.drift.compare import Body

AT_ONCE = 8  # a workspace answers some dozens a second to one client; more would only meet its 429
T = TypeVar("T")
R = TypeVar("R")


class Api:
    """GET of one object, of a whole list, and many at once; what cannot be read is kept as a problem by name."""

    def __init__(self, client: WorkspaceClient, pool: ThreadPoolExecutor, told: Callable[[int], None]) -> None:
        self._do = client.api_client.do
        self._pool = pool
        self._told = told
        self._lock = Lock()
        self.calls = 0
        self.problems: dict[str, str] = {}

    def get(self, path: str, /, **query: Any) -> Body | None:
        """Return an object, or None when there is none."""
        with self._lock:
            self.calls += 1
        self._told(self.calls)
        try:
            answer = self._do("GET", quote(path, safe="/"), query=query)
        except NotFound:
            return None
        except DatabricksError as error:
            # Old APIs say so in words: jobs, clusters.
            if "does not exist" in str(error):
                return None
            raise
        return answer if isinstance(answer, dict) else {}

    def pages(self, path: str, field: str, /, **query: Any) -> list[Body]:
        """Return all items of a list; an absent parent has none."""
        found: list[Body] = []
        token: str | None = None
        while True:
            answer = self.get(path, **query, **({"page_token": token} if token else {})) or {}
            found += answer.get(field, [])
            token = answer.get("next_page_token")
            if not token:
                return found

    def each(self, what: str, read: Callable[[T], R], keys: Iterable[T]) -> dict[T, R]:
        """Read many side by side and return them by key; a key that cannot be read is a problem."""
        waiting = {key: self._pool.submit(read, key) for key in keys}
        found = {}
        for key, future in waiting.items():
            with self.noting(f"{what} {key}".strip()):
                found[key] = future.result()
        return found

    @contextmanager
    def noting(self, what: str) -> Iterator[None]:
        """Keep what goes wrong as a problem of a name."""
        try:
            yield
        except (DatabricksError, OSError) as error:
            self.problems[what] = first_line(error)


def exported(answer: Body | None) -> bytes | None:
    """Return the content in an answer of workspace/export."""
    return None if answer is None else base64.b64decode(answer.get("content", ""))


def entries(answer: Body | None) -> dict[str, tuple[str, ...]] | None:
    """Return the direct levels by principal in an access list, without what is inherited and administrators."""
    if answer is None:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for entry in answer.get("access_control_list", []):
        who = next((f"{kind} {entry[f'{kind}_name']}" for kind in PRINCIPALS if entry.get(f"{kind}_name")), "")
        levels = tuple(
            sorted(each["permission_level"] for each in entry.get("all_permissions", []) if not each.get("inherited"))
        )
        # Administrators may do everything everywhere; the service shows it on each object.
        if levels and who != "group admins":
            found[who] = levels
    return found


PRINCIPALS = ("user", "group", "service_principal")
Access = Mapping[str, tuple[str, ...]]
