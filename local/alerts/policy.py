"""When an evaluation is told to the subscribers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from local.alerts.history import Evaluation


def notifies(state: str, due: int, past: Sequence[Evaluation], notification: Mapping[str, Any]) -> bool:
    """Decide from the new state, its time, what was before (newest first) and the alert's notification settings.

    A trigger is told once until the alert was OK again, or every `retrigger_seconds`; the return to OK on request; an
    error when it begins. Times of the schedule are compared, not of the clock: an hourly alert that retriggers hourly
    must not lose one to a second of delay.
    """
    since_ok = list(takewhile(lambda evaluation: evaluation.state != "OK", past))
    told = next((item for item in since_ok if item.state == "TRIGGERED" and item.notified), None)
    if state == "TRIGGERED":
        pause = 1000 * int(notification.get("retrigger_seconds") or 0)
        return told is None or (pause > 0 and due - told.due >= pause)
    if state == "OK":
        return bool(notification.get("notify_on_ok")) and any(item.notified for item in since_ok)
    return state == "ERROR" and not (past and past[0].state == "ERROR")
