"""What a repair would do, decided on runs as they could be."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk.service.jobs import Run

from scripts.errors import CommandError
from scripts.jobs import logs, mending
from scripts.jobs.tree import Node
from scripts.runs import latest_attempts


def node(*tasks: dict[str, Any], children: dict[str, Node] | None = None, result: str = "FAILED") -> Node:
    state = {"life_cycle_state": "TERMINATED", "result_state": result}
    run = Run.from_dict({"run_id": 1, "job_id": 2, "state": state, "tasks": list(tasks)})
    return Node(run, latest_attempts(run), children or {})


def task(key: str, result: str, after: str = "", **more: Any) -> dict[str, Any]:
    state = {"life_cycle_state": "TERMINATED", "result_state": result}
    depends_on = [{"task_key": after}] if after else []
    return {"task_key": key, "run_id": hash(key) % 1000, "state": state, "depends_on": depends_on, **more}


def test_values_of_a_task_that_does_not_run_again_are_not_lost_silently() -> None:
    reads = {"notebook_task": {"notebook_path": "/x", "base_parameters": {"n": "{{tasks.child.values.n}}"}}}
    child = node(task("a", "FAILED"))
    top = node(
        task("child", "FAILED", run_job_task={"job_id": 3}),
        task("after", "UPSTREAM_FAILED", "child", **reads),
        children={"child": child},
    )
    with pytest.raises(CommandError, match=r"'after' of run 1 reads values of 'child'.*--whole"):
        mending.plan(top)
    assert [step.how for step in mending.plan(top, whole=True)] == ["repair"]


def test_what_was_excluded_behind_a_failure_runs_again() -> None:
    broken = node(task("a", "FAILED"), task("b", "EXCLUDED", "a"), task("c", "EXCLUDED"), task("d", "SUCCESS"))
    assert mending.plan(broken)[0].tasks == ("a", "b")


def test_a_child_that_was_skipped_is_started_anew_by_its_parent() -> None:
    skipped = Run.from_dict({"run_id": 9, "state": {"life_cycle_state": "SKIPPED"}})
    top = node(task("child", "FAILED", run_job_task={"job_id": 3}), children={"child": Node(skipped, [], {})})
    assert [(step.how, step.tasks) for step in mending.plan(top)] == [("repair", ("child",))]


def test_cut_output_is_said_so() -> None:
    entry = {"task": "a", "run_id": 7, "state": "SUCCESS", "result": "begin…", "result_truncated": True}
    assert list(logs.lines(entry))[-1] == "(result is cut by the workspace: the whole of it is on the page of run 7)"
