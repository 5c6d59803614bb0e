"""SQL on the environment's warehouse: statements side by side, each with its rows or the problem in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.sql import (
    ExecuteStatementRequestOnWaitTimeout,
    ResultData,
    StatementResponse,
    StatementState,
)

from scripts.connection import first_line

Value = str | int | float | bool | None

ROWS = 5000
SECONDS = 180  # a serverless warehouse that was idle starts within seconds, the local one within half a minute
_WAIT = "30s"
_POLL_SECONDS = 0.5
_AT_ONCE = 8
_PENDING = {StatementState.PENDING, StatementState.RUNNING}
_WHOLE = {"INT", "LONG", "BIGINT", "SHORT", "SMALLINT", "BYTE", "TINYINT"}
_BROKEN = {"DOUBLE", "FLOAT", "DECIMAL"}


@dataclass(frozen=True)
class Column:
    """A column of an answer: its name and the word of the API for its type."""

    name: str
    kind: str

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.kind in _WHOLE | _BROKEN

    def value(self, text: str | None) -> Value:
        """Return what the text of a cell means; moments and days stay ISO text."""
        if text is None:
            return None
        if self.kind in _WHOLE:
            return int(text)
        if self.kind in _BROKEN:
            return float(text)
        return text == "true" if self.kind == "BOOLEAN" else text


@dataclass(frozen=True)
class Answer:
    """Columns and rows, or the problem in words."""

    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ()
    problem: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def records(self) -> list[dict[str, Value]]:
        """Return the rows by column name."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def ask_all(
    client: WorkspaceClient, warehouse: str, statements: Mapping[str, str], told: Callable[[str], None]
) -> dict[str, Answer]:
    """Run statements side by side and return their answers by name; `told` hears each name that is answered."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask") as pool:
        waiting = {pool.submit(ask, client, warehouse, sql): name for name, sql in statements.items()}
        answers = {}
        for future in as_completed(waiting):
            answers[waiting[future]] = future.result()
            told(waiting[future])
    return {name: answers[name] for name in statements}


def ask(client: WorkspaceClient, warehouse: str, sql: str) -> Answer:
    """Run one statement to its end or its time limit; what goes wrong is the answer's problem."""
    deadline = time.monotonic() + SECONDS
    execution = client.statement_execution
    try:
        response = execution.execute_statement(
            sql,
            warehouse,
            wait_timeout=_WAIT,
            on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CONTINUE,
            row_limit=ROWS,
        )
        while _state(response) in _PENDING and response.statement_id:
            if time.monotonic() > deadline:
                execution.cancel_execution(response.statement_id)
                return Answer(problem=f"not finished after {SECONDS} s, cancelled")
            time.sleep(_POLL_SECONDS)
            response = execution.get_statement(response.statement_id)
        return _answer(client, response)
    except (DatabricksError, OSError) as error:
        return Answer(problem=first_line(error))


def _state(response: StatementResponse) -> StatementState | None:
    return response.status.state if response.status else None


def _answer(client: WorkspaceClient, response: StatementResponse) -> Answer:
    if (
        _state(response) is not StatementState.SUCCEEDED
        or response.manifest is None
        or response.manifest.schema is None
    ):
        said = response.status.error.message if response.status and response.status.error else None
        state = _state(response)
        return Answer(problem=first_line(said or (state.value if state else "the warehouse gave no answer")))
    columns = tuple(
        Column(column.name or "", column.type_name.value if column.type_name else "STRING")
        for column in response.manifest.schema.columns or []
    )
    rows: list[tuple[Value, ...]] = []
    part: ResultData | None = response.result
    while part is not None:
        for row in part.data_array or []:
            rows.append(tuple(column.value(text) for column, text in zip(columns, row, strict=True)))
        following = part.next_chunk_index
        if following is None or response.statement_id is None:
            break
        part = client.statement_execution.get_statement_result_chunk_n(response.statement_id, following)
    return Answer(columns, tuple(rows))
