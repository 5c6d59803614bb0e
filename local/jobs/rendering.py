"""Runs as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local.jobs.ledger import JobRun, TaskRun
from local.jobs.notices import run_page_url
from local.jobs.settings import shown_task
from local.jobs.states import shown_life_cycle, state_of, status_of

_ENDED_TASK_FIELDS = ("notebook_output", "sql_output", "dbt_output", "run_job_output", "error", "error_trace")
_LOG_FIELDS = ("logs", "logs_truncated")


def job_run(run: JobRun, base_url: str) -> dict[str, Any]:
    """Render a run without its tasks."""
    shown: dict[str, Any] = {
        "run_id": run.run_id,
        "job_id": run.job_id,
        "number_in_job": run.run_id,
        "original_attempt_run_id": run.run_id,
        "creator_user_name": run.creator,
        "run_name": run.settings["name"],
        "run_type": "JOB_RUN",
        "format": "MULTI_TASK",
        "trigger": run.trigger,
        "run_page_url": run_page_url(base_url, run.job_id, run.run_id),
        **_states(run),
        "start_time": run.started or run.created,
        "end_time": run.ended,
        "setup_duration": 0,
        "execution_duration": 0,
        "cleanup_duration": 0,
        "queue_duration": max(0, run.started - run.created) if run.started else 0,
        "run_duration": max(0, run.ended - (run.started or run.created)) if run.ended else 0,
        "job_parameters": _job_parameters(run),
    }
    if run.overrides:
        shown["overriding_parameters"] = run.overrides
    if run.parent_task_run_id:
        shown["trigger_info"] = {"run_id": run.parent_task_run_id}
    for name in ("job_clusters", "schedule", "description"):
        if name in run.settings:
            shown[name] = run.settings[name]
    return shown


def task_run(run: JobRun, attempt: TaskRun, base_url: str) -> dict[str, Any]:
    """Render one attempt as an entry of a run's tasks."""
    executed_from = attempt.executing or attempt.ended
    shown = {
        **shown_task(attempt.task),
        **attempt.resolved,
        "run_id": attempt.run_id,
        "attempt_number": attempt.attempt,
        "run_page_url": run_page_url(base_url, run.job_id, attempt.run_id),
        **_states(attempt),
        "start_time": attempt.started,
        "end_time": attempt.ended,
        "setup_duration": max(0, executed_from - attempt.started) if attempt.started and executed_from else 0,
        "execution_duration": max(0, attempt.ended - executed_from) if attempt.ended else 0,
        "cleanup_duration": 0,
        "run_duration": max(0, attempt.ended - attempt.started) if attempt.ended else 0,
    }
    if "condition_task" in shown and "outcome" in attempt.output:
        shown["condition_task"] = {**shown["condition_task"], "outcome": attempt.output["outcome"]}
    if "for_each_task" in shown and "stats" in attempt.output:
        shown["for_each_task"] = {**shown["for_each_task"], "stats": attempt.output["stats"]}
    if "run_job_output" in attempt.output:
        # Not documented for tasks of a run, but what shows the child while it still runs.
        shown["run_job_output"] = attempt.output["run_job_output"]
    return shown


def repair_history(run: JobRun, attempts: Sequence[TaskRun]) -> list[dict[str, Any]]:
    """Render the passes over a run, the original one first."""
    history = []
    for number, item in enumerate(run.passes):
        last = number == len(run.passes) - 1
        outcome = item.outcome
        life_cycle = outcome.life_cycle if outcome else run.life_cycle if last else "TERMINATED"
        entry: dict[str, Any] = {
            "type": "REPAIR" if item.repair_id else "ORIGINAL",
            "start_time": item.started,
            "end_time": item.ended,
            "state": state_of(shown_life_cycle(life_cycle, outcome), outcome),
            "status": status_of(life_cycle, outcome),
            "task_run_ids": [attempt.run_id for attempt in attempts if attempt.repair_id == item.repair_id],
        }
        history.append({"id": item.repair_id, **entry} if item.repair_id else entry)
    return history


def output(run: JobRun, attempt: TaskRun, base_url: str) -> dict[str, Any]:
    """Render what an attempt left behind, with the attempt as metadata."""
    metadata = {**job_run(run, base_url), **task_run(run, attempt, base_url), "job_run_id": run.run_id}
    answer: dict[str, Any] = {"metadata": metadata}
    for name in (*_ENDED_TASK_FIELDS, *_LOG_FIELDS):
        if attempt.output.get(name) is not None:
            answer[name] = attempt.output[name]
    if "error" not in answer and attempt.outcome is not None and attempt.outcome.result not in {"SUCCESS", "EXCLUDED"}:
        answer["error"] = attempt.outcome.message
    return answer


def _states(run: JobRun | TaskRun) -> dict[str, Any]:
    outcome = None if run.active else run.outcome
    life_cycle = shown_life_cycle(run.life_cycle, outcome) if isinstance(run, JobRun) else run.life_cycle
    return {
        "state": state_of(life_cycle, outcome, run.message),
        "status": status_of(run.life_cycle, outcome, run.message),
    }


def _job_parameters(run: JobRun) -> list[dict[str, str]]:
    defaults = {item["name"]: str(item.get("default", "")) for item in run.settings.get("parameters") or []}
    shown = []
    for name, value in run.parameters.items():
        entry = {"name": name, "default": defaults[name]} if name in defaults else {"name": name}
        if defaults.get(name) != value:
            entry["value"] = value
        shown.append(entry)
    return shown
