"""Quartz schedules: parsing, next fire times, and the hours a time zone swallows or repeats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

_QUARTZ_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")


class ScheduleError(ValueError):
    """A schedule that the workspace would refuse, or that would not fire when its author thinks."""


@dataclass(frozen=True)
class Schedule:
    """When something runs: a Quartz expression (seconds first) and the zone it is read in."""

    quartz: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ScheduleError(f"zone: {self.zone!r} is not a time zone") from error
        cron_trigger(self.quartz)


def cron_trigger(quartz: str) -> CronTrigger:
    """Convert a Quartz expression to APScheduler's trigger on wall-clock time."""
    fields = quartz.upper().split()
    if len(fields) not in (6, 7):
        raise ScheduleError(f"quartz: {quartz!r} has {len(fields)} fields, Quartz wants 6 or 7 (seconds first)")
    second, minute, hour, day, month, weekday = fields[:6]
    if (day == "?") == (weekday == "?"):
        raise ScheduleError(f"quartz: {quartz!r} must have '?' in exactly one of day-of-month and day-of-week")
    try:
        return CronTrigger(
            second=second.lower(),
            minute=minute.lower(),
            hour=hour.lower(),
            day=_day(day, weekday),
            month=month.lower(),
            day_of_week=_weekday(weekday),
            year=fields[6] if len(fields) == 7 else "*",
            timezone=UTC,
        )
    except ValueError as error:
        raise ScheduleError(f"quartz: {quartz!r}: {error}") from error


def wall_clock_times(schedule: Schedule, start: date, days: int) -> Iterator[datetime]:
    """Yield what the clock on the wall shows at each fire time (no zone attached)."""
    trigger = cron_trigger(schedule.quartz)
    now = datetime(start.year, start.month, start.day, tzinfo=UTC)
    end = now + timedelta(days=days)
    previous = None
    while (fire := trigger.get_next_fire_time(previous, now)) is not None and fire < end:
        yield fire.replace(tzinfo=None)
        previous, now = fire, fire + timedelta(microseconds=1)


def fire_times(schedule: Schedule, start: date, days: int) -> Iterator[datetime]:
    """Yield the instants, in UTC, at which a schedule fires."""
    zone = ZoneInfo(schedule.zone)
    for wall in wall_clock_times(schedule, start, days):
        yield wall.replace(tzinfo=zone).astimezone(UTC)


def clock_change_faults(schedule: Schedule, start: date, days: int) -> list[str]:
    """Return a sentence for each fire time that the zone skips or repeats."""
    if schedule.zone == "UTC":
        return []
    zone = ZoneInfo(schedule.zone)
    faults = []
    for wall in wall_clock_times(schedule, start, days):
        first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
            faults.append(f"{wall:%Y-%m-%d %H:%M} does not exist in {schedule.zone}")
        elif first.utcoffset() != second.utcoffset():
            faults.append(f"{wall:%Y-%m-%d %H:%M} occurs twice in {schedule.zone}")
    return faults


def _day(day: str, weekday: str) -> str:
    if "#" in weekday:
        name, _, nth = weekday.partition("#")
        if nth not in ("1", "2", "3", "4", "5"):
            raise ValueError(f"'#{nth}' is not the first to fifth of a month")
        return f"{_ORDINALS[int(nth) - 1]} {_day_name(name)}"
    if day == "L":
        return "last"
    return "*" if day == "?" else day.lower()


def _weekday(weekday: str) -> str:
    if weekday in ("?", "*") or "#" in weekday:
        return "*"
    return ",".join("-".join(_day_name(end) for end in part.split("-")) for part in weekday.split(","))


def _day_name(quartz: str) -> str:
    # Quartz counts from Sunday = 1, APScheduler from Monday = 0: names mean the same in both.
    if quartz.isdigit() and 1 <= int(quartz) <= 7:
        quartz = _QUARTZ_DAYS[int(quartz) - 1]
    if quartz not in _QUARTZ_DAYS:
        raise ValueError(f"{quartz!r} is not a day of the week")
    return quartz.lower()
