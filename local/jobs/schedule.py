"""When a schedule fires: Quartz expressions in time zones, and fixed intervals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from local.errors import invalid

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")
_TICK = timedelta(microseconds=1)
_LONGEST_CHANGE = timedelta(hours=3)  # no zone moves its clocks by more at once


class Trigger(Protocol):
    """Whatever can say when it fires next."""

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment, or None when there is none."""


@dataclass(frozen=True)
class Interval:
    """Fires every so often, counted from an anchor."""

    anchor: datetime
    length: timedelta

    def next_after(self, moment: datetime) -> datetime:
        """Return the first multiple of the interval after a moment."""
        return self.anchor + ((moment - self.anchor) // self.length + 1) * self.length


class QuartzTrigger:
    """A Quartz expression read in a zone.

    Where the clocks change it does what Quartz does on Java's calendar: a time that the zone skips fires as much
    later as the clocks jump, a time that occurs twice fires the second time only.
    """

    def __init__(self, walls: CronTrigger, zone: ZoneInfo) -> None:
        self._walls = walls  # reads wall-clock times as if they were UTC, where every time exists once
        self._zone = zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the first time from now on, but after the previous one: the question APScheduler's triggers answer."""
        return self.next_after(max(now - _TICK, previous) if previous else now - _TICK)

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment, or None when the expression has no more."""
        best: datetime | None = None
        wall = self._wall(self._start(moment) + _TICK)
        while (wall := self._walls.get_next_fire_time(None, wall)) is not None:
            instant = self._instant(wall)
            if instant > moment and (best is None or instant < best):
                best = instant
            # A skipped time lands behind later ones: go on until the wall shows what the best one shows.
            if best is not None and wall >= self._wall(best):
                return best
            wall += _TICK
        return best

    def _start(self, moment: datetime) -> datetime:
        before, after = moment - _LONGEST_CHANGE, moment + _LONGEST_CHANGE
        offsets = {at.astimezone(self._zone).utcoffset() for at in (before, moment, after)}
        return before if len(offsets) > 1 else moment

    def _wall(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone).replace(tzinfo=UTC, fold=0)

    def _instant(self, wall: datetime) -> datetime:
        local = wall.replace(tzinfo=self._zone)
        first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        # Of a skipped time fold 0 is the later instant, of one that occurs twice fold 1.
        return max(first, second)


def quartz_trigger(expression: str, zone: str) -> QuartzTrigger:
    """Read a Quartz expression (seconds first, Sunday is day 1); refuse what Databricks would refuse."""
    fields = expression.lower().split()
    if len(fields) not in (6, 7):
        raise invalid(f"Invalid quartz_cron_expression: '{expression}'. It needs 6 or 7 fields, seconds first.")
    second, minute, hour, day, month, weekday = fields[:6]
    if (day == "?") == (weekday == "?"):
        raise invalid(f"Invalid quartz_cron_expression: '{expression}'. One of the day fields must be '?', not both.")
    try:
        walls = CronTrigger(
            second=second,
            minute=minute,
            hour=hour,
            day=_day(day, weekday),
            month=month,
            day_of_week=_weekdays(weekday),
            year=fields[6] if len(fields) == 7 else "*",
            timezone=UTC,
        )
    except (ValueError, IndexError) as error:
        raise invalid(f"Invalid quartz_cron_expression: '{expression}'. {error}") from None
    return QuartzTrigger(walls, _zone(zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, IsADirectoryError, ValueError):
        raise invalid(f"Invalid timezone_id: '{name}'.") from None


def _day(day: str, weekday: str) -> str:
    if "#" in weekday:
        name, _, ordinal = weekday.partition("#")
        return f"{_ORDINALS[int(ordinal) - 1]} {_name(name)}"
    if weekday != "?" and weekday[-1] == "l" and weekday != "l":
        return f"last {_name(weekday[:-1])}"
    return {"?": "*", "l": "last"}.get(day, day)


def _weekdays(field: str) -> str:
    if field == "l":  # alone it is the last day of the week, Saturday
        return "sat"
    if "#" in field or field[-1] == "l":
        return "*"  # said by the day of the month
    return ",".join(map(_weekday, field.split(",")))


def _weekday(field: str) -> str:
    if field in ("?", "*"):
        return "*"
    days, _, step = field.partition("/")
    first, _, last = (_name(day) for day in days.partition("-")) if "-" in days else (_name(days), "", "")
    if not last and not step:
        return first
    # Spelled out: Quartz weeks begin on Sunday and may wrap, the trigger's do neither.
    start, end = _DAYS.index(first), _DAYS.index(last or "sat")
    count = (end - start) % 7 + 1
    return ",".join(_DAYS[(start + number) % 7] for number in range(0, count, int(step or 1)))


def _name(day: str) -> str:
    return _DAYS[int(day) - 1] if day.isdecimal() else day
