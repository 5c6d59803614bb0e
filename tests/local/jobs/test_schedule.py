"""Schedules: Quartz as Databricks reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from databricks.sdk.errors import InvalidParameterValue
from jobs_harness import Workspace

from local.errors import ApiError
from local.jobs.schedule import quartz_trigger


@pytest.mark.parametrize(
    ("expression", "zone", "expected"),
    [
        ("0 0 7 * * ?", "UTC", "2024-05-15T07:00:00+00:00"),
        ("0 15 * * * ?", "UTC", "2024-05-15T06:15:00+00:00"),
        ("0 0/20 * * * ?", "UTC", "2024-05-15T06:20:00+00:00"),
        ("0 0 10 ? * SUN", "UTC", "2024-05-19T10:00:00+00:00"),
        ("0 0 10 ? * 1", "UTC", "2024-05-19T10:00:00+00:00"),
        ("0 0 10 ? * 2-4", "UTC", "2024-05-15T10:00:00+00:00"),
        ("0 0 10 ? * FRI-MON", "UTC", "2024-05-17T10:00:00+00:00"),
        ("0 0 10 ? * 1/3", "UTC", "2024-05-15T10:00:00+00:00"),
        ("0 0 10 ? * MON,FRI", "UTC", "2024-05-17T10:00:00+00:00"),
        ("0 0 5 ? * SUN#1", "UTC", "2024-06-02T05:00:00+00:00"),
        ("0 0 5 ? * 6L", "UTC", "2024-05-31T05:00:00+00:00"),
        ("0 0 5 ? * L", "UTC", "2024-05-18T05:00:00+00:00"),
        ("0 0 5 L * ?", "UTC", "2024-05-31T05:00:00+00:00"),
        ("0 0 5 1 1 ? 2026", "UTC", "2026-01-01T05:00:00+00:00"),
        ("0 0 2 * * ?", "America/New_York", "2024-05-16T06:00:00+00:00"),
    ],
)
def test_next_fire_time(expression: str, zone: str, expected: str) -> None:
    now = datetime(2024, 5, 15, 6, 0, 1, tzinfo=UTC)  # a Wednesday
    due = quartz_trigger(expression, zone).get_next_fire_time(None, now)
    assert due.astimezone(UTC).isoformat() == expected


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("0 7 * * *", "UTC"),
        ("0 0 7 * * *", "UTC"),
        ("0 0 7 ? * ?", "UTC"),
        ("0 0 25 * * ?", "UTC"),
        ("0 0 7 ? * MON#9", "UTC"),
        ("0 0 7 * * ?", "Mars/Olympus"),
        ("0 0 7 * * ?", ""),
        ("", "UTC"),
    ],
)
def test_wrong_schedules_are_refused(expression: str, zone: str) -> None:
    with pytest.raises(ApiError, match=r"Invalid (quartz_cron_expression|timezone_id): '"):
        quartz_trigger(expression, zone)


def test_a_job_with_a_wrong_schedule_is_refused(shared: Workspace) -> None:
    with pytest.raises(InvalidParameterValue, match=r"Invalid quartz_cron_expression: 'now'"):
        shared.job(shared.task("a"), schedule={"quartz_cron_expression": "now", "timezone_id": "UTC"})
