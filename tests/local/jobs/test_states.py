"""The states and termination codes of runs and tasks, as databricks-sdk reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.jobs import Run, RunResultState, TerminationCodeCode
from jobs_harness import Workspace, task_of

from local.jobs import states

BAD = {"fail_times": 9}
SLOW = {"sleep": 30}
TIMED = {"timeout_seconds": 1}
ALWAYS = {"run_if": "ALL_DONE"}


def branch(workspace: Workspace) -> list[Any]:
    condition = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "2"}}
    return [condition, workspace.task("b", [{"task_key": "a", "outcome": "true"}])]


def missing(_: Workspace) -> list[Any]:
    return [{"task_key": "a", "notebook_task": {"notebook_path": "/Shared/nothing-here"}}]


def unknown_reference(workspace: Workspace) -> list[Any]:
    task = workspace.task("a")
    task["notebook_task"]["base_parameters"] = {"x": "{{job.nope}}"}
    return [task]


Tasks = Callable[[Workspace], list[Any]]
# (life_cycle_state, result_state, status.state, code, type) of the job run, and of some of its tasks.
OUTCOMES: dict[str, tuple[Tasks, dict[str, Any], str, dict[str, str]]] = {
    "success": (
        lambda w: [w.task("a")],
        {},
        "TERMINATED SUCCESS TERMINATED SUCCESS SUCCESS",
        {"a": "TERMINATED SUCCESS TERMINATED SUCCESS SUCCESS"},
    ),
    "a task failed": (
        lambda w: [w.task("a", **BAD), w.task("b", ["a"])],
        {},
        "INTERNAL_ERROR FAILED TERMINATED RUN_EXECUTION_ERROR CLIENT_ERROR",
        {
            "a": "TERMINATED FAILED TERMINATED RUN_EXECUTION_ERROR CLIENT_ERROR",
            "b": "TERMINATED UPSTREAM_FAILED TERMINATED SKIPPED CLIENT_ERROR",
        },
    ),
    "a failure that was handled": (
        lambda w: [w.task("a", **BAD), w.task("b", ["a"], ALWAYS)],
        {},
        "TERMINATED SUCCESS_WITH_FAILURES TERMINATED SUCCESS_WITH_FAILURES SUCCESS",
        {"b": "TERMINATED SUCCESS TERMINATED SUCCESS SUCCESS"},
    ),
    "a task timed out": (
        lambda w: [w.task("a", settings=TIMED, **SLOW), w.task("b", ["a"])],
        {},
        "INTERNAL_ERROR FAILED TERMINATED RUN_EXECUTION_ERROR CLIENT_ERROR",
        {
            "a": "TERMINATED TIMEDOUT TERMINATED CANCELED CLIENT_ERROR",
            "b": "TERMINATED UPSTREAM_FAILED TERMINATED SKIPPED CLIENT_ERROR",
        },
    ),
    "the run timed out": (
        lambda w: [w.task("a", **SLOW)],
        TIMED,
        "TERMINATED TIMEDOUT TERMINATED CANCELED CLIENT_ERROR",
        {"a": "TERMINATED CANCELED TERMINATED CANCELED CLIENT_ERROR"},
    ),
    "a branch not taken": (
        branch,
        {},
        "TERMINATED SUCCESS TERMINATED SUCCESS SUCCESS",
        {"b": "TERMINATED EXCLUDED TERMINATED SKIPPED SUCCESS"},
    ),
    "a notebook that is not there": (
        missing,
        {},
        "INTERNAL_ERROR FAILED TERMINATED RESOURCE_NOT_FOUND CLIENT_ERROR",
        {"a": "TERMINATED FAILED TERMINATED RESOURCE_NOT_FOUND CLIENT_ERROR"},
    ),
    "a reference to nothing": (
        unknown_reference,
        {},
        "INTERNAL_ERROR FAILED TERMINATED INVALID_RUN_CONFIGURATION CLIENT_ERROR",
        {"a": "TERMINATED FAILED TERMINATED INVALID_RUN_CONFIGURATION CLIENT_ERROR"},
    ),
}


def said(run: Any) -> str:
    """Return all five words of a run or a task."""
    details = run.status.termination_details
    words = [run.state.life_cycle_state, run.state.result_state, run.status.state, details.code, details.type]
    return " ".join(word.value for word in words)


@pytest.mark.parametrize("name", OUTCOMES)
def test_states_and_codes(shared: Workspace, name: str) -> None:
    tasks, settings, of_run, of_tasks = OUTCOMES[name]
    run = shared.ended(shared.start(*tasks(shared), **settings))
    assert said(run) == of_run
    assert {key: said(task_of(run, key)) for key in of_tasks} == of_tasks


def test_cancelled_skipped_and_disabled_runs(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", **SLOW), shared.task("b", ["a"]))
    first, second = shared.run_now(job_id), shared.run_now(job_id)
    shared.client.jobs.cancel_run(first)
    cancelled = shared.ended(first)
    assert said(cancelled) == "TERMINATED CANCELED TERMINATED USER_CANCELED CLIENT_ERROR"
    assert cancelled.state.user_cancelled_or_timedout
    skipped = "SKIPPED MAXIMUM_CONCURRENT_RUNS_REACHED TERMINATED MAX_CONCURRENT_RUNS_EXCEEDED CLIENT_ERROR"
    assert said(shared.ended(second)) == skipped
    only = shared.ended(shared.start(shared.task("a"), shared.task("b"), run={"only": ["a"]}))
    assert said(task_of(only, "b")) == "TERMINATED DISABLED TERMINATED DISABLED SUCCESS"


def test_every_result_has_a_code_that_the_sdk_knows() -> None:
    for result in RunResultState:
        outcome = states.Outcome(result.value)
        assert TerminationCodeCode(outcome.termination_code)


def waited_for(workspace: Workspace, *tasks: Any) -> Run:
    """Return what the SDK makes of a run; it has ended before, for the SDK looks once a second only."""
    waiting = workspace.client.jobs.run_now(workspace.job(*tasks))
    workspace.ended(waiting.response.run_id)
    return waiting.result()


def test_waiting_for_a_run_raises_when_a_task_failed_as_on_databricks(shared: Workspace) -> None:
    assert said(waited_for(shared, shared.task("a"))).split()[:2] == ["TERMINATED", "SUCCESS"]
    handled = waited_for(shared, shared.task("a", **BAD), shared.task("b", ["a"], ALWAYS))
    assert said(handled).split()[:2] == ["TERMINATED", "SUCCESS_WITH_FAILURES"]
    message = (
        "got RunLifeCycleState.INTERNAL_ERROR: Task bad failed with message: Workload failed, see run output for"
        " details. This caused all downstream tasks to get skipped."
    )
    with pytest.raises(OperationFailed, match=message):
        waited_for(shared, shared.task("bad", **BAD), shared.task("b", ["bad"]))
    with pytest.raises(OperationFailed, match=r"Task alone failed with message: .* for details\.$"):
        waited_for(shared, shared.task("alone", **BAD))
