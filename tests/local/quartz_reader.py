"""Fire times by brute force: every minute of the wall clock is held against the fields of a Quartz expression.

Shares no code with the product's reading of Quartz. Knows numbers, names, lists, ranges and steps; seconds must be one
number; zones must not change their clocks within the days asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def matches(field: str, value: int, first: int) -> bool:
    """Return whether a field allows a value; `first` is where its range begins."""
    if field in ("*", "?"):
        return True
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        start = first if low == "*" else DAYS.index(low) + 1 if low in DAYS else int(low)
        end = DAYS.index(high) + 1 if high in DAYS else int(high) if high else 10_000 if step else start
        if start <= value <= end and (value - start) % int(step or 1) == 0:
            return True
    return False


def fire_times(quartz: str, zone: str, start: datetime, days: int) -> list[datetime]:
    """Return all times after `start`, in UTC."""
    second, minute, hour, day, month, weekday = quartz.split()
    found = []
    for number in range(days * 1440 + 1):
        instant = start + timedelta(minutes=number)
        wall = instant.astimezone(ZoneInfo(zone))
        fields = [(minute, wall.minute, 0), (hour, wall.hour, 0), (day, wall.day, 1), (month, wall.month, 1)]
        fields.append((weekday, wall.isoweekday() % 7 + 1, 1))
        if all(matches(*field) for field in fields):
            found.append(instant.replace(second=int(second)).astimezone(UTC))
    return [moment for moment in found if start < moment <= start + timedelta(days=days)]
