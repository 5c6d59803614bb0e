"""`ecom jobs backfill`: one run per window of days, resumed by typing the same command again.

Nothing is kept on this machine. Each window's run is started under a token made of job, days and `--again`; the
workspace answers a token it knows with the run it started then. So after Ctrl-C, a kill, or on another machine, the
same command finds what is done, follows what still runs, tries once more what failed, and goes on behind it. The
workspace forgets runs, and with them their tokens, after 60 days.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from databricks.sdk.service.jobs import BaseRun, JobSettings, Run
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scripts.errors import CommandError
from scripts.jobs import names, watch
from scripts.jobs.names import Job
from scripts.jobs.outcome import GOOD, word
from scripts.jobs.running import INTERRUPTED
from scripts.jobs.windows import Window, token
from scripts.runs import ended
from scripts.session import Session, asking
from scripts.words import span, word_tone

_ROWS = 20  # of the table that lives; what is done or far ahead is counted only
_WAITING = "waiting"


@dataclass(frozen=True)
class Order:
    """What to do for every window: job parameters that take its first and last day, how many at once, how to fail."""

    param_from: str
    param_to: str
    parallel: int = 1
    again: str = ""
    keep_going: bool = False


@dataclass
class Row:
    """A window as it stands."""

    window: Window
    run_id: int | None = None
    state: str = _WAITING
    seconds: float = 0.0
    found: bool = False  # an earlier call had started it

    def take(self, run: Run) -> None:
        """Take over what a run says."""
        self.state = word(run)
        self.seconds = ((run.end_time or time.time() * 1000) - (run.start_time or 0)) / 1000 if run.start_time else 0.0


@dataclass
class Progress:
    """All windows of one backfill."""

    job: str
    rows: list[Row]
    began: float = field(default_factory=time.monotonic)

    @property
    def failed(self) -> list[Row]:
        """Windows whose run ended badly."""
        return [row for row in self.rows if row.state not in GOOD | {_WAITING} and row not in self.active]

    @property
    def active(self) -> list[Row]:
        """Windows whose run has not ended."""
        going = {"PENDING", "QUEUED", "RUNNING", "BLOCKED", "TERMINATING", "WAITING_FOR_RETRY"}
        return [row for row in self.rows if row.state in going]

    @property
    def done(self) -> int:
        """How many windows are done."""
        return sum(row.state in GOOD for row in self.rows)


def backfill(session: Session, said: str, days: Sequence[Window], order: Order, dry_run: bool = False) -> int:
    """Run a job once per window; return 0 when all are done, raise CommandError for the windows that failed."""
    with asking(session.client):
        job = names.find(session.client, session.env, said)
        settings = session.client.jobs.get(job.job_id).settings or JobSettings()
        require_parameters(job.key, settings, order)
        _require_room(session, job.key, settings, order)
        progress = Progress(job.key, [Row(window) for window in days])
        if not dry_run:
            try:
                _work(session, job, order, progress)
            except KeyboardInterrupt:
                going = ", ".join(str(row.run_id) for row in progress.active) or "none"
                session.tell(f"left: {progress.done} of {len(days)} windows done, runs going on: {going};", "yellow")
                session.tell("the same command continues where this one was", "yellow")
                return INTERRUPTED
    text = f"would run {job.key} for {len(days)} windows: {', '.join(map(str, days))}" if dry_run else ""
    session.answer({**_shown(session, progress), "dry_run": dry_run}, text or _ended_well(progress))
    if progress.failed:
        raise CommandError(_complaint(session, progress))
    return 0


def require_parameters(job: str, settings: JobSettings, order: Order) -> None:
    """Refuse a job that would run the same days for every window."""
    known = [parameter.name for parameter in settings.parameters or []]
    for option, name in (("--param-from", order.param_from), ("--param-to", order.param_to)):
        if name not in known:
            raise CommandError(
                f"{option} {name!r}: job {job!r} has no such parameter, every window would do the same;"
                f" it has: {', '.join(known) or 'none'}."
            )


def _require_room(session: Session, job: str, settings: JobSettings, order: Order) -> None:
    limit = settings.max_concurrent_runs or 1
    if order.parallel <= limit:
        return
    if not (settings.queue and settings.queue.enabled):
        raise CommandError(f"--parallel {order.parallel}: job {job!r} runs at most {limit} at once and has no queue.")
    session.tell(f"{job} runs at most {limit} at once: the others of {order.parallel} wait in its queue")


def _work(session: Session, job: Job, order: Order, progress: Progress) -> None:
    """Start and follow windows until all are done, or until one failed and what was started has ended."""
    known = {run.run_id or 0: run for run in session.client.jobs.list_runs(job_id=job.job_id)}
    told: set[int] = set()
    with _live(session) as live:
        while True:
            waiting = [row for row in progress.rows if row.state == _WAITING]
            stopped = bool(progress.failed) and not order.keep_going
            for row in waiting[: order.parallel - len(progress.active)] if not stopped else ():
                _begin(session, job, order, row, known)
            for row in progress.active:
                row.take(session.client.jobs.get_run(row.run_id or 0))
            if live:
                live.update(table(progress), refresh=True)
            else:
                _tell_ended(session, progress, told)
            stopped = bool(progress.failed) and not order.keep_going
            if not progress.active and (stopped or not any(row.state == _WAITING for row in progress.rows)):
                return
            if progress.active:
                time.sleep(watch.pause_after(time.monotonic() - progress.began))


def _begin(session: Session, job: Job, order: Order, row: Row, known: Mapping[int, BaseRun]) -> None:
    """Start the window's run, or find the one that an earlier call started; one that failed then is tried anew."""
    days = {order.param_from: row.window.first.isoformat(), order.param_to: row.window.last.isoformat()}
    for attempt in count():
        named = token(job.job_id, row.window, order.again, attempt)
        started = session.client.jobs.run_now(job.job_id, job_parameters=days, idempotency_token=named)
        row.run_id = int(started.run_id)
        run = session.client.jobs.get_run(row.run_id)
        row.take(run)
        row.found = row.run_id in known
        if not (row.found and ended(run) and word(run) not in GOOD):
            return


