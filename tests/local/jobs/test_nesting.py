"""run_job_task: parents and children."""

from __future__ import annotations

from typing import Any

from jobs_harness import Workspace, life_cycle, results, task_of


def parent_of(child: int, **more: Any) -> dict[str, Any]:
    return {"task_key": "child", "run_job_task": {"job_id": child, **more}}


def test_a_child_runs_with_its_parameters_and_is_linked(shared: Workspace) -> None:
    child = shared.job(shared.task("a"), parameters=[{"name": "day", "default": "0"}])
    parent = shared.job(
        parent_of(child, job_parameters={"day": "{{job.parameters.date}}"}),
        shared.task("after", ["child"]),
        parameters=[{"name": "date", "default": "monday"}],
    )
    run = shared.ended(shared.run_now(parent))
    assert results(run) == {"child": "SUCCESS", "after": "SUCCESS"}
    output = shared.client.jobs.get_run_output(task_of(run, "child").run_id)
    child_run = shared.client.jobs.get_run(output.run_job_output.run_id)
    assert child_run.job_id == child
    assert child_run.trigger.value == "RUN_JOB_TASK"
    assert child_run.trigger_info.run_id == task_of(run, "child").run_id
    assert {item.name: item.value for item in child_run.job_parameters} == {"day": "monday"}


def test_a_failed_child_fails_its_task_and_says_which_run(shared: Workspace) -> None:
    child = shared.job(shared.task("a", fail_times=1))
    run = shared.ended(shared.run_now(shared.job(parent_of(child))))
    assert results(run) == {"child": "FAILED"}
    output = shared.client.jobs.get_run_output(task_of(run, "child").run_id)
    assert (
        f"Run {output.run_job_output.run_id} of job {child} ended with FAILED"
        in task_of(run, "child").state.state_message
    )
    shared.client.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True)
    again = shared.ended(run.run_id)
    # the notebook counts its failures per run: the child is a new run, so it fails anew
    assert results(again) == {"child": "FAILED"}
    other = shared.client.jobs.get_run_output(task_of(again, "child").run_id).run_job_output.run_id
    assert other != output.run_job_output.run_id


def test_children_are_cancelled_with_their_parent(shared: Workspace) -> None:
    grandchild = shared.job(shared.task("a", sleep=30))
    child = shared.job(parent_of(grandchild))
    run_id = shared.run_now(shared.job(parent_of(child)))
    runs = shared.client.jobs.list_runs
    shared.reaches(run_id, lambda _: [r for r in runs(job_id=grandchild) if life_cycle(r) == "RUNNING"])
    shared.client.jobs.cancel_run(run_id)
    assert results(shared.ended(run_id)) == {"child": "CANCELED"}
    ended = [*runs(job_id=grandchild), *runs(job_id=child)]
    assert [run.state.result_state.value for run in ended] == ["CANCELED", "CANCELED"]


def test_a_child_is_cancelled_when_its_task_times_out(shared: Workspace) -> None:
    child = shared.job(shared.task("a", sleep=30))
    run = shared.ended(shared.run_now(shared.job({**parent_of(child), "timeout_seconds": 1})))
    assert results(run) == {"child": "TIMEDOUT"}
    assert next(iter(shared.client.jobs.list_runs(job_id=child))).state.result_state.value == "CANCELED"


def test_a_job_inside_itself_is_refused(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a"))
    body = {"job_id": job_id, "new_settings": {"name": "loop", "tasks": [parent_of(job_id)]}}
    shared.client.api_client.do("POST", "/api/2.2/jobs/reset", body=body)
    run = shared.ended(shared.run_now(job_id))
    assert "would run inside itself" in task_of(run, "child").state.state_message
