"""The last and the next run of each job of the platform."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import BaseJob, BaseRun, JobSettings, PauseStatus

from infra import jobs
from infra.environments import Environment
from infra.schedules import Schedule, ScheduleError, fire_times

_AT_ONCE = 8
_LONGEST_WAIT_DAYS = 400


@dataclass(frozen=True)
class JobLine:
    """One job: how its last run ended or stands, and when the next one starts.

    Times are ISO in UTC; `state` is `NEVER RAN` or `NOT DEPLOYED` where there is no run; `next_run` is a time,
    `paused`, or `not scheduled`.
    """

    name: str
    state: str
    started: str | None = None
    seconds: float | None = None
    run_url: str = ""
    next_run: str = "not scheduled"


def read(client: WorkspaceClient, env: Environment, now: datetime) -> list[JobLine]:
    """Return a line for each job of the repository, deployed or not; raises what the SDK raises."""
    wanted = {env.display_name(key): key for key in jobs.discover()}
    found = {job.settings.name: job for job in client.jobs.list() if job.settings and job.settings.name in wanted}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="runs") as pool:
        lines = {name: pool.submit(_line, client, wanted[name or ""], job, now) for name, job in found.items()}
    return [
        lines[name].result() if name in lines else JobLine(key, "NOT DEPLOYED", next_run="-")
        for name, key in wanted.items()
    ]


def _line(client: WorkspaceClient, key: str, job: BaseJob, now: datetime) -> JobLine:
    following = next_run(job.settings or JobSettings(), now)
    return line(key, client.jobs.list_runs(job_id=job.job_id, limit=1), following, now)


def line(key: str, runs: Iterable[BaseRun], following: str, now: datetime) -> JobLine:
    """Return the line of a job from its runs, newest first."""
    run = next(iter(runs), None)
    if run is None:
        return JobLine(key, "NEVER RAN", next_run=following)
    word = (run.state.result_state or run.state.life_cycle_state) if run.state else None
    started = datetime.fromtimestamp((run.start_time or 0) / 1000, UTC)
    ended = datetime.fromtimestamp(run.end_time / 1000, UTC) if run.end_time else now
    return JobLine(
        name=key,
        state=word.value if word else "PENDING",
        started=started.isoformat(timespec="seconds"),
        seconds=round(max(0.0, (ended - started).total_seconds()), 1),
        run_url=run.run_page_url or "",
        next_run=following,
    )


def next_run(settings: JobSettings, now: datetime) -> str:
    """Return when a job starts next by its own clock, `paused`, or `not scheduled`."""
    schedule = settings.schedule
    if schedule is None:
        return "not scheduled"
    if schedule.pause_status is PauseStatus.PAUSED:
        return "paused"
    try:
        when = Schedule(schedule.quartz_cron_expression, schedule.timezone_id)
    except ScheduleError:
        return f"by {schedule.quartz_cron_expression}"  # one set by hand; the workspace knows what it means
    times = fire_times(when, now.date(), _LONGEST_WAIT_DAYS)
    return next((at.isoformat(timespec="seconds") for at in times if at > now), "never")
