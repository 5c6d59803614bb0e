"""The days of a backfill cut into windows, and the token under which each window's run is started."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from scripts.errors import CommandError

TOKEN_CHARACTERS = 64  # the Jobs API takes no longer idempotency token


@dataclass(frozen=True)
class Window:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


def windows(first: date, last: date, step: int) -> list[Window]:
    """Cut the days from first to last into windows of `step` days; the last one may be shorter."""
    if last < first:
        raise CommandError(f"--to {last} is before --from {first}.")
    starts = range(0, (last - first).days + 1, step)
    return [Window(first + timedelta(n), min(first + timedelta(n + step - 1), last)) for n in starts]


def day(option: str, text: str) -> date:
    """Return the day that an option names; CommandError when it names none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{option} {text!r}: expected a day as YYYY-MM-DD.") from error


def token(job_id: int, window: Window, again: str, attempt: int) -> str:
    """Return the idempotency token of one attempt at a window: the same words give the same run, not a second one.

    `again` is the operator's word for doing days anew; `attempt` counts the runs of a window that failed.
    """
    text = f"{job_id} {window.first} {window.last} {again} {attempt}"
    return f"backfill-{hashlib.sha256(text.encode()).hexdigest()}"[:TOKEN_CHARACTERS]
