"""The task graph: which task may run, how a run ends, what depends on what. Pure functions over task settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local.jobs.states import CANCELED, FAILED, Outcome

Task = dict[str, Any]
RUN_IF = frozenset(
    {"ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED"}
)
_NOT_RUN_MESSAGE = {
    "UPSTREAM_FAILED": "The run was skipped because an upstream task failed.",
    "UPSTREAM_CANCELED": "The run was skipped because an upstream task was canceled.",
    "EXCLUDED": "The run was skipped because its run_if condition {run_if} was not met.",
}
_CAUSED = "This caused all downstream tasks to get skipped."


def dependencies(task: Task) -> list[str]:
    """Return the keys of the tasks this one waits for."""
    return [str(dependency["task_key"]) for dependency in task.get("depends_on") or []]


def cycle(tasks: Iterable[Task]) -> list[str]:
    """Return the task keys of one dependency cycle, or nothing."""
    try:
        TopologicalSorter({task["task_key"]: dependencies(task) for task in tasks}).prepare()
    except CycleError as error:
        return [str(key) for key in error.args[1]]
    return []


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks so that each comes after what it depends on."""
    by_key = {task["task_key"]: task for task in tasks}
    return [by_key[key] for key in TopologicalSorter({key: dependencies(by_key[key]) for key in by_key}).static_order()]


def downstream(tasks: Sequence[Task], keys: Iterable[str]) -> set[str]:
    """Return every task that depends on one of the keys, directly or not, without the keys themselves."""
    start = set(keys)
    reached = set(start)
    grown = True
    while grown:
        new = {task["task_key"] for task in tasks if reached.intersection(dependencies(task))} - reached
        reached |= new
        grown = bool(new)
    return reached - start


def verdict(task: Task, results: Mapping[str, str], conditions: Mapping[str, str]) -> Outcome | None:
    """Decide a task whose dependencies have all ended: None = run it, else the outcome it has without running.

    `conditions` holds the outcome ("true", "false") of condition tasks. A disabled dependency counts as absent; one
    whose condition went the other way counts as excluded.
    """
    seen = []
    for dependency in task.get("depends_on") or []:
        result = results[dependency["task_key"]]
        wanted = dependency.get("outcome")
        if wanted and result == "SUCCESS" and conditions.get(dependency["task_key"]) != wanted:
            result = "EXCLUDED"
        if result != "DISABLED":
            seen.append(result)
    run_if = task.get("run_if") or "ALL_SUCCESS"
    if not seen or _holds(run_if, seen):
        return None
    result = _not_run(run_if, seen)
    return Outcome(result, _NOT_RUN_MESSAGE[result].format(run_if=run_if))


def _holds(run_if: str, results: Sequence[str]) -> bool:
    success = [result == "SUCCESS" for result in results]
    failure = [result in FAILED or result in CANCELED for result in results]
    return {
        "ALL_SUCCESS": all(success),
        "AT_LEAST_ONE_SUCCESS": any(success),
        "NONE_FAILED": not any(failure) and any(success),
        "ALL_DONE": True,
        "AT_LEAST_ONE_FAILED": any(failure),
        "ALL_FAILED": all(failure),
    }[run_if]


def _not_run(run_if: str, results: Sequence[str]) -> str:
    if run_if in {"AT_LEAST_ONE_FAILED", "ALL_FAILED"}:
        return "EXCLUDED"
    if any(result in FAILED for result in results):
        return "UPSTREAM_FAILED"
    return "UPSTREAM_CANCELED" if any(result in CANCELED for result in results) else "EXCLUDED"


def rollup(tasks: Sequence[Task], outcomes: Mapping[str, Outcome]) -> Outcome:
    """Derive a run's outcome from its leaf tasks: a failure that a successful leaf has handled is no failure."""
    asked = [task for task in tasks if outcomes[task["task_key"]].result != "DISABLED"]
    needed = {key for task in asked for key in dependencies(task)}
    leaves = [outcomes[task["task_key"]] for task in asked if task["task_key"] not in needed]
    broken = {key: outcome for key, outcome in outcomes.items() if outcome.result in {"FAILED", "TIMEDOUT"}}
    if any(leaf.result in FAILED for leaf in leaves):
        skipped = any(outcome.result == "UPSTREAM_FAILED" for outcome in outcomes.values())
        return _failure(broken, skipped)
    if any(leaf.result in CANCELED for leaf in leaves):
        return Outcome("CANCELED", "Run cancelled.")
    if broken:
        return Outcome("SUCCESS_WITH_FAILURES", f"Succeeded with failures: {', '.join(sorted(broken))}.")
    return Outcome("SUCCESS")


def _failure(broken: Mapping[str, Outcome], skipped: bool) -> Outcome:
    if not broken:  # a repair of some tasks may leave others skipped as they were
        return Outcome("FAILED", "Tasks that an earlier failure skipped were not run again.", "RUN_EXECUTION_ERROR")
    key, cause = next(iter(broken.items()))
    code = cause.termination_code if cause.result == "FAILED" else "RUN_EXECUTION_ERROR"
    message = f"Task {key} failed with message: {cause.message.rstrip('.')}."
    return Outcome("FAILED", f"{message} {_CAUSED}" if skipped else message, code)


def to_rerun(
    tasks: Sequence[Task], results: Mapping[str, str], keys: Sequence[str], all_failed: bool, dependents: bool
) -> set[str]:
    """Choose the tasks of a repair; tasks that the run does not know yet are always among them."""
    chosen = set(keys)
    if all_failed:
        chosen |= {key for key, result in results.items() if result in FAILED or result in CANCELED}
        # What was excluded behind a failure may have its condition met this time.
        chosen |= {key for key in downstream(tasks, chosen) if results.get(key) == "EXCLUDED"}
    if dependents:
        chosen |= downstream(tasks, chosen)
    known = {task["task_key"] for task in tasks}
    return (chosen & known) | (known - results.keys())
