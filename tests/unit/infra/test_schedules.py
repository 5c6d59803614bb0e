"""Quartz to fire times, against times worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from infra.schedules import Schedule, ScheduleError, clock_change_faults, fire_times

MONDAY = date(2026, 11, 23)


def fires(quartz: str, days: int, zone: str = "UTC") -> list[str]:
    return [f"{fire:%m-%d %H:%M:%S}" for fire in fire_times(Schedule(quartz, zone), MONDAY, days)]


@pytest.mark.parametrize(
    ("quartz", "expected"),
    [
        ("0 0 7 * * ?", ["11-23 07:00:00", "11-24 07:00:00"]),
        ("30 15 */12 * * ?", ["11-23 00:15:30", "11-23 12:15:30", "11-24 00:15:30", "11-24 12:15:30"]),
        ("0 0 7 ? * TUE", ["11-24 07:00:00"]),
        ("0 0 7 ? * 3", ["11-24 07:00:00"]),  # Quartz counts from Sunday = 1
        ("0 0 7 ? * MON-FRI", ["11-23 07:00:00", "11-24 07:00:00"]),
        ("0 0 7 ? * 2,SAT", ["11-23 07:00:00"]),
        ("0 0 7 24 * ?", ["11-24 07:00:00"]),
        ("0 0 7 * * ? 2027", []),
    ],
)
def test_fire_times_of_two_days(quartz: str, expected: list[str]) -> None:
    assert fires(quartz, 2) == expected


def test_first_sunday_and_last_day_of_a_month() -> None:
    assert fires("0 0 5 ? * SUN#1", 31) == ["12-06 05:00:00"]
    assert fires("0 0 5 L * ?", 31) == ["11-30 05:00:00"]


def test_zone_is_applied() -> None:
    assert fires("0 0 2 * * ?", 1, "America/New_York") == ["11-23 07:00:00"]
    assert next(fire_times(Schedule("0 0 0 * * ?"), MONDAY, 1)) == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "quartz",
    [
        "0 7 * * ?",
        "0 0 7 * *",
        "0 0 7 * * *",
        "0 0 7 ? * ?",
        "0 0 25 * * ?",
        "0 0 7 ? * FOO",
        "0 0 7 ? * 8",
        "0 0 7 ? * SUN#6",
        "0 0 7 15W * ?",
        "",
    ],
)
def test_bad_quartz_is_rejected(quartz: str) -> None:
    with pytest.raises(ScheduleError, match="quartz"):
        Schedule(quartz)


def test_unknown_zone_is_rejected() -> None:
    with pytest.raises(ScheduleError, match="Mars/Olympus"):
        Schedule("0 0 7 * * ?", "Mars/Olympus")


def test_hours_that_a_zone_skips_or_repeats_are_found() -> None:
    skipped = clock_change_faults(Schedule("0 30 2 * * ?", "America/New_York"), MONDAY, 400)
    repeated = clock_change_faults(Schedule("0 30 1 * * ?", "America/New_York"), MONDAY, 400)
    assert skipped == ["2027-03-14 02:30 does not exist in America/New_York"]
    assert repeated == ["2027-11-07 01:30 occurs twice in America/New_York"]
    assert clock_change_faults(Schedule("0 30 2 * * ?"), MONDAY, 400) == []
    assert clock_change_faults(Schedule("0 30 3 * * ?", "America/New_York"), MONDAY, 400) == []
