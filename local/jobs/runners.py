"""Which runner does which kind of task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.alerts.legacy import LegacyAlerts
from local.errors import ApiError
from local.jobs import condition, dbt, for_each, notebook, run_job, sql
from local.jobs.attempts import Attempt, Ending, Runner
from local.jobs.compute import require_compute
from local.services import Services

if TYPE_CHECKING:
    from local.jobs.orchestrator import Orchestrator


def build_runners(services: Services, jobs: Orchestrator) -> dict[str, Runner]:
    """Return the runner of each task kind that the local workspace can run."""
    runners: dict[str, Runner] = {
        "notebook_task": notebook.runner(services),
        "dbt_task": dbt.runner(services),
        "sql_task": sql.runner(services, LegacyAlerts(services, jobs.outbox, jobs.timers.now)),
        "run_job_task": run_job.runner(jobs),
        "condition_task": condition.run,
        "for_each_task": for_each.runner(jobs),
    }
    return {kind: _on_compute(services, runner) for kind, runner in runners.items()}


def _on_compute(services: Services, runner: Runner) -> Runner:
    def run(attempt: Attempt) -> Ending:
        require_compute(services.store, attempt.task_run.task)
        return runner(attempt)

    return run


KINDS = ("notebook_task", "dbt_task", "sql_task", "run_job_task", "condition_task", "for_each_task")


def kind_of(task: dict[str, Any]) -> str:
    """Return the kind of a task; refuse one that can be kept but not run here."""
    for kind in KINDS:
        if kind in task:
            return kind
    kind = next((key for key in task if key.endswith("_task")), "a task without a kind")
    raise ApiError(501, "NOT_IMPLEMENTED", f"Task {task['task_key']}: the local workspace does not run {kind}.")
