"""`ecom jobs repair` reruns only what failed, wherever it sits."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.errors import CommandError
from scripts.jobs import repair, running
from tests.jobs_command import pipeline
from tests.local.jobs import harness

pytestmark = pytest.mark.slow


def fail(desk: Any, job: str = "master_pipeline", *parameters: str) -> int:
    with pytest.raises(CommandError, match="ended with FAILED"):
        running.run(desk.session(), job, list(parameters), None, wait=True)
    run_id: int = desk.answer["run_id"]
    desk.forget()
    return run_id


def test_a_task_of_a_child_run_is_rerun_there_and_the_parent_goes_on(desk: Any) -> None:
    made = pipeline.deploy(desk, bronze_fails=1)
    run_id = fail(desk, "master_pipeline", "from=2026-01-01")
    assert repair.repair(desk.session(), "master_pipeline", whole=False) == 0
    # mount and customers had succeeded and do not run again; each other task runs once
    assert desk.started() == ["orders", "gate", "model", "checks"]
    answer = desk.answer
    assert [(step["how"], step["job"], step["tasks"]) for step in answer["steps"]] == [
        ("repair", "bronze_ingestion", ["orders", "gate"]),
        ("continue", "master_pipeline", ["silver", "checks"]),
    ]
    client = desk.workspace.client
    assert [run.state.result_state.value for run in client.jobs.list_runs(job_id=made.bronze)] == ["SUCCESS"]
    assert (answer["last"]["job"], answer["last"]["state"]) == ("master_pipeline", "SUCCESS")
    rest = client.jobs.get_run(answer["last"]["run_id"])
    assert rest.run_id != run_id
    assert {each.name: each.value for each in rest.job_parameters} == {"from": "2026-01-01"}
    orders = [b for b in desk.workspace.driver.bodies if b["context"]["task_key"] == "orders"]
    assert [body["parameters"] for body in orders] == [{"from": "2026-01-01"}] * 2
    # nothing is left to mend: asked again for the same run, it finds what it started
    desk.forget()
    assert repair.repair(desk.session(), str(run_id), whole=False) == 0
    assert desk.started() == []
    with pytest.raises(CommandError, match="succeeded: there is nothing to repair"):
        repair.repair(desk.session(), "master_pipeline", whole=False)


def test_repairing_the_child_alone_does_not_let_the_parent_go_on(desk: Any) -> None:
    """Why a repair goes on in a new run: to the parent its task stays failed, and holds up what is behind it."""
    made = pipeline.deploy(desk, bronze_fails=1)
    run_id = fail(desk)
    jobs = desk.workspace.client.jobs
    child = next(iter(jobs.list_runs(job_id=made.bronze))).run_id
    jobs.repair_run(child, rerun_all_failed_tasks=True)
    assert desk.workspace.ended(child).state.result_state.value == "SUCCESS"
    jobs.repair_run(run_id, rerun_tasks=["silver", "checks"])
    assert harness.results(desk.workspace.ended(run_id)) == {
        "bronze": "FAILED",
        "silver": "UPSTREAM_FAILED",
        "checks": "UPSTREAM_FAILED",
    }
    desk.forget()
    assert repair.repair(desk.session(), str(run_id), whole=False) == 0  # somebody mended the child: the rest remains
    assert desk.started() == ["model", "checks"]


def test_a_dry_run_says_the_steps_and_takes_none(desk: Any) -> None:
    pipeline.deploy(desk, bronze_fails=1)
    run_id = fail(desk)
    assert repair.repair(desk.session(), str(run_id), whole=False, dry_run=True) == 0
    assert desk.started() == []
    said = desk.err.getvalue()
    assert "would repair run" in said
    assert f"would go on from run {run_id} of master_pipeline in a new run with only: silver, checks" in said


def test_a_task_of_the_run_itself_is_repaired_in_place_again_and_again(desk: Any) -> None:
    pipeline.deploy(desk, checks_fail=2)
    run_id = fail(desk)
    with pytest.raises(CommandError, match=f"run {run_id} ended with FAILED: task checks"):
        repair.repair(desk.session(), "master_pipeline", whole=False)
    assert repair.repair(desk.session(), "master_pipeline", whole=False) == 0  # names the latest repair
    assert desk.started() == ["checks", "checks"]
    assert desk.answer["last"]["run_id"] == run_id


def test_a_failure_further_on_is_mended_in_the_run_that_went_on(desk: Any) -> None:
    pipeline.deploy(desk, bronze_fails=1, silver_fails=1)
    run_id = fail(desk)
    with pytest.raises(CommandError, match="task silver/model FAILED"):
        repair.repair(desk.session(), str(run_id), whole=False)
    assert desk.started() == ["orders", "gate", "model"]
    desk.forget()
    assert repair.repair(desk.session(), str(run_id), whole=False) == 0  # the operator names the first run again
    assert desk.started() == ["model", "checks"]
    assert "went on from run" in desk.err.getvalue()


def test_the_child_that_fails_again_stops_the_repair(desk: Any) -> None:
    pipeline.deploy(desk, bronze_fails=2)
    run_id = fail(desk)
    said = rf"bronze_ingestion run .* task orders FAILED: no such file.* Mend: ecom jobs repair {run_id}$"
    with pytest.raises(CommandError, match=said):
        repair.repair(desk.session(), "master_pipeline", whole=False)
    assert desk.started() == ["orders"]
    assert repair.repair(desk.session(), "master_pipeline", whole=False) == 0
    assert desk.started() == ["orders", "orders", "gate", "model", "checks"]


def test_whole_is_the_apis_own_repair_with_a_new_child_run(desk: Any) -> None:
    made = pipeline.deploy(desk, checks_fail=0, bronze_fails=1)
    run_id = fail(desk)
    with pytest.raises(CommandError, match="task bronze/orders"):  # the new child run counts its failures anew
        repair.repair(desk.session(), str(run_id), whole=True)
    assert sorted(desk.started()) == ["customers", "mount", "orders"]
    assert len(list(desk.workspace.client.jobs.list_runs(job_id=made.bronze))) == 2


def test_three_levels_are_mended_from_the_deepest(desk: Any) -> None:
    pipeline.deploy(desk, bronze_fails=1)
    master = next(iter(desk.workspace.client.jobs.list(name="[local] master_pipeline"))).job_id
    desk.job("top", {"task_key": "all", "run_job_task": {"job_id": master}}, desk.workspace.task("tell", ["all"]))
    fail(desk, "top")
    assert repair.repair(desk.session(), "top", whole=False) == 0
    assert desk.started() == ["orders", "gate", "model", "checks", "tell"]


def test_what_cannot_be_repaired_is_refused(desk: Any) -> None:
    task = desk.workspace.task
    pipeline.deploy(desk)
    assert running.run(desk.session(), "silver_transformation", [], None, wait=True) == 0
    with pytest.raises(CommandError, match=r"Run \d+ succeeded: there is nothing to repair"):
        repair.repair(desk.session(), "silver_transformation", whole=False)
    desk.job("slow", task("long", sleep=30))
    assert running.run(desk.session(), "slow", [], None, wait=False) == 0
    run_id = desk.answer["run_id"]
    with pytest.raises(CommandError, match=f"Run {run_id} is still going: ecom jobs wait {run_id}"):
        repair.repair(desk.session(), "slow", whole=False)
    running.cancel(desk.session(), "slow")
