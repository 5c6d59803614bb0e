"""What dynamic value references of a task attempt stand for, read from the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.jobs.ledger import JobRun, Ledger, TaskRun
from local.jobs.references import NO_INPUT, Scope


def scope_of(ledger: Ledger, run: JobRun, attempt: TaskRun, base_url: str) -> Scope:
    """Build the scope of one attempt as of now."""
    latest = ledger.latest(run.run_id)

    task = {
        "name": attempt.task_key,
        "run_id": str(attempt.run_id),
        "execution_count": str(attempt.attempt + 1),
        "notebook_path": str((attempt.task.get("notebook_task") or {}).get("notebook_path", "")),
    }
    job = {
        "id": str(run.job_id),
        "name": str(run.settings["name"]),
        "run_id": str(run.run_id),
        "repair_count": str(len(run.passes) - 1),
    }
    return Scope(
        job=job,
        job_parameters=run.parameters,
        trigger_type=run.trigger.lower(),
        started=datetime.fromtimestamp(run.started / 1000, UTC),
        triggered=datetime.fromtimestamp(run.created / 1000, UTC),
        task=task,
        tasks=lambda key, path: _left_by(ledger, latest[key], path),
        workspace={"id": "1", "url": base_url},
        input=attempt.input if attempt.iteration_of else NO_INPUT,
    )


def _left_by(ledger: Ledger, other: TaskRun, path: list[str]) -> Any:
    """Return what a reference to another task of the run stands for."""
    match path:
        case ["run_id"]:
            return str(other.run_id)
        case ["result_state"] if other.outcome is not None:
            return other.outcome.result.lower()
        case ["values", name]:
            return ledger.value(other.job_run_id, other.task_key, name)
        case ["output", "rows"]:
            return _rows(other)
        case ["output", "first_row", column]:
            return _first(_rows(other), column)
        case ["output", "alert_state"]:
            return other.output["sql_output"]["alert_output"]["alert_state"]
    raise KeyError(".".join(path))


def _rows(run: TaskRun) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run.output["rows"]
    return rows


def _first(rows: list[dict[str, Any]], column: str) -> Any:
    if not rows:
        raise KeyError(column)
    return rows[0][column]
