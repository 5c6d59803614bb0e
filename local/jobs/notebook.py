"""notebook_task: a notebook of the workspace, run by the Spark driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.jobs.attempts import Attempt, Ending, Runner
from local.jobs.driver import follow
from local.jobs.states import SUCCESS, Outcome, failed
from local.services import Services
from local.workspace.tree import Tree

_RESULT_LIMIT = 5_000_000  # of dbutils.notebook.exit, as documented for runs/get-output


def runner(services: Services) -> Runner:
    """Return the runner; the driver is asked for again at each run, for it may have been restarted."""
    tree = Tree(services.store, services.root)

    def run(attempt: Attempt) -> Ending:
        path = attempt.task["notebook_path"]
        language, source = tree.source(path)
        key = str(attempt.task_run.run_id)
        body = {
            "key": key,
            "path": path,
            "language": language,
            "source": source,
            "parameters": parameters(attempt, attempt.task.get("base_parameters") or {}, "notebook_params"),
            "context": {
                "job_id": attempt.job_run.job_id,
                "run_id": attempt.job_run.run_id,
                "task_run_id": attempt.task_run.run_id,
                "task_key": attempt.task_run.task_key,
                "user": services.user,
                "host": services.base_url,
            },
        }
        return _ending(follow(services.driver, "notebook-runs", key, body, attempt.stop))

    return run


def parameters(attempt: Attempt, own: Mapping[str, Any], override: str) -> dict[str, str]:
    """Merge a task's own parameters, those of run-now, and the job's, which win."""
    merged = {**own, **(attempt.job_run.overrides.get(override) or {}), **attempt.job_run.parameters}
    return {name: str(value) for name, value in merged.items()}


def _ending(answer: Mapping[str, Any]) -> Ending:
    output: dict[str, Any] = {"output_path": answer.get("output_path")}
    if answer["state"] == "SUCCEEDED":
        result = answer.get("exit_value")
        if result is not None:
            cut = len(result) > _RESULT_LIMIT
            output["notebook_output"] = {"result": result[:_RESULT_LIMIT], "truncated": cut}
        return Ending(SUCCESS, output)
    if answer["state"] == "CANCELED":
        return Ending(Outcome("CANCELED", "Cancelled by the Spark driver."), output)
    output |= {"error": answer.get("error"), "error_trace": answer.get("error_trace")}
    return Ending(failed("Workload failed, see run output for details"), output)
