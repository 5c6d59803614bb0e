"""Which runner does which kind of task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.errors import ApiError
from local.jobs import condition, dbt, for_each, notebook, run_job, sql
from local.jobs.attempts import Runner
from local.services import Services

if TYPE_CHECKING:
    from local.jobs.orchestrator import Orchestrator


def build_runners(services: Services, jobs: Orchestrator) -> dict[str, Runner]:
    """Return the runner of each task kind that the local workspace can run."""
    return {
        "notebook_task": notebook.runner(services),
        "dbt_task": dbt.runner(services),
        "sql_task": sql.runner(services),
        "run_job_task": run_job.runner(jobs),
        "condition_task": condition.run,
        "for_each_task": for_each.runner(jobs),
    }


KINDS = ("notebook_task", "dbt_task", "sql_task", "run_job_task", "condition_task", "for_each_task")


def kind_of(task: dict[str, Any]) -> str:
    """Return the kind of a task; refuse one that can be kept but not run here."""
    for kind in KINDS:
        if kind in task:
            return kind
    kind = next((key for key in task if key.endswith("_task")), "a task without a kind")
    raise ApiError(400, "INVALID_PARAMETER_VALUE", f"Task {task['task_key']}: the local workspace does not run {kind}.")
