"""Repairs: what runs again, with which settings, and what history says."""

from __future__ import annotations

import pytest
from databricks.sdk.errors import DatabricksError, InvalidParameterValue
from jobs_harness import Workspace, results, task_of


def test_failed_tasks_and_what_they_held_up_run_again(shared: Workspace) -> None:
    job_id = shared.job(shared.task("ok"), shared.task("bad", ["ok"], fail_times=1), shared.task("after", ["bad"]))
    first = shared.ended(shared.run_now(job_id))
    assert results(first) == {"ok": "SUCCESS", "bad": "FAILED", "after": "UPSTREAM_FAILED"}
    repair_id = shared.client.jobs.repair_run(first.run_id, rerun_all_failed_tasks=True).response.repair_id
    run = shared.ended(first.run_id)
    assert results(run) == {"ok": "SUCCESS", "bad": "SUCCESS", "after": "SUCCESS"}
    assert run.state.result_state.value == "SUCCESS"
    assert task_of(run, "ok").run_id == task_of(first, "ok").run_id
    assert (task_of(run, "bad").attempt_number, run.start_time) == (1, first.start_time)
    history = shared.client.jobs.get_run(run.run_id, include_history=True)
    assert [(item.type.value, item.state.result_state.value) for item in history.repair_history] == [
        ("ORIGINAL", "FAILED"),
        ("REPAIR", "SUCCESS"),
    ]
    assert history.repair_history[1].id == repair_id
    assert history.repair_history[1].task_run_ids == [task_of(run, "bad").run_id, task_of(run, "after").run_id]
    assert len(history.tasks) == 5


def test_chosen_tasks_run_again_with_their_dependants_and_new_parameters(shared: Workspace) -> None:
    a, b, c = shared.task("a"), shared.task("b", ["a"]), shared.task("c")
    job_id = shared.job(a, b, c, parameters=[{"name": "day", "default": "1"}])
    first = shared.ended(shared.run_now(job_id, job_parameters={"day": "2"}))
    repair = shared.client.jobs.repair_run(
        first.run_id, rerun_tasks=["a"], rerun_dependent_tasks=True, job_parameters={"day": "3"}
    )
    run = repair.result()
    assert task_of(run, "c").run_id == task_of(first, "c").run_id
    assert task_of(run, "b").run_id != task_of(first, "b").run_id
    body = next(body for body in shared.driver.bodies if body.get("key") == str(task_of(run, "b").run_id))
    assert body["parameters"] == {"day": "3"}


def test_a_repair_uses_the_jobs_current_settings_and_a_fresh_retry_budget(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", settings={"max_retries": 1}, fail_times=3))
    first = shared.ended(shared.run_now(job_id))
    assert task_of(first, "a").attempt_number == 1
    shared.client.jobs.repair_run(first.run_id, rerun_tasks=["a"])
    run = shared.ended(first.run_id)
    assert (results(run), task_of(run, "a").attempt_number) == ({"a": "SUCCESS"}, 3)
    fixed = {"job_id": job_id, "new_settings": {"name": "fixed", "tasks": [shared.task("a", exit="fixed")]}}
    shared.client.api_client.do("POST", "/api/2.2/jobs/reset", body=fixed)
    latest = shared.client.jobs.get_run(first.run_id, include_history=True).repair_history[-1].id
    shared.client.jobs.repair_run(first.run_id, rerun_tasks=["a"], latest_repair_id=latest)
    run = shared.ended(first.run_id)
    output = shared.client.jobs.get_run_output(task_of(run, "a").run_id)
    assert output.notebook_output.result == "fixed"


def test_wrong_repairs_are_refused(shared: Workspace) -> None:
    repair = shared.client.jobs.repair_run
    run = shared.ended(shared.start(shared.task("a", fail_times=9)))
    with pytest.raises(InvalidParameterValue, match="Exactly one of rerun_tasks"):
        repair(run.run_id)
    with pytest.raises(InvalidParameterValue, match="'z' of rerun_tasks"):
        repair(run.run_id, rerun_tasks=["z"])
    repair(run.run_id, rerun_tasks=["a"])
    shared.ended(run.run_id)
    with pytest.raises(InvalidParameterValue, match="latest_repair_id must be"):
        repair(run.run_id, rerun_tasks=["a"])
    active = shared.start(shared.task("a", sleep=30))
    with pytest.raises(DatabricksError, match="in progress"):
        repair(active, rerun_tasks=["a"])
    shared.client.jobs.cancel_run(active)
