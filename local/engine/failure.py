"""What a failed notebook tells its reader."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

_MESSAGE_LIMIT = 2000
_TRACE_LIMIT = 20_000


@dataclass(frozen=True)
class Failure:
    """One line that names the error, the cell and the notebook line, and the trace."""

    error: str
    trace: str


def failure_of(error: BaseException, cells: Mapping[str, int]) -> Failure:
    """Describe an error; `cells` gives the cell number of each file name under which a cell was compiled."""
    begin = error.__traceback__
    while begin is not None and begin.tb_frame.f_code.co_filename not in cells:
        begin = begin.tb_next
    lines = traceback.format_exception(type(error), error, begin)
    place = _place(error, begin, cells)
    return Failure(f"{type(error).__name__}: {_message(error)}{place}", _cut("".join(lines)))


def _place(error: BaseException, begin: TracebackType | None, cells: Mapping[str, int]) -> str:
    if isinstance(error, SyntaxError) and (number := cells.get(error.filename or "")):
        return f" (cell {number}, line {error.lineno})"
    place = ""
    while begin is not None:
        name = begin.tb_frame.f_code.co_filename
        if name in cells:
            place = f" (cell {cells[name]}, line {begin.tb_lineno})"
        begin = begin.tb_next
    return place


def _message(error: BaseException) -> str:
    text = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Errors of the JVM say on the second line what the first only announces.
    message = " ".join(lines[:2]) if len(lines) > 1 and lines[1].startswith(": ") else "".join(lines[:1])
    return message if len(message) <= _MESSAGE_LIMIT else f"{message[:_MESSAGE_LIMIT]}…"


def _cut(trace: str) -> str:
    # The end names the error, the beginning the notebook's line: a stack of the JVM in between may go.
    if len(trace) <= _TRACE_LIMIT:
        return trace
    half = _TRACE_LIMIT // 2
    return f"{trace[:half]}\n…\n{trace[-half:]}"
