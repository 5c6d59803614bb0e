"""What run-now and repair ask for, and what a job's settings say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.errors import ApiError, invalid
from local.jobs.ledger import JobRun, TaskRun
from local.jobs.states import Outcome


@dataclass(frozen=True)
class RunRequest:
    """What run-now or a parent task asks for."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    only: Sequence[str] = ()
    token: str | None = None
    queue: bool | None = None
    trigger: str = "ONE_TIME"
    parent_task_run_id: int = 0


@dataclass(frozen=True)
class RepairRequest:
    """Which tasks of an ended run to run again."""

    tasks: Sequence[str] = ()
    all_failed: bool = False
    dependents: bool = False
    latest_repair_id: int = 0
    parameters: Mapping[str, str] | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def check(self, run: JobRun) -> None:
        """Refuse what cannot be repaired this way."""
        if run.active:
            raise ApiError(400, "INVALID_STATE", f"Run {run.run_id} is in progress; only an ended run can be repaired.")
        if bool(self.tasks) == self.all_failed:
            raise invalid("Exactly one of rerun_tasks and rerun_all_failed_tasks must be given.")
        last = run.passes[-1].repair_id
        if self.latest_repair_id != last:
            raise invalid(f"latest_repair_id must be {last or 'left out'}: it is the id of the run's latest repair.")


def check_keys(field_name: str, keys: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Refuse task keys that the job does not have."""
    unknown = sorted(set(keys) - {task["task_key"] for task in settings.get("tasks") or []})
    if unknown:
        raise invalid(f"Task '{unknown[0]}' of {field_name} does not exist in this job.")


def concurrency_limit(settings: Mapping[str, Any]) -> int:
    """How many runs of a job may be active at once."""
    return int(settings.get("max_concurrent_runs", 1))


def queue_enabled(settings: Mapping[str, Any]) -> bool:
    """Whether a run over the limit waits instead of being skipped."""
    return bool((settings.get("queue") or {}).get("enabled"))


def effective_parameters(settings: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return the job parameters: defaults with the given values over them."""
    defaults = {item["name"]: str(item.get("default", "")) for item in settings.get("parameters") or []}
    return {**defaults, **{name: str(value) for name, value in given.items()}}


def may_retry(attempt: TaskRun, outcome: Outcome) -> bool:
    """Whether an attempt that ended so is followed by another."""
    wanted = outcome.result == "FAILED" or (outcome.result == "TIMEDOUT" and bool(attempt.task.get("retry_on_timeout")))
    allowed = int(attempt.task.get("max_retries") or 0)
    return wanted and (allowed == -1 or attempt.tried < allowed)


def duration_warnings(settings: Mapping[str, Any]) -> list[float]:
    """Return after how many seconds a job or task counts as slow."""
    rules = (settings.get("health") or {}).get("rules") or []
    return [float(rule["value"]) for rule in rules if rule.get("metric") == "RUN_DURATION_SECONDS"]
