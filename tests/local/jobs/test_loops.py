"""for_each_task, and runs and jobs with more parts than one answer holds."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
from databricks.sdk.errors import InvalidParameterValue
from jobs_harness import Workspace, life_cycle, results, task_of


def loop(workspace: Workspace, inputs: str, nested: Any, **more: Any) -> dict[str, Any]:
    return {"task_key": "loop", "for_each_task": {"inputs": inputs, "task": nested, **more}}


def bodies(workspace: Workspace, run_id: int) -> list[dict[str, Any]]:
    """Return what the driver was given, in order, by iterations of a run."""
    asked = [body for body in workspace.driver.bodies if "context" in body and body["context"]["run_id"] == run_id]
    return [body for body in asked if body["context"]["task_key"] == "each"]


def test_a_loop_runs_its_task_for_each_element(shared: Workspace) -> None:
    first = shared.task("first", set={"tables": [{"name": "orders", "keys": ["a", 1]}, {"name": "items", "keys": []}]})
    nested = shared.task("each", exit="done")
    nested["notebook_task"]["base_parameters"] = {
        "all": "{{input}}",
        "table": "{{input.name}}/{{job.parameters.day}}/{{task.name}}",
        "keys": "{{input.keys}}",
    }
    task = loop(shared, "{{tasks.first.values.tables}}", nested) | {"depends_on": [{"task_key": "first"}]}
    after = shared.task("after", ["loop"])
    job_id = shared.job(first, task, after, parameters=[{"name": "day", "default": "monday"}])
    run = shared.ended(shared.run_now(job_id))
    assert results(run) == {"first": "SUCCESS", "loop": "SUCCESS", "after": "SUCCESS"}
    one, two = (body["parameters"] for body in bodies(shared, run.run_id))
    assert json.loads(one["all"]) == {"name": "orders", "keys": ["a", 1]}
    assert (one["table"], one["keys"], two["table"], two["keys"]) == (
        "orders/monday/each",
        '["a", 1]',
        "items/monday/each",
        "[]",
    )
    shown = shared.client.jobs.get_run(task_of(run, "loop").run_id)
    assert [life_cycle(item) for item in shown.iterations] == ["TERMINATED", "TERMINATED"]
    assert [task.task_key for task in shown.tasks] == ["loop"]
    stats = task_of(run, "loop").for_each_task.stats.task_run_stats
    assert (stats.total_iterations, stats.succeeded_iterations, stats.failed_iterations) == (2, 2, 0)
    output = shared.client.jobs.get_run_output(shown.iterations[1].run_id)
    assert output.notebook_output.result == "done"


def test_inputs_come_from_a_job_parameter_and_may_be_nothing(shared: Workspace) -> None:
    job_id = shared.job(
        loop(shared, "{{job.parameters.tables}}", shared.task("each")), parameters=[{"name": "tables", "default": "[]"}]
    )
    nothing = shared.ended(shared.run_now(job_id))
    some = shared.ended(shared.run_now(job_id, job_parameters={"tables": '["a", "b", "c"]'}))
    wrong = shared.ended(shared.run_now(job_id, job_parameters={"tables": '{"a": 1}'}))
    assert [len(bodies(shared, run.run_id)) for run in (nothing, some, wrong)] == [0, 3, 0]
    assert [results(run)["loop"] for run in (nothing, some, wrong)] == ["SUCCESS", "SUCCESS", "FAILED"]
    assert "must be a JSON array" in task_of(wrong, "loop").state.state_message


# The more are to overlap, the longer each takes: the last must have begun before the first ends.
@pytest.mark.parametrize(("concurrency", "most", "sleep"), [(1, 1, 0.2), (2, 2, 0.4), (5, 4, 0.7)])
def test_so_many_iterations_at_once(shared: Workspace, concurrency: int, most: int, sleep: float) -> None:
    key = f"each-{time.time_ns()}"
    began = len(shared.driver.log)
    shared.ended(shared.start(loop(shared, "[1, 2, 3, 4]", shared.task(key, sleep=sleep), concurrency=concurrency)))
    running, highest = 0, 0
    for word, task, _ in shared.driver.log[began:]:
        if task == key:
            running += 1 if word == "start" else -1
            highest = max(highest, running)
    assert highest == most


def test_a_failed_iteration_fails_the_loop_after_all_have_run(shared: Workspace) -> None:
    nested = {"task_key": "each", "condition_task": {"left": "{{input}}", "op": "GREATER_THAN", "right": "1"}}
    run = shared.ended(shared.start(loop(shared, '[1, "x", "y", 2]', nested)))
    task = task_of(run, "loop")
    assert (results(run), life_cycle(run)) == ({"loop": "FAILED"}, "INTERNAL_ERROR")
    assert task.state.state_message.startswith("2 of 4 iterations failed, the first with: Condition 'x' GREATER_THAN")
    stats = task.for_each_task.stats
    assert (stats.task_run_stats.succeeded_iterations, stats.task_run_stats.failed_iterations) == (2, 2)
    assert {item.termination_category for item in stats.error_message_stats} == {"INVALID_RUN_CONFIGURATION"}
    shown = shared.client.jobs.get_run(task.run_id)
    assert [item.state.result_state.value for item in shown.iterations] == ["SUCCESS", "FAILED", "FAILED", "SUCCESS"]


def test_iterations_are_retried_and_time_out_by_themselves(shared: Workspace) -> None:
    flaky = shared.task("each", settings={"max_retries": 1}, fail_times=1)
    run = shared.ended(shared.start(loop(shared, "[1]", flaky)))
    made = shared.client.jobs.get_run(task_of(run, "loop").run_id).iterations
    assert [(item.attempt_number, item.state.result_state.value) for item in made] == [(0, "FAILED"), (1, "SUCCESS")]
    assert results(run) == {"loop": "SUCCESS"}
    late = shared.task("each", settings={"timeout_seconds": 1}, sleep=30)
    run = shared.ended(shared.start(loop(shared, "[1, 2]", late, concurrency=2)))
    made = shared.client.jobs.get_run(task_of(run, "loop").run_id).iterations
    assert [item.state.result_state.value for item in made] == ["TIMEDOUT", "TIMEDOUT"]
    assert results(run) == {"loop": "FAILED"}


def test_a_cancelled_loop_stops_its_iterations_and_starts_no_more(shared: Workspace) -> None:
    child = shared.job(shared.task("slow", sleep=30), max_concurrent_runs=5)
    nested = {"task_key": "each", "run_job_task": {"job_id": child}}
    run_id = shared.start(loop(shared, "[1, 2, 3, 4, 5]", nested, concurrency=2))
    runs = shared.client.jobs.list_runs
    shared.reaches(run_id, lambda _: len([r for r in runs(job_id=child) if life_cycle(r) == "RUNNING"]) == 2)
    running = shared.client.jobs.get_run(run_id)
    assert task_of(running, "loop").for_each_task.stats.task_run_stats.active_iterations == 5
    shared.client.jobs.cancel_run(run_id)
    assert results(shared.ended(run_id)) == {"loop": "CANCELED"}
    assert Counter(run.state.result_state.value for run in runs(job_id=child)) == {"CANCELED": 2}


def test_one_iteration_can_be_cancelled(shared: Workspace) -> None:
    run_id = shared.start(loop(shared, "[1, 2]", shared.task("each", sleep=30), concurrency=2))
    made = shared.reaches(run_id, lambda run: len(bodies(shared, run_id)) == 2)
    cancelled, other = shared.client.jobs.get_run(made.tasks[0].run_id).iterations
    shared.client.jobs.cancel_run(cancelled.run_id)
    shared.reaches(run_id, lambda _: shared.driver.runs[str(cancelled.run_id)]["state"] == "CANCELED")
    shared.driver.finish(str(other.run_id), {"state": "SUCCEEDED", "exit_value": None, "output_path": None})
    run = shared.ended(run_id)
    found = shared.client.jobs.get_run(task_of(run, "loop").run_id).iterations
    assert [item.state.result_state.value for item in found] == ["CANCELED", "SUCCESS"]
    assert results(run) == {"loop": "FAILED"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"concurrency": 0}, "concurrency must be from 1 to 100"),
        ({"concurrency": 101}, "concurrency must be from 1 to 100"),
        ({"inputs": [1]}, "must be a JSON array as text"),
        ({"task": {"task_key": "x", "for_each_task": {}}}, "not be a loop itself"),
        ({"task": {"task_key": "x"}}, "exactly one kind"),
    ],
)
def test_wrong_loops_are_refused(shared: Workspace, more: dict[str, Any], message: str) -> None:
    task = loop(shared, "[1]", shared.task("each"))
    task["for_each_task"] |= more
    with pytest.raises(InvalidParameterValue, match=message):
        shared.job(task)


def test_more_than_a_hundred_tasks_and_iterations_come_in_pages(shared: Workspace) -> None:
    keys = [f"t{number:03}" for number in range(205)]
    quick = {"left": "1", "op": "EQUAL_TO", "right": "1"}
    tasks = [{"task_key": key, "condition_task": quick} for key in keys]
    clusters = [{"job_cluster_key": "c", "new_cluster": {"num_workers": 0, "spark_version": "16"}}]
    parameters = [{"name": "day", "default": "1"}]
    job_id = shared.job(*tasks, job_clusters=clusters, parameters=parameters, name="many")
    do = shared.client.api_client.do
    page = do("GET", "/api/2.2/jobs/get", query={"job_id": job_id})
    assert (len(page["settings"]["tasks"]), page["has_more"]) == (100, True)
    assert len(do("GET", "/api/2.1/jobs/get", query={"job_id": job_id})["settings"]["tasks"]) == 205
    job = shared.client.jobs.get(job_id)
    assert [task.task_key for task in job.settings.tasks] == keys
    assert (len(job.settings.job_clusters), len(job.settings.parameters)) == (1, 1)

    run_id = shared.run_now(job_id)
    shared.reaches(run_id, lambda run: life_cycle(run) == "TERMINATED", 60)
    run = shared.client.jobs.get_run(run_id, include_history=True)
    assert sorted(task.task_key for task in run.tasks) == keys
    assert (len(run.job_clusters), len(run.job_parameters), len(run.repair_history)) == (1, 1, 1)
    assert len(do("GET", "/api/2.2/jobs/runs/get", query={"run_id": run_id})["tasks"]) == 100
    listed = next(iter(shared.client.jobs.list_runs(job_id=job_id, expand_tasks=True)))
    assert len(listed.tasks) == 205

    nested = {"task_key": "each", "condition_task": quick}
    loop_run = shared.ended(shared.start(loop(shared, json.dumps(list(range(120))), nested, concurrency=9)), 60)
    shown = shared.client.jobs.get_run(task_of(loop_run, "loop").run_id)
    assert len({item.run_id for item in shown.iterations}) == 120
