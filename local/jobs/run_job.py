"""run_job_task: a run of another job, linked to the task and cancelled with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.jobs.attempts import Attempt, Ending, Runner
from local.jobs.requests import RunRequest
from local.jobs.states import SUCCESS, failed

if TYPE_CHECKING:
    from local.jobs.orchestrator import Orchestrator

_OVERRIDES = ("notebook_params", "sql_params", "dbt_commands")


def runner(jobs: Orchestrator) -> Runner:
    """Return the runner; it waits for the child on the orchestrator's condition."""

    def run(attempt: Attempt) -> Ending:
        job_id = int(attempt.task["job_id"])
        if job_id in _ancestors(jobs, attempt):
            return Ending(failed(f"Job {job_id} would run inside itself.", "INVALID_RUN_CONFIGURATION"))
        child = jobs.run_now(
            job_id,
            RunRequest(
                parameters=attempt.task.get("job_parameters") or {},
                overrides={key: attempt.task[key] for key in _OVERRIDES if key in attempt.task},
                trigger="RUN_JOB_TASK",
                parent_task_run_id=attempt.task_run.run_id,
            ),
        )
        output = {"run_job_output": {"run_id": child.run_id}}
        attempt.report(output)
        attempt.stop.on_request(lambda: jobs.cancel(child.run_id))
        child = jobs.wait(child.run_id)
        if child.outcome is not None and child.outcome.result in {"SUCCESS", "SUCCESS_WITH_FAILURES"}:
            return Ending(SUCCESS, output)
        result = child.outcome.result if child.outcome else "no result"
        message = child.outcome.message if child.outcome else ""
        return Ending(failed(f"Run {child.run_id} of job {job_id} ended with {result}: {message}"), output)

    return run


def _ancestors(jobs: Orchestrator, attempt: Attempt) -> set[int]:
    seen, run = {attempt.job_run.job_id}, attempt.job_run
    while run.parent_task_run_id:
        parent_task = jobs.ledger.task_run(run.parent_task_run_id)
        parent = jobs.ledger.job_run(parent_task.job_run_id) if parent_task else None
        if parent is None:
            break
        seen.add(parent.job_id)
        run = parent
    return seen
