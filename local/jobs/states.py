"""Life-cycle and result states of runs, and the two shapes in which the API shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})
FAILED = frozenset({"FAILED", "TIMEDOUT", "UPSTREAM_FAILED"})
CANCELED = frozenset({"CANCELED", "UPSTREAM_CANCELED"})
STARTED = frozenset({"RUNNING", "TERMINATING"})

_STATUS = {
    "QUEUED": "QUEUED",
    "PENDING": "PENDING",
    "BLOCKED": "BLOCKED",
    "WAITING_FOR_RETRY": "WAITING",
    "RUNNING": "RUNNING",
    "TERMINATING": "TERMINATING",
    "TERMINATED": "TERMINATED",
    "SKIPPED": "TERMINATED",
    "INTERNAL_ERROR": "TERMINATED",
}
_CODE = {
    "SUCCESS": "SUCCESS",
    "SUCCESS_WITH_FAILURES": "SUCCESS_WITH_FAILURES",
    "FAILED": "RUN_EXECUTION_ERROR",
    "TIMEDOUT": "CANCELED",
    "CANCELED": "USER_CANCELED",
    "MAXIMUM_CONCURRENT_RUNS_REACHED": "MAX_CONCURRENT_RUNS_EXCEEDED",
    "EXCLUDED": "SKIPPED",
    "UPSTREAM_FAILED": "SKIPPED",
    "UPSTREAM_CANCELED": "SKIPPED",
    "DISABLED": "DISABLED",
}


@dataclass(frozen=True)
class Outcome:
    """How a run or an attempt ended."""

    result: str
    message: str = ""
    code: str = ""
    life_cycle: str = "TERMINATED"

    @property
    def termination_code(self) -> str:
        """The documented code: the given one, or the usual one of the result."""
        return self.code or _CODE[self.result]


SUCCESS = Outcome("SUCCESS")


def failed(message: str, code: str = "RUN_EXECUTION_ERROR") -> Outcome:
    """A failure of the user's work, or of what it stands on when a code says so."""
    return Outcome("FAILED", message, code)


def shown_life_cycle(life_cycle: str, outcome: Outcome | None) -> str:
    """Return the life-cycle state that the API gives a job run: Databricks calls one INTERNAL_ERROR when a task failed.

    This is why the SDK's `result()` raises on it. Its `status` says TERMINATED and RUN_EXECUTION_ERROR; the run of a
    task that failed is TERMINATED in both.
    """
    return "INTERNAL_ERROR" if outcome is not None and outcome.result == "FAILED" else life_cycle


def state_of(life_cycle: str, outcome: Outcome | None, message: str = "") -> dict[str, Any]:
    """Render the deprecated but widely read `state` object."""
    state: dict[str, Any] = {"life_cycle_state": life_cycle, "state_message": message}
    state["user_cancelled_or_timedout"] = outcome is not None and outcome.result in {"CANCELED", "TIMEDOUT"}
    if outcome is not None:
        state |= {"result_state": outcome.result, "state_message": outcome.message}
    if life_cycle == "QUEUED":
        state["queue_reason"] = message
    return state


def status_of(life_cycle: str, outcome: Outcome | None, message: str = "") -> dict[str, Any]:
    """Render the `status` object."""
    status: dict[str, Any] = {"state": _STATUS[life_cycle]}
    if outcome is not None:
        code = outcome.termination_code
        details = {"code": code, "type": _termination_type(outcome.result, code), "message": outcome.message}
        status["termination_details"] = details
    if life_cycle == "QUEUED":
        status["queue_details"] = {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": message}
    return status


def _termination_type(result: str, code: str) -> str:
    if result in {"SUCCESS", "SUCCESS_WITH_FAILURES", "EXCLUDED", "DISABLED"}:
        return "SUCCESS"
    return "INTERNAL_ERROR" if code in {"INTERNAL_ERROR", "DRIVER_ERROR"} else "CLIENT_ERROR"
