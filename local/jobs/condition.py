"""condition_task: compares two values; its outcome chooses the branch."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from local.jobs.attempts import Attempt, Ending
from local.jobs.states import SUCCESS, failed

_TEXT: dict[str, Callable[[str, str], bool]] = {"EQUAL_TO": operator.eq, "NOT_EQUAL": operator.ne}
_NUMBER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}


def run(attempt: Attempt) -> Ending:
    """Compare as text for (in)equality, as numbers otherwise."""
    left, op, right = str(attempt.task["left"]), attempt.task["op"], str(attempt.task["right"])
    if op in _TEXT:
        holds = _TEXT[op](left, right)
    elif op in _NUMBER:
        try:
            holds = _NUMBER[op](Decimal(left), Decimal(right))
        except InvalidOperation:
            return Ending(failed(f"Condition '{left}' {op} '{right}' needs two numbers.", "INVALID_RUN_CONFIGURATION"))
    else:
        return Ending(failed(f"Condition operator '{op}' does not exist.", "INVALID_RUN_CONFIGURATION"))
    return Ending(SUCCESS, {"outcome": str(holds).lower()})
