"""Schedules of a plan in words, as fire times, and as runs per month."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from infra.schedules import Schedule, ScheduleError, fire_times

MONTH_DAYS = 30
# A schedule that fires each second fires millions of times in a month: counted so far and scaled. What comes to more
# than this fires every four minutes or oftener, and a warehouse never falls asleep in between.
_MOST_RUNS = 10_000

_AT = re.compile(r"0 (\d{1,2}) (\d{1,2}) (.+)")
_DAYS = {"MON": "Mondays", "TUE": "Tuesdays", "WED": "Wednesdays", "THU": "Thursdays", "FRI": "Fridays"}
_DAYS |= {"SAT": "Saturdays", "SUN": "Sundays"}


def quartz_of(block: Mapping[str, Any]) -> tuple[str, str]:
    """Return expression and zone of a job's or an alert's schedule block; empty texts when there is none."""
    quartz = block.get("quartz_cron_expression") or block.get("quartz_cron_schedule") or ""
    return str(quartz), str(block.get("timezone_id") or "UTC")


def live(block: Mapping[str, Any]) -> bool:
    """Return whether a schedule block starts anything by itself."""
    return bool(quartz_of(block)[0]) and block.get("pause_status") != "PAUSED"


def spoken(block: Mapping[str, Any]) -> str:
    """Return a schedule in words, `07:00 UTC` when it is daily; the expression itself where words are missing."""
    quartz, zone = quartz_of(block)
    if not quartz:
        return "(no schedule)"
    found = _AT.fullmatch(quartz)
    if found:
        minute, hour, days = int(found[1]), int(found[2]), found[3].upper()
        if days in ("* * ?", "? * *"):
            return f"{hour:02}:{minute:02} {zone}"
        if (name := days.removeprefix("? * ")) in _DAYS:
            return f"{_DAYS[name]} {hour:02}:{minute:02} {zone}"
    if hourly := re.fullmatch(r"0 (\d{1,2}) \* (?:\* \* \?|\? \* \*)", quartz):
        return f"hourly at :{int(hourly[1]):02}"
    return f"quartz {quartz} {zone}"


def next_runs(block: Mapping[str, Any], now: datetime, count: int = 3) -> tuple[datetime, ...]:
    """Return the next fire times in UTC after an instant; none when paused, unscheduled or not understood."""
    if not live(block):
        return ()
    try:
        schedule = Schedule(*quartz_of(block))
        coming = (at for at in fire_times(schedule, now.date(), 366) if at > now)
        return tuple(islice(coming, count))
    except ScheduleError:
        return ()


def readable(block: Mapping[str, Any]) -> bool:
    """Return whether the schedule of a block, if it has one, is understood here."""
    quartz, zone = quartz_of(block)
    try:
        return not quartz or bool(Schedule(quartz, zone))
    except ScheduleError:
        return False


@lru_cache(maxsize=1024)
def starts(quartz: str, zone: str, day: date) -> tuple[tuple[datetime, ...], float]:
    """Return the fire times of the 30 days from a day, and the factor that scales them when they were cut short."""
    found = tuple(islice(fire_times(Schedule(quartz, zone), day, MONTH_DAYS), _MOST_RUNS))
    if len(found) < _MOST_RUNS:
        return found, 1.0
    covered = (found[-1] - found[0]).total_seconds()
    return found, MONTH_DAYS * 86400 / covered
