"""SQL for the pages: run by the driver, short, bounded, and never an exception."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.engine.client import DriverClient, DriverUnavailable
from local.errors import ApiError
from local.services import Services

SECONDS = 30.0
_AT_ONCE = 4


@dataclass(frozen=True)
class Ask:
    """One statement with its parameters and where its short names are looked up."""

    sql: str
    parameters: Sequence[dict[str, Any]] = ()
    catalog: str | None = None
    schema: str | None = None
    row_limit: int = 1000


@dataclass(frozen=True)
class Answer:
    """Columns and rows, or the problem in words."""

    columns: tuple[dict[str, Any], ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    truncated: bool = False
    problem: str = ""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [str(column["name"]) for column in self.columns]

    def records(self) -> list[dict[str, str | None]]:
        """Return the rows by column name."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


class Statements:
    """Asks the driver that answers now; a page does not wait for one that is starting."""

    def __init__(self, services: Services) -> None:
        self._driver = services.driver

    def run(self, ask: Ask) -> Answer:
        """Run one statement to its end or its time limit."""
        return self.run_all([ask])[0]

    def run_all(self, asks: Sequence[Ask]) -> list[Answer]:
        """Run statements side by side and return their answers in order."""
        try:
            client = self._driver.client()
        except DriverUnavailable as error:
            return [Answer(problem=str(error)) for _ in asks]
        deadline = time.monotonic() + SECONDS
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="page-sql") as pool:
            return list(pool.map(lambda ask: _run(client, ask, deadline), asks))


def _run(client: DriverClient, ask: Ask, deadline: float) -> Answer:
    key = f"page-{uuid.uuid4()}"
    body = {
        "id": key,
        "sql": ask.sql,
        "parameters": list(ask.parameters),
        "catalog": ask.catalog,
        "schema": ask.schema,
        "row_limit": ask.row_limit,
    }
    try:
        client.call("POST", "/statements", body)
        answer: dict[str, Any] = {"state": "RUNNING"}
        while answer["state"] == "RUNNING" and (left := deadline - time.monotonic()) > 0:
            wait = min(left, 10.0)
            answer = client.call("GET", f"/statements/{key}?wait={wait:.1f}", timeout=wait + 10.0)
        if answer["state"] == "RUNNING":
            client.call("DELETE", f"/statements/{key}")
            return Answer(problem=f"Not finished after {SECONDS:.0f} s, so it was cancelled. Load the page again.")
    except (ApiError, DriverUnavailable) as error:
        return Answer(problem=str(error))
    if answer["state"] != "SUCCEEDED":
        return Answer(problem=str((answer.get("error") or {}).get("message") or "The statement was cancelled."))
    rows = tuple(tuple(row) for row in answer["rows"])
    return Answer(tuple(answer["columns"]), rows, bool(answer.get("truncated")))
