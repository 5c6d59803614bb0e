"""Start a job by name and follow its run, children included."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.jobs import Run, RunLifeCycleState, RunResultState, RunTask

from scripts.errors import CommandError

POLL_SECONDS = 0.5
_ENDED = {RunLifeCycleState.TERMINATED, RunLifeCycleState.SKIPPED, RunLifeCycleState.INTERNAL_ERROR}


@dataclass(frozen=True)
class TaskState:
    """One task as it stands: `path` is job/task, seconds are of its last attempt."""

    path: str
    state: str
    seconds: float
    attempts: int
    run_id: int
    message: str

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.state not in {"PENDING", "QUEUED", "RUNNING", "BLOCKED", "TERMINATING", "WAITING_FOR_RETRY"}


def job_id(client: WorkspaceClient, name: str) -> int:
    """Return the id of the one job of this name; raise CommandError when there is none or several."""
    found = [job.job_id for job in client.jobs.list(name=name) if job.job_id is not None]
    if len(found) != 1:
        known = ", ".join(sorted(job.settings.name or "" for job in client.jobs.list() if job.settings)) or "none"
        raise CommandError(f"Job {name!r}: expected one of this name, found {len(found)}; the workspace has: {known}.")
    return found[0]


def _state(task: RunTask) -> str:
    if task.state is None:
        return "PENDING"
    ended = task.state.life_cycle_state in _ENDED and task.state.result_state
    word = task.state.result_state if ended else task.state.life_cycle_state
    return word.value if word else "PENDING"


def latest_attempts(run: Run) -> list[RunTask]:
    """Return the latest attempt of each task, in the order they started; what waits comes last."""
    latest: dict[str, RunTask] = {}
    for task in run.tasks or []:
        known = latest.get(task.task_key)
        if known is None or (task.attempt_number or 0) >= (known.attempt_number or 0):
            latest[task.task_key] = task
    return sorted(latest.values(), key=lambda task: (not task.start_time, task.start_time or 0))


class Follower:
    """Reads a run and, through its run_job tasks, the runs below it."""

    def __init__(self, client: WorkspaceClient, run_id: int) -> None:
        self._client = client
        self._run_id = run_id
        self._children: dict[int, int] = {}

    def run(self) -> Run:
        """Return the run itself."""
        return self._client.jobs.get_run(self._run_id)

    def tasks(self, run: Run | None = None, prefix: str = "") -> Iterator[TaskState]:
        """Yield every task of the run, depth first, as it stands now."""
        run = run or self.run()
        for task in latest_attempts(run):
            path = f"{prefix}{task.task_key}"
            yield self._task(task, path)
            child = self._child(task) if task.run_job_task else None
            if child is not None:
                yield from self.tasks(self._client.jobs.get_run(child), f"{path}/")

    def _task(self, task: RunTask, path: str) -> TaskState:
        start, end = task.start_time or 0, task.end_time or 0
        seconds = ((end or time.time() * 1000) - start) / 1000 if start else 0.0
        message = (task.state.state_message or "") if task.state else ""
        return TaskState(path, _state(task), seconds, (task.attempt_number or 0) + 1, task.run_id or 0, message)

    def _child(self, task: RunTask) -> int | None:
        if task.run_id is None or not task.start_time:
            return None
        if task.run_id not in self._children:
            try:
                output = self._client.jobs.get_run_output(task.run_id)
            except DatabricksError:
                return None  # the child has not been started yet; asked again at the next look
            if output.run_job_output is None or not output.run_job_output.run_id:
                return None
            self._children[task.run_id] = output.run_job_output.run_id
        return self._children[task.run_id]


def ended(run: Run) -> bool:
    """Return whether the run is over."""
    return run.state is not None and run.state.life_cycle_state in _ENDED


def succeeded(run: Run) -> bool:
    """Return whether the run ended well."""
    return run.state is not None and run.state.result_state == RunResultState.SUCCESS


def first_failure(client: WorkspaceClient, tasks: list[TaskState]) -> str:
    """Say in one line which task failed and why, from the deepest failed task's own output."""
    failed = [task for task in tasks if task.state in {"FAILED", "TIMEDOUT", "INTERNAL_ERROR", "CANCELED"}]
    if not failed:
        return "no task failed"
    worst = failed[-1]
    try:
        error = client.jobs.get_run_output(worst.run_id).error
    except DatabricksError as problem:
        error = str(problem)
    return f"task {worst.path} {worst.state}: {(error or worst.message or 'no message').strip()}"
