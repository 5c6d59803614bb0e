"""What jobs did, as people ask: what failed, since when, why, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.jobs.graph import dependencies
from local.jobs.ledger import JobRun, Ledger, TaskRun
from local.jobs.schedules import trigger_of
from local.pages.words import State, alert_state, next_after, schedule
from local.store import Store

_STREAK = 50  # runs to look back for the first failure
_BAD = frozenset({"FAILED", "TIMEDOUT"})
_NO_VERDICT = frozenset({"CANCELED", "MAXIMUM_CONCURRENT_RUNS_REACHED", "DISABLED", "EXCLUDED"})
_DEPTH = 5  # of jobs that run jobs


@dataclass(frozen=True)
class Cause:
    """The attempt that made a run fail, perhaps in a child run, and the first line of what it said."""

    task_key: str
    job_name: str
    url: str
    line: str


@dataclass(frozen=True)
class Failing:
    """A job whose last verdict is bad: since when, how often in a row, why."""

    job_id: int
    name: str
    run: JobRun
    since: int
    count: int
    at_least: bool
    cause: Cause | None

    @property
    def url(self) -> str:
        """The page of the newest failure."""
        return run_url(self.run.job_id, self.run.run_id)


@dataclass(frozen=True)
class Job:
    """One job with its schedule in words."""

    job_id: int
    name: str
    settings: dict[str, Any]
    creator: str
    created: int

    @property
    def url(self) -> str:
        """Its page."""
        return f"/jobs/{self.job_id}"

    @property
    def timing(self) -> str:
        """Its schedule in words; nothing for a job without one."""
        found = self.settings.get("schedule")
        periodic = (self.settings.get("trigger") or {}).get("periodic")
        if periodic:
            return f"every {periodic['interval']} {str(periodic['unit']).lower()}"
        return schedule(found["quartz_cron_expression"], found["timezone_id"]) if found else ""

    @property
    def paused(self) -> bool:
        """Whether it has a schedule that does not fire."""
        starts = self.settings.get("schedule") or self.settings.get("trigger") or {}
        return starts.get("pause_status") == "PAUSED"

    @property
    def due(self) -> int | None:
        """When the clock starts it next."""
        trigger = trigger_of({"settings": self.settings, "created_time": self.created})
        return next_after(trigger) if trigger else None


class History:
    """Reads jobs and runs; everything a page of jobs asks."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self.ledger = ledger

    def jobs(self) -> list[Job]:
        """Return all jobs by name."""
        return sorted((_job(body) for _, body in self._store.list("job")), key=lambda job: job.name.lower())

    def job(self, job_id: str) -> Job | None:
        """Return one job, or None."""
        body = self._store.get("job", job_id)
        return _job(body) if body else None

    def recent(self, job_id: int | None = None, limit: int = 10, before: int = 2**62) -> list[JobRun]:
        """Return runs, newest first."""
        return list(self.ledger.job_runs(job_id, before=before, limit=limit))

    def failing(self, job: Job) -> Failing | None:
        """Return how a job fails, when its last run with a verdict did; a run under way changes nothing yet."""
        streak: list[JobRun] = []
        looked = 0
        for run in self.ledger.job_runs(job.job_id, active=False, limit=_STREAK):
            result = run.outcome.result if run.outcome else "FAILED"
            if result in _BAD:
                streak.append(run)
            elif result not in _NO_VERDICT:
                break
            looked += 1
        if not streak:
            return None
        newest, oldest = streak[0], streak[-1]
        at_least = looked == _STREAK  # the first failure may lie further back
        return Failing(job.job_id, job.name, newest, oldest.ended, len(streak), at_least, self.cause(newest))

    def cause(self, run: JobRun, depth: int = 0) -> Cause | None:
        """Return what made a run fail, or None when nothing in it did; followed into child runs."""
        broken = [attempt for attempt in self.ledger.latest(run.run_id).values() if is_broken(attempt)]
        if not broken:
            return None
        first = min(broken, key=lambda attempt: attempt.ended)
        child = self.child(first)
        if child is not None and depth < _DEPTH and (deeper := self.cause(child, depth + 1)) is not None:
            return deeper
        return Cause(first.task_key, run.settings["name"], run_url(run.job_id, first.run_id), said(first))

    def child(self, attempt: TaskRun) -> JobRun | None:
        """Return the run that a run_job task started."""
        child_id = (attempt.output.get("run_job_output") or {}).get("run_id")
        return self.ledger.job_run(child_id) if child_id else None

    def alert(self, attempt: TaskRun) -> tuple[str, str, State] | None:
        """Return name, page and state of the alert that a SQL task evaluated, as it found it."""
        output = (attempt.output.get("sql_output") or {}).get("alert_output")
        if output is None:
            return None
        key = attempt.resolved["sql_task"]["alert"]["alert_id"]
        name = (self._store.get("alerts", key) or {}).get("display_name", key)
        return name, f"/alerts/{key}", alert_state(output["alert_state"])

    def parent(self, run: JobRun) -> tuple[JobRun, TaskRun] | None:
        """Return the run and the attempt that started a run."""
        attempt = self.ledger.task_run(run.parent_task_run_id) if run.parent_task_run_id else None
        parent = self.ledger.job_run(attempt.job_run_id) if attempt else None
        return (parent, attempt) if parent and attempt else None

    def progress(self, run: JobRun) -> tuple[int, int, list[TaskRun]]:
        """Return how many tasks have ended, how many there are, and the attempts that run."""
        latest = list(self.ledger.latest(run.run_id).values())
        running = [attempt for attempt in latest if attempt.life_cycle == "RUNNING"]
        return sum(not attempt.active for attempt in latest), len(latest), running


def run_url(job_id: int, run_id: int) -> str:
    """Return the path of a run's page, as `run_page_url` of the API has it."""
    return f"/jobs/{job_id}/runs/{run_id}"


def is_broken(attempt: TaskRun) -> bool:
    """Whether an attempt failed by itself, not because of another."""
    return attempt.outcome is not None and attempt.outcome.result in _BAD


def error_of(attempt: TaskRun) -> str:
    """Return what an attempt that did not succeed said."""
    fine = attempt.outcome is None or attempt.outcome.result in {"SUCCESS", "EXCLUDED", "DISABLED"}
    return str(attempt.output.get("error") or ("" if fine or attempt.outcome is None else attempt.outcome.message))


def said(attempt: TaskRun) -> str:
    """Return the first line of what an attempt said, short enough for a list."""
    line = next((line.strip() for line in error_of(attempt).splitlines() if line.strip()), "")
    return line if len(line) <= 240 else line[:239] + "…"


def kind_of(task: Mapping[str, Any]) -> str:
    """Return the kind of a task as people say it."""
    kind = next((key.removesuffix("_task") for key in task if key.endswith("_task")), "task")
    return {"run_job": "run job", "notebook": "notebook", "dbt": "dbt", "sql": "SQL", "for_each": "loop"}.get(
        kind, kind
    )


def depends(task: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a task waits for, with the outcome it wants of a condition."""
    for key, item in zip(dependencies(dict(task)), task.get("depends_on") or [], strict=True):
        yield f"{key} = {item['outcome']}" if item.get("outcome") else key


def _job(body: Mapping[str, Any]) -> Job:
    settings = body["settings"]
    return Job(body["job_id"], settings["name"], settings, body["creator_user_name"], body["created_time"])
