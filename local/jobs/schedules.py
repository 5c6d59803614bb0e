"""Which jobs the clock starts, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.jobs.clock import Clock
from local.jobs.schedule import Interval, Trigger, quartz_trigger


class Schedules:
    """Keeps the clock in step with the settings of the jobs."""

    def __init__(self, clock: Clock, start: Callable[[int], object]) -> None:
        self._clock = clock
        self._start = start

    def follow(self, job: Mapping[str, Any]) -> None:
        """Start runs of a job when its settings say so, from now on."""
        job_id = int(job["job_id"])
        self._clock.set(f"job {job_id}", trigger_of(job), lambda _: self._start(job_id))

    def forget(self, job_id: int) -> None:
        """Start no more runs of a job."""
        self._clock.set(f"job {job_id}", None, lambda _: None)


def trigger_of(job: Mapping[str, Any]) -> Trigger | None:
    """Return what starts runs of a job by the clock, or None: it has nothing of the kind, or it is paused."""
    settings = job["settings"]
    schedule, trigger = settings.get("schedule") or {}, settings.get("trigger") or {}
    if schedule and schedule.get("pause_status") != "PAUSED":
        return quartz_trigger(schedule["quartz_cron_expression"], schedule["timezone_id"])
    if "periodic" in trigger and trigger.get("pause_status") != "PAUSED":
        anchor = datetime.fromtimestamp(job["created_time"] / 1000, UTC)
        length = timedelta(**{trigger["periodic"]["unit"].lower(): trigger["periodic"]["interval"]})
        return Interval(anchor, length)
    return None
