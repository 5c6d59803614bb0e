"""Values as people read them in a terminal or on a picture, and how alarming a word or number is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from scripts.answers import Value

Tone = Literal["bad", "warn", "good", ""]


@dataclass(frozen=True)
class Cell:
    """What stands in a place of a table, how alarming it is, and on which side it stands."""

    text: str
    tone: Tone = ""
    right: bool = False


_BAD = {
    "critical",
    "critical error",
    "degraded",
    "empty",
    "error",
    "fail",
    "failed",
    "internal error",
    "missing",
    "not deployed",
    "not measured",
    "poor",
    "quality not measured",
    "timedout",
    "unknown",
    "very stale",
}
_WARN = {
    "anomaly detected",
    "canceled",
    "fair",
    "high",
    "insufficient history",
    "medium",
    "no orders today",
    "not scored",
    "quality issues",
    "skipped",
    "stale",
    "warn",
    "warning",
}
_GOOD = {"active", "all checks passed", "excellent", "fresh", "good", "healthy", "normal", "ok", "success"}
# Columns that count what is wrong: nothing is good, anything is bad.
_FAULTS = {
    "empty_tables",
    "failed_rows",
    "low_quality_tables",
    "stale_predictions",
    "stale_tables",
    "stopping_tables",
    "tables_below_threshold",
    "unmeasured_layers",
    "very_stale_tables",
}
_JUDGING = ("status", "severity", "state")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def word_tone(word: str) -> Tone:
    """Return how alarming a word for a state is; most words are not."""
    plain = word.strip().lower().replace("_", " ")
    return "bad" if plain in _BAD else "warn" if plain in _WARN else "good" if plain in _GOOD else ""


def tone(column: str, value: Value) -> Tone:
    """Return how alarming a value is in this column: only verdicts and counts of what is wrong are judged."""
    if isinstance(value, str):
        return word_tone(value) if column.endswith(_JUDGING) else ""
    if column in _FAULTS and value is not None:
        return "bad" if value > 0 else "good"
    return ""


def written(value: Value, kind: str = "") -> str:
    """Return a value as people write it; nothing is a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        shown = f"{value:,.3f}".rstrip("0").rstrip(".")
        return "0" if shown == "-0" else shown
    return f"{moment(value):%Y-%m-%d %H:%M}" if kind.startswith("TIMESTAMP") else value


def moment(text: str) -> datetime:
    """Return the instant that an ISO text names; one without a zone is in UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def span(seconds: float) -> str:
    """Return a length of time in its one or two largest units."""
    seconds = max(0, int(seconds))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
    return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"