def _live(session: Session) -> AbstractContextManager[Live | None]:
    return Live(console=session.err, auto_refresh=False) if session.err.is_terminal else nullcontext()


def _tell_ended(session: Session, progress: Progress, told: set[int]) -> None:
    for row in progress.rows:
        if row.run_id and row.run_id not in told and row.state in GOOD | {each.state for each in progress.failed}:
            told.add(row.run_id)
            before = "   (started before)" if row.found else ""
            session.tell(f"  {row.window!s:<24} {row.seconds:8.1f} s   {row.state}{before}")


def table(progress: Progress) -> Group:
    """Return the windows that matter now as a line and a table: failed, going, and the next ones."""
    title = Text(f"{progress.job} · {progress.done} of {len(progress.rows)} windows done", style="bold")
    shown = Table(box=None, pad_edge=False)
    for name in ("window", "run", "state", "time"):
        shown.add_column(name, justify="right" if name == "time" else "left", no_wrap=True)
    rows = [row for row in progress.rows if row.state not in GOOD]
    last = [row for row in progress.rows if row.state in GOOD][-max(3, _ROWS - len(rows)) :]
    for row in sorted([*last, *rows][:_ROWS], key=lambda row: row.window.first):
        state = Text(row.state.lower().replace("_", " "), style=watch.STYLES[word_tone(row.state)])
        shown.add_row(str(row.window), str(row.run_id or ""), state, span(row.seconds) if row.seconds else "")
    return Group(title, shown)


def _ended_well(progress: Progress) -> str:
    before = sum(row.found for row in progress.rows)
    return f"{progress.job}: {progress.done} of {len(progress.rows)} windows done, {before} of them started before"


def _complaint(session: Session, progress: Progress) -> str:
    row = progress.failed[0]
    with asking(session.client):
        why = watch.look(session, row.run_id or 0, progress.job).sentence()
    left = sum(each.state == _WAITING for each in progress.rows)
    windows = ", ".join(str(each.window) for each in progress.failed)
    rest = f", {left} not started" if left else ""
    return f"Windows failed: {windows}{rest}. {why}. The same command tries them again and goes on."


def _shown(session: Session, progress: Progress) -> dict[str, Any]:
    rows = [
        {
            "from": row.window.first.isoformat(),
            "to": row.window.last.isoformat(),
            "run_id": row.run_id,
            "state": row.state,
            "seconds": round(row.seconds, 1),
            "started_before": row.found,
        }
        for row in progress.rows
    ]
    return {"environment": session.env.name, "job": progress.job, "windows": rows}
