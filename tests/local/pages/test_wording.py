"""States, lengths of time, schedules and figures in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.pages.figures import figure
from local.pages.history import Job
from local.pages.words import ago, duration, number, schedule, size, when


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1000, "1.0 s"),
        (9940, "9.9 s"),
        (59_400, "59 s"),
        (60_000, "1 min"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h"),
        (3_660_000, "1 h 1 min"),
        (49 * 3_600_000, "2 d 1 h"),
    ],
)
def test_lengths_of_time_have_two_units(milliseconds: int, said: str) -> None:
    assert duration(milliseconds) == said
    assert ago(1_000, 1_000 + milliseconds) == f"{said} ago"


@pytest.mark.parametrize("milliseconds", [9_960, 59_600, 3_599_700])
def test_no_length_of_time_is_rounded_to_a_full_next_unit(milliseconds: int) -> None:
    assert not any(wrong in duration(milliseconds) for wrong in ("10.0 s", "60 s", "60 min"))


@pytest.mark.parametrize(
    ("expression", "zone", "said"),
    [
        ("0 0 7 * * ?", "UTC", "every day at 07:00 UTC"),
        ("0 15 * * * ?", "UTC", "every hour at minute 15"),
        ("0 0 10 ? * SUN", "UTC", "Sundays at 10:00 UTC"),
        ("0 30 6 ? * MON,THU", "Europe/Berlin", "Mondays and Thursdays at 06:30 Europe/Berlin"),
        ("0 0 5 L * ?", "UTC", "the last day of each month at 05:00 UTC"),
        ("0 5 */4 * * ?", "UTC", "every day, every 4 hours at minute 5 (UTC)"),
        ("0 0/10 8-18 ? * MON-FRI", "UTC", "0 0/10 8-18 ? * MON-FRI (UTC)"),
        ("0 0 7 ? 6 *", "UTC", "0 0 7 ? 6 * (UTC)"),
    ],
)
def test_schedules_in_words_or_as_they_are(expression: str, zone: str, said: str) -> None:
    assert schedule(expression, zone) == said


def job(**settings: Any) -> Job:
    return Job(1, "j", settings, "me", int(datetime(2026, 6, 1, 9, 15, tzinfo=UTC).timestamp() * 1000))


def test_the_next_run_is_in_the_zone_of_the_schedule() -> None:
    timing = {"quartz_cron_expression": "0 30 3 * * ?", "timezone_id": "Asia/Kolkata"}
    due = job(schedule=timing).due
    assert due is not None
    assert f"{datetime.fromtimestamp(due / 1000, UTC):%H:%M:%S}" == "22:00:00"
    assert due / 1000 > datetime.now(UTC).timestamp()
    paused = job(schedule={**timing, "pause_status": "PAUSED"})
    assert (paused.due, paused.paused) == (None, True)
    assert (job().due, job().paused, job().timing) == (None, False, "")


def test_a_periodic_job_counts_from_its_creation() -> None:
    periodic = job(trigger={"periodic": {"interval": 2, "unit": "HOURS"}})
    assert periodic.timing == "every 2 hours"
    assert periodic.due is not None
    assert f"{datetime.fromtimestamp(periodic.due / 1000, UTC):%M}" == "15"


@pytest.mark.parametrize("text", ["2026-06-01 12:00:00.5", "2026-06-01T12:00:00.5Z", "2026-06-01T14:00:00.5+02:00"])
def test_a_moment_is_shown_in_utc_whatever_zone_it_came_in(text: str) -> None:
    shown = when(text)
    assert 'datetime="2026-06-01T12:00:00.500+00:00"' in shown
    assert "2026-06-01 12:00:00" in shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1234567", "1,234,567"),
        ("1054.00", "1,054.00"),
        ("-0.5", "-0.5"),
        ("0.30000000000000004", "0.3"),
        ("1234.56789", "1,234.57"),
        ("1.5E10", "15,000,000,000.00"),
        ("99999999999999999999", "99,999,999,999,999,999,999"),
        ("2026-06-01", "2026-06-01"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_are_grouped_and_keep_their_digits(text: str, said: str) -> None:
    assert number(text) == said


@pytest.mark.parametrize(
    ("text", "wanted", "said"),
    [
        ("0.873", {"type": "number-percent", "decimalPlaces": {"type": "exact", "places": 1}}, "87.3%"),
        ("0.5", {"type": "number-percent", "decimalPlaces": {"type": "max", "places": 1}}, "50%"),
        ("4300000.5", {"type": "number-currency", "currencyCode": "EUR", "abbreviation": "compact"}, "€4.3M"),
        ("-1200", {"type": "number-currency", "currencyCode": "USD"}, "-$1,200"),
        ("10", {"type": "number-currency", "currencyCode": "CHF"}, "CHF 10"),
        ("2026", {"type": "number-plain"}, "2026"),
        ("999", {"type": "number", "abbreviation": "compact"}, "999"),
        ("100", {"type": "number", "decimalPlaces": {"type": "max", "places": 0}}, "100"),
        ("1234.5", None, "1,234.5"),
        ("STALE", {"type": "number"}, "STALE"),
        ("Infinity", {"type": "number-percent"}, "Infinity"),
    ],
)
def test_figures_follow_the_format_of_their_widget(text: str, wanted: dict[str, object] | None, said: str) -> None:
    assert figure(text, wanted) == said


@pytest.mark.parametrize(("count", "said"), [(1023, "1023 B"), (1536, "1.5 KB"), (3 * 1024**2, "3.0 MB")])
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said
