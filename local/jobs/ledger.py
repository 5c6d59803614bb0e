"""What is known of every run: job runs, task attempts, task values, in SQLite tables of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from local.jobs.states import ENDED, Outcome
from local.store import Store

_TABLES = """
create table if not exists job_runs (
    run_id integer primary key, job_id integer not null, active integer not null, created integer not null,
    token text, body text not null
);
create unique index if not exists job_runs_token on job_runs (job_id, token) where token is not null;
create index if not exists job_runs_job on job_runs (job_id, run_id);
create index if not exists job_runs_active on job_runs (active, run_id);
create table if not exists task_runs (
    run_id integer primary key, job_run_id integer not null, body text not null
);
create index if not exists task_runs_job_run on task_runs (job_run_id, run_id);
create table if not exists iterations (
    run_id integer primary key, task_run_id integer not null, job_run_id integer not null, body text not null
);
create index if not exists iterations_task_run on iterations (task_run_id, run_id);
create index if not exists iterations_job_run on iterations (job_run_id);
create table if not exists task_values (
    job_run_id integer not null, task_key text not null, key text not null, value text not null,
    primary key (job_run_id, task_key, key)
) without rowid
"""


@dataclass(frozen=True)
class Repair:
    """One pass over a run: the original one or a repair; times in epoch milliseconds."""

    repair_id: int
    started: int
    ended: int = 0
    outcome: Outcome | None = None


@dataclass(frozen=True)
class JobRun:
    """One run of a job with the settings it was started with; times in epoch milliseconds, 0 = not yet."""

    run_id: int
    job_id: int
    number: int
    creator: str
    settings: dict[str, Any]
    created: int
    trigger: str = "ONE_TIME"
    parameters: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    parent_task_run_id: int = 0
    token: str | None = None
    life_cycle: str = "PENDING"
    message: str = ""
    started: int = 0
    ended: int = 0
    outcome: Outcome | None = None
    passes: tuple[Repair, ...] = ()

    @property
    def active(self) -> bool:
        """Whether the run may still change by itself."""
        return self.life_cycle not in ENDED


@dataclass(frozen=True)
class TaskRun:
    """One attempt of one task; a retry and a repair make new ones.

    One with `iteration_of` is an attempt of the task inside a loop, for one of its inputs; the loop's task run owns it.
    """

    run_id: int
    job_run_id: int
    task_key: str
    attempt: int
    tried: int
    repair_id: int
    task: dict[str, Any]
    life_cycle: str = "BLOCKED"
    message: str = ""
    started: int = 0
    executing: int = 0
    ended: int = 0
    outcome: Outcome | None = None
    output: dict[str, Any] = field(default_factory=dict)
    resolved: dict[str, Any] = field(default_factory=dict)
    iteration_of: int = 0
    input: Any = None

    @property
    def active(self) -> bool:
        """Whether the attempt may still change by itself."""
        return self.life_cycle not in ENDED


class Ledger:
    """Reads and writes runs; each write is whole and survives a kill."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.migrate(_TABLES)

    def new_id(self) -> int:
        """Return an id that no job run and no attempt has."""
        return self._store.next_id("run")

    def save(self, *runs: JobRun | TaskRun) -> None:
        """Write several runs in one transaction."""
        with self._store.write() as connection:
            for run in runs:
                body = json.dumps(asdict(run))
                if isinstance(run, JobRun):
                    connection.execute(
                        "insert into job_runs values (?, ?, ?, ?, ?, ?)"
                        " on conflict (run_id) do update set active = excluded.active, body = excluded.body",
                        (run.run_id, run.job_id, run.active, run.created, run.token, body),
                    )
                elif run.iteration_of:
                    connection.execute(
                        "insert into iterations values (?, ?, ?, ?)"
                        " on conflict (run_id) do update set body = excluded.body",
                        (run.run_id, run.iteration_of, run.job_run_id, body),
                    )
                else:
                    connection.execute(
                        "insert into task_runs values (?, ?, ?)"
                        " on conflict (run_id) do update set body = excluded.body",
                        (run.run_id, run.job_run_id, body),
                    )

    def job_run(self, run_id: int) -> JobRun | None:
        """Return one job run, or None."""
        rows = self._store.query("select body from job_runs where run_id = ?", (run_id,))
        return _job_run(rows[0]["body"]) if rows else None

    def by_token(self, job_id: int, token: str) -> JobRun | None:
        """Return the run that an idempotency token started, or None."""
        rows = self._store.query("select body from job_runs where job_id = ? and token = ?", (job_id, token))
        return _job_run(rows[0]["body"]) if rows else None

    def job_runs(
        self, job_id: int | None = None, active: bool | None = None, before: int = 2**62, limit: int = -1
    ) -> Iterator[JobRun]:
        """Yield job runs, newest first, those below the id `before`, at most `limit` unless it is negative."""
        where, parameters = ["run_id < ?"], [before]
        if job_id is not None:
            where, parameters = [*where, "job_id = ?"], [*parameters, job_id]
        if active is not None:
            where, parameters = [*where, "active = ?"], [*parameters, int(active)]
        sql = f"select body from job_runs where {' and '.join(where)} order by run_id desc limit ?"  # noqa: S608 — fixed text
        yield from (_job_run(row["body"]) for row in self._store.query(sql, [*parameters, limit]))

    def count(self, job_id: int) -> int:
        """Return how many runs a job has had."""
        return int(self._store.query("select count(*) from job_runs where job_id = ?", (job_id,))[0][0])

    def task_run(self, run_id: int) -> TaskRun | None:
        """Return one attempt or one iteration, or None."""
        sql = "select body from task_runs where run_id = ? union all select body from iterations where run_id = ?"
        rows = self._store.query(sql, (run_id, run_id))
        return _task_run(rows[0]["body"]) if rows else None

    def task_runs(self, job_run_id: int) -> list[TaskRun]:
        """Return all attempts of a run, oldest first."""
        sql = "select body from task_runs where job_run_id = ? order by run_id"
        return [_task_run(row["body"]) for row in self._store.query(sql, (job_run_id,))]

    def iterations(self, task_run_id: int) -> list[TaskRun]:
        """Return all attempts that a loop's task run has made, oldest first."""
        sql = "select body from iterations where task_run_id = ? order by run_id"
        return [_task_run(row["body"]) for row in self._store.query(sql, (task_run_id,))]

    def latest(self, job_run_id: int) -> dict[str, TaskRun]:
        """Return the newest attempt of each task."""
        return {run.task_key: run for run in self.task_runs(job_run_id)}

    def delete(self, run: JobRun) -> None:
        """Forget a run, its attempts and its task values."""
        with self._store.write() as connection:
            connection.execute("delete from task_values where job_run_id = ?", (run.run_id,))
            connection.execute("delete from iterations where job_run_id = ?", (run.run_id,))
            connection.execute("delete from task_runs where job_run_id = ?", (run.run_id,))
            connection.execute("delete from job_runs where run_id = ?", (run.run_id,))

    def put_value(self, job_run_id: int, task_key: str, key: str, value: Any) -> None:
        """Set a task value; the last one wins."""
        with self._store.write() as connection:
            connection.execute(
                "insert or replace into task_values values (?, ?, ?, ?)", (job_run_id, task_key, key, json.dumps(value))
            )

    def value(self, job_run_id: int, task_key: str, key: str) -> Any:
        """Return a task value; KeyError when it was never set."""
        sql = "select value from task_values where job_run_id = ? and task_key = ? and key = ?"
        rows = self._store.query(sql, (job_run_id, task_key, key))
        if not rows:
            raise KeyError(key)
        return json.loads(rows[0]["value"])


def end_pass(run: JobRun, outcome: Outcome, now: int) -> JobRun:
    """Return the run with its current pass and itself ended."""
    passes = (*run.passes[:-1], replace(run.passes[-1], ended=now, outcome=outcome)) if run.passes else ()
    return replace(run, life_cycle=outcome.life_cycle, ended=now, outcome=outcome, passes=passes, message="")


def end_attempt(attempt: TaskRun, outcome: Outcome, now: int) -> TaskRun:
    """Return the attempt ended; one that never started has no duration."""
    started = attempt.started or now
    return replace(attempt, life_cycle=outcome.life_cycle, outcome=outcome, message="", started=started, ended=now)


def _outcome(body: dict[str, Any] | None) -> Outcome | None:
    return Outcome(**body) if body else None


def _job_run(text: str) -> JobRun:
    body = json.loads(text)
    passes = tuple(Repair(**{**item, "outcome": _outcome(item["outcome"])}) for item in body["passes"])
    return JobRun(**{**body, "only": tuple(body["only"]), "outcome": _outcome(body["outcome"]), "passes": passes})


def _task_run(text: str) -> TaskRun:
    body = json.loads(text)
    return TaskRun(**{**body, "outcome": _outcome(body["outcome"])})
