"""A run with the runs of its run_job tasks below it, as they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.jobs import Run, RunTask

from scripts.runs import ended, latest_attempts


@dataclass(frozen=True)
class Node:
    """A run, the latest attempt of each of its tasks, and by task key the run that a run_job task started."""

    run: Run
    tasks: Sequence[RunTask]
    children: Mapping[str, Node]

    @property
    def run_id(self) -> int:
        """The run's id."""
        return self.run.run_id or 0

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return not ended(self.run)

    def walk(self, path: str = "") -> Iterator[tuple[str, RunTask]]:
        """Yield every task with its path, those of a child after the task that started it."""
        for task in self.tasks:
            here = f"{path}{task.task_key}"
            yield here, task
            if child := self.children.get(task.task_key):
                yield from child.walk(f"{here}/")

    def family(self) -> Iterator[Node]:
        """Yield this run and all below it, parents first."""
        yield self
        for child in self.children.values():
            yield from child.family()


def read(client: WorkspaceClient, run_id: int) -> Node:
    """Return a run and all below it; raises what the SDK raises."""
    run = client.jobs.get_run(run_id)
    tasks = latest_attempts(run)
    children = {}
    for task in tasks:
        child = _child(client, task) if task.run_job_task else None
        if child is not None:
            children[task.task_key] = read(client, child)
    return Node(run, tasks, children)


def _child(client: WorkspaceClient, task: RunTask) -> int | None:
    if not task.run_id or not task.start_time:
        return None
    try:
        output = client.jobs.get_run_output(task.run_id).run_job_output
    except DatabricksError:
        return None  # the task ended before it could start a run
    return output.run_id if output else None
