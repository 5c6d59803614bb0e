"""How a run went, in words: its tasks, the deepest ones that failed and the first line of what they said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.jobs import Run

from scripts.connection import first_line
from scripts.runs import TaskState, ended

# A task that never started is the consequence of a failure, not one; an excluded or disabled one was not to run.
GOOD = {"SUCCESS", "SUCCESS_WITH_FAILURES"}
UNHARMED = GOOD | {"EXCLUDED", "DISABLED"}
HELD_UP = {"UPSTREAM_FAILED", "UPSTREAM_CANCELED", "UPSTREAM_EVICTED", "SKIPPED"}


@dataclass(frozen=True)
class Failure:
    """A task that failed, how, and the first line of its error."""

    path: str
    state: str
    run_id: int
    error: str


@dataclass(frozen=True)
class Outcome:
    """A run that was looked at, with its tasks, children included, and what failed."""

    job: str
    run: Run
    tasks: Sequence[TaskState]
    failures: Sequence[Failure]

    @property
    def state(self) -> str:
        """Its result, or how far it is."""
        return word(self.run)

    @property
    def good(self) -> bool:
        """Whether it ended well; the workspace counts a failure that a later task handled as well ended."""
        return ended(self.run) and self.state in GOOD

    def as_json(self, environment: str) -> dict[str, Any]:
        """Return what `--json` prints; times are epoch milliseconds, durations seconds."""
        return {
            "environment": environment,
            "job": self.job,
            "run_id": self.run.run_id,
            "run_url": self.run.run_page_url or "",
            "state": self.state,
            "start_time": self.run.start_time,
            "end_time": self.run.end_time or None,
            "tasks": [
                {
                    "task": task.path,
                    "state": task.state,
                    "seconds": round(task.seconds, 1),
                    "attempts": task.attempts,
                    "run_id": task.run_id,
                }
                for task in self.tasks
            ],
            "failures": [vars(failure) for failure in self.failures],
        }

    def sentence(self) -> str:
        """Say in one line how it ended."""
        named = "; ".join(f"task {each.path} {each.state}: {each.error}" for each in self.failures)
        message = (self.run.state.state_message or "") if self.run.state else ""
        why = named or first_line(message or "no task failed")
        return f"{self.job} run {self.run.run_id} ended with {self.state}: {why}"


def word(run: Run) -> str:
    """Return the result of an ended run, else the state it is in."""
    if run.state is None:
        return "PENDING"
    result = run.state.result_state if ended(run) else None
    found = result or run.state.life_cycle_state
    return found.value if found else "PENDING"


def failures(client: WorkspaceClient, tasks: Sequence[TaskState]) -> list[Failure]:
    """Return the failed tasks that no failed task below them explains, each with its first error line."""
    failed = [task for task in tasks if task.ended and task.state not in UNHARMED | HELD_UP]
    paths = [task.path for task in failed]
    deepest = [task for task in failed if not any(path.startswith(f"{task.path}/") for path in paths)]
    return [Failure(task.path, task.state, task.run_id, _error(client, task)) for task in deepest]


def _error(client: WorkspaceClient, task: TaskState) -> str:
    try:
        said = client.jobs.get_run_output(task.run_id).error if task.run_id else None
    except DatabricksError as problem:
        said = str(problem)
    return first_line(said or task.message or "no message")
