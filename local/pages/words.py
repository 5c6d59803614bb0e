"""States, times and schedules in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from local.jobs.ledger import JobRun, TaskRun
from local.jobs.schedule import Trigger

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NUMBER = re.compile(r"\d{1,2}")


@dataclass(frozen=True)
class State:
    """A state as a word and a kind; the kind decides the colour, never the meaning alone."""

    word: str
    kind: str

    @property
    def bad(self) -> bool:
        """Whether somebody should look."""
        return self.kind == "bad"


NEVER = State("Never run", "none")
_ACTIVE = {
    "QUEUED": State("Queued", "wait"),
    "PENDING": State("Pending", "wait"),
    "BLOCKED": State("Waiting", "wait"),
    "WAITING_FOR_RETRY": State("Waiting to retry", "wait"),
    "RUNNING": State("Running", "busy"),
    "TERMINATING": State("Stopping", "busy"),
}
_ENDED = {
    "SUCCESS": State("Succeeded", "good"),
    "SUCCESS_WITH_FAILURES": State("Succeeded with failures", "warn"),
    "FAILED": State("Failed", "bad"),
    "TIMEDOUT": State("Timed out", "bad"),
    "CANCELED": State("Canceled", "none"),
    "MAXIMUM_CONCURRENT_RUNS_REACHED": State("Skipped: too many at once", "none"),
    "EXCLUDED": State("Excluded", "none"),
    "UPSTREAM_FAILED": State("Upstream failed", "warn"),
    "UPSTREAM_CANCELED": State("Upstream canceled", "none"),
    "DISABLED": State("Disabled", "none"),
}
_ALERT = {
    "TRIGGERED": State("Triggered", "bad"),
    "ERROR": State("Error", "bad"),
    "UNKNOWN": State("Unknown", "warn"),
    "OK": State("OK", "good"),
}


def state(run: JobRun | TaskRun | None) -> State:
    """Return the state of a run or an attempt."""
    if run is None:
        return NEVER
    if run.active or run.outcome is None:
        return _ACTIVE.get(run.life_cycle, State(run.life_cycle.capitalize(), "none"))
    if run.outcome.life_cycle == "INTERNAL_ERROR":
        return State("Internal error", "bad")
    return _ENDED.get(run.outcome.result, State(run.outcome.result.capitalize(), "none"))


def alert_state(name: str) -> State:
    """Return the state of an alert; it has none before it is evaluated."""
    return _ALERT.get(name, State("Not evaluated yet", "none"))


def duration(milliseconds: float) -> str:
    """Return a length of time with at most two units."""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    if round(seconds) < 60:
        return f"{seconds:.1f} s" if round(seconds, 1) < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def ago(moment: int, now: int) -> str:
    """Return how long before or after now a moment is."""
    return f"in {duration(moment - now)}" if moment > now else f"{duration(now - moment)} ago"


def when(moment: int | str | None) -> Markup:
    """Return a moment, epoch milliseconds or RFC 3339, in UTC as an HTML time element."""
    if not moment:
        return Markup("—")
    if isinstance(moment, str):
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            return escape(moment)
    else:
        at = datetime.fromtimestamp(moment / 1000, UTC)
    # Spark writes its moments without a zone; the driver's is UTC.
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Markup('<time datetime="{}">{} <abbr title="Coordinated Universal Time">UTC</abbr></time>').format(
        at.isoformat(timespec="milliseconds"), f"{at:%Y-%m-%d %H:%M:%S}"
    )


def day(moment: int) -> str:
    """Return weekday and time of a moment in UTC, short."""
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%a %d %b, %H:%M}"


def size(count: int) -> str:
    """Return a number of bytes."""
    if count < 1024:
        return f"{count} B"
    kilobytes = count / 1024
    return f"{kilobytes:,.1f} KB" if kilobytes < 1024 else f"{kilobytes / 1024:,.1f} MB"


def pretty(value: Any) -> str:
    """Return JSON, indented."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def number(text: str) -> str:
    """Return a number of a result as people write it: digits grouped, no long tail; other text as it is."""
    if not re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        return text
    places = len(text.partition(".")[2])
    if places <= 4 and "e" not in text.lower():
        return f"{Decimal(text):,.{places}f}"  # as its type has it: a price keeps its cents
    value = float(text)
    return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"


def schedule(expression: str, zone: str) -> str:
    """Return a Quartz expression in words; one that has no short wording as it is."""
    fields = expression.split()
    if len(fields) != 6 or not (fields[0].isdecimal() and fields[4] == "*"):
        return f"{expression} ({zone})"
    _, minute, hour, month_day, _, weekday = fields
    days = _days(month_day, weekday)
    if days is None or not _NUMBER.fullmatch(minute):
        return f"{expression} ({zone})"
    if hour == "*" and days == "every day":
        return f"every hour at minute {int(minute)}"
    if hour.startswith(("*/", "0/")) and hour[2:].isdecimal():
        return f"{days}, every {hour[2:]} hours at minute {int(minute)} ({zone})"
    if not _NUMBER.fullmatch(hour):
        return f"{expression} ({zone})"
    return f"{days} at {int(hour):02}:{int(minute):02} {zone}"


def next_after(trigger: Trigger) -> int | None:
    """Return when a trigger fires next, in epoch milliseconds, or None when it does not any more."""
    due = trigger.next_after(datetime.now(UTC))
    return None if due is None else int(due.timestamp() * 1000)


def _days(month_day: str, weekday: str) -> str | None:
    if weekday in ("?", "*") and month_day in ("?", "*"):
        return "every day"
    if weekday != "?":
        names = [_weekday(part) for part in weekday.split(",")]
        return None if None in names else " and ".join(f"{name}s" for name in names)
    if month_day == "L":
        return "the last day of each month"
    return f"day {month_day} of each month" if month_day.isdecimal() else None


def _weekday(text: str) -> str | None:
    if text.isdecimal() and 1 <= int(text) <= 7:
        return _DAYS[int(text) - 1]
    return next((name for name in _DAYS if name[:3].lower() == text.lower()), None)


def is_numeric(type_name: str | None) -> bool:
    """Whether a type of the statements API is of numbers."""
    return type_name in {"BYTE", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "DECIMAL"}


TESTS: dict[str, Callable[..., bool]] = {"numeric": is_numeric}
FILTERS: dict[str, Callable[..., Any]] = {
    "state": state,
    "duration": duration,
    "ago": ago,
    "when": when,
    "day": day,
    "size": size,
    "pretty": pretty,
    "number": number,
}
