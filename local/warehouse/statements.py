"""Statements by id: run in the background, asked for later, each in a session of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from local.errors import already_exists, not_found
from local.warehouse.json_rows import SHAPE, columns_of, rows_of
from local.warehouse.parameters import Parameter
from local.warehouse.results import Result
from local.warehouse.sessions import IDLE_GRACE, OpenSessions, Operation, Session
from local.warehouse.statement import execute, use_namespace


@dataclass(frozen=True)
class Request:
    """One statement as `POST /statements` takes it."""

    id: str
    sql: str
    parameters: Sequence[Parameter]
    catalog: str | None
    schema: str | None
    row_limit: int | None
    byte_limit: int | None


@dataclass(frozen=True)
class _Started:
    session: Session
    operation: Operation
    byte_limit: int | None


class Statements:
    """The statements of one driver; a finished one is kept as long as somebody asks for it."""

    def __init__(self, sessions: OpenSessions) -> None:
        self._sessions = sessions
        self._known: dict[str, _Started] = {}
        self._lock = threading.Lock()

    def start(self, request: Request) -> None:
        """Start a statement; an id that is taken is refused."""
        with self._lock:
            self._forget_dropped()
            if request.id in self._known:
                raise already_exists(f"Statement {request.id} exists already.")
            session = self._sessions.open()
            # Background work has no client that must keep asking: the caller cancels it, or takes its result.
            operation = session.submit(_work(request), grace=IDLE_GRACE)
            self._known[request.id] = _Started(session, operation, request.byte_limit)

    def get(self, statement_id: str, wait: float) -> dict[str, Any]:
        """Return state, columns and rows, or the error; wait up to `wait` seconds for the end."""
        started = self._find(statement_id)
        started.session.touched = started.operation.touched
        if started.operation.wait(wait):
            # Its thread is no longer needed; the result stays with the operation.
            started.session.retire()
        return _rendered(started.operation, started.byte_limit)

    def cancel(self, statement_id: str) -> None:
        """Cancel a statement that runs; one that ended stays as it is."""
        started = self._find(statement_id)
        started.session.cancel(started.operation)

    def _find(self, statement_id: str) -> _Started:
        found = self._known.get(statement_id)
        if found is None:
            raise not_found(f"Statement {statement_id} does not exist.")
        return found

    def _forget_dropped(self) -> None:
        for key, started in list(self._known.items()):
            if started.operation.id not in started.session.operations:
                del self._known[key]


def _work(request: Request) -> Any:
    statement = execute(request.sql, request.parameters, SHAPE, request.row_limit)

    def work(spark: SparkSession) -> Result:
        use_namespace(spark, request.catalog, request.schema)
        return statement(spark)

    return work


def _rendered(operation: Operation, byte_limit: int | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"state": operation.state}
    result = operation.result
    if result is not None:
        rows, size = rows_of(result, byte_limit)
        truncated = result.truncated or len(rows) < result.table.num_rows
        answer |= {"columns": columns_of(result), "rows": rows, "bytes": size, "truncated": truncated}
    if operation.failure is not None:
        answer["error"] = {"message": operation.failure.message, "sqlstate": operation.failure.sqlstate}
    return answer
