"""The days of `sql/closed_days.toml`, on which the shop is closed; read strictly."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "sql" / "closed_days.toml"
_KEYS = {"first", "last", "why"}


class ClosedDaysError(ValueError):
    """A list of closed days that cannot be trusted."""


def load(path: Path | None = None) -> frozenset[dt.date]:
    """Return every closed day of a file (ours by default) and refuse it whole if one entry is wrong."""
    file = path or _FILE
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        entries = document.pop("closed", [])
        if document or not isinstance(entries, list):
            raise ClosedDaysError(f"expected entries [[closed]] only, found {', '.join(document) or 'closed = …'}")
        return frozenset(day for entry in entries for day in _days(entry))
    except (OSError, tomllib.TOMLDecodeError, ClosedDaysError) as error:
        raise ClosedDaysError(f"{file}: {error}") from error


def _days(entry: Any) -> list[dt.date]:
    if not isinstance(entry, dict) or entry.keys() != _KEYS:
        raise ClosedDaysError(f"[[closed]] expected {', '.join(sorted(_KEYS))}, found {entry!r}")
    first, last, why = entry["first"], entry["last"], entry["why"]
    for key, value in (("first", first), ("last", last)):
        if type(value) is not dt.date:
            raise ClosedDaysError(f"[[closed]] {key}: {value!r} is not a date")
    if not isinstance(why, str) or not why.strip():
        raise ClosedDaysError(f"[[closed]] why: must say why the shop is closed, found {why!r}")
    if last < first:
        raise ClosedDaysError(f"[[closed]] last: {last} is before {first}")
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
