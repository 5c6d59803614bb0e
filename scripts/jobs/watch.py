"""Follows a run to its end: a table that lives on stderr, or a line per ended task where nobody looks."""

from __future__ import annotations

import time
from collections.abc import Sequence

from databricks.sdk.service.jobs import Run
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scripts import runs
from scripts.jobs.outcome import Outcome, failures, word
from scripts.runs import TaskState
from scripts.session import Session
from scripts.words import span, word_tone

# Looked at often while it is young, seldom when it takes long: each look asks once for the run and once per child.
SHORTEST_SECONDS, LONGEST_SECONDS, SHARE = 0.3, 5.0, 0.02
STYLES = {"bad": "red", "warn": "yellow", "good": "green", "": ""}


class Interrupted(Exception):  # noqa: N818 no error: the operator left
    """Ctrl-C while a run was followed; the run goes on."""

    def __init__(self, run_id: int) -> None:
        super().__init__(f"run {run_id} goes on")
        self.run_id = run_id


def follow(session: Session, run_id: int, job: str) -> Outcome:
    """Return a run once it has ended, shown meanwhile; Interrupted when the operator leaves first."""
    follower = runs.Follower(session.client, run_id)
    try:
        run, tasks = _live(session, follower, job) if session.err.is_terminal else _lines(session, follower, job)
    except KeyboardInterrupt:
        raise Interrupted(run_id) from None
    return Outcome(job, run, tasks, failures(session.client, tasks))


def look(session: Session, run_id: int, job: str) -> Outcome:
    """Return a run as it stands."""
    follower = runs.Follower(session.client, run_id)
    run = follower.run()
    tasks = list(follower.tasks(run))
    return Outcome(job, run, tasks, failures(session.client, tasks))


def pause_after(seconds: float) -> float:
    """Return how long to wait before looking again at a run of this age."""
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, seconds * SHARE))


def _live(session: Session, follower: runs.Follower, job: str) -> tuple[Run, list[TaskState]]:
    began = time.monotonic()
    with Live(console=session.err, auto_refresh=False) as live:
        while True:
            run = follower.run()
            tasks = list(follower.tasks(run))
            live.update(table(run, tasks, job), refresh=True)
            if runs.ended(run):
                return run, tasks
            time.sleep(pause_after(time.monotonic() - began))


def _lines(session: Session, follower: runs.Follower, job: str) -> tuple[Run, list[TaskState]]:
    began, told = time.monotonic(), set[tuple[str, int]]()
    while True:
        run = follower.run()
        tasks = list(follower.tasks(run))
        for task in tasks:
            if task.ended and task.run_id and (task.path, task.run_id) not in told:
                told.add((task.path, task.run_id))
                session.tell(f"  {task.path:<42} {task.seconds:8.1f} s   {task.state}")
        if runs.ended(run):
            session.tell(f"  {job} run {run.run_id}: {word(run)}")
            return run, tasks
        time.sleep(pause_after(time.monotonic() - began))


def table(run: Run, tasks: Sequence[TaskState], job: str) -> Group:
    """Return the run as a line and a table: a row per task, those of a child job below its task."""
    state = word(run)
    title = Text.assemble((f"{job} · run {run.run_id} · ", "bold"), (state, STYLES[word_tone(state)]))
    shown = Table(box=None, pad_edge=False)
    shown.add_column("task", no_wrap=True)
    shown.add_column("state", no_wrap=True)
    shown.add_column("time", justify="right", no_wrap=True)
    shown.add_column("tries", justify="right")
    for task in tasks:
        depth, name = task.path.count("/"), task.path.rpartition("/")[2]
        style = STYLES[word_tone(task.state)]
        shown.add_row(
            Text("  " * depth + name),
            Text(task.state.lower().replace("_", " "), style=style),
            span(task.seconds) if task.seconds else "",
            str(task.attempts) if task.attempts > 1 else "",
        )
    return Group(title, shown)
