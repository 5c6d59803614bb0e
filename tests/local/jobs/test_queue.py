"""max_concurrent_runs and the queue."""

from __future__ import annotations

from itertools import pairwise

from jobs_harness import Workspace, life_cycle, results


def at_work(workspace: Workspace, run_id: int) -> str:
    """Wait until the driver works for a run; return its key there."""
    run = workspace.reaches(run_id, lambda run: str(run.tasks[0].run_id) in workspace.driver.runs)
    return str(run.tasks[0].run_id)


def end(workspace: Workspace, run_id: int) -> None:
    """Let the one notebook of a run succeed, whatever it was to take."""
    workspace.driver.finish(at_work(workspace, run_id), {"state": "SUCCEEDED", "exit_value": None, "output_path": None})
    workspace.ended(run_id)


def test_a_run_over_the_limit_is_skipped(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30))
    first, second = shared.run_now(job_id), shared.run_now(job_id)
    run = shared.ended(second)
    assert (life_cycle(run), run.state.result_state.value) == ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")
    assert (
        run.state.state_message == "Skipping this run because the limit of 1 maximum concurrent runs has been reached."
    )
    assert run.status.termination_details.code.value == "MAX_CONCURRENT_RUNS_EXCEEDED"
    shared.client.jobs.cancel_run(first)


def test_queued_runs_start_in_order(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30), queue={"enabled": True})
    ids = [shared.run_now(job_id) for _ in range(3)]
    for turn, run_id in enumerate(ids):
        end(shared, run_id)
        waiting = [shared.client.jobs.get_run(later) for later in ids[turn + 2 :]]
        assert [life_cycle(run) for run in waiting] == ["QUEUED"] * len(waiting)
        assert {run.status.queue_details.code.value for run in waiting} <= {"MAX_CONCURRENT_RUNS_REACHED"}
    runs = [shared.ended(run_id) for run_id in ids]
    assert {run.state.result_state.value for run in runs} == {"SUCCESS"}
    assert all(before.end_time <= after.start_time for before, after in pairwise(runs))
    assert runs[2].queue_duration >= runs[1].end_time - runs[1].start_time


def test_a_parent_waits_while_its_child_queues_behind_another_run(shared: Workspace) -> None:
    child = shared.job(shared.task("a", sleep=30), queue={"enabled": True})
    first = shared.run_now(child)
    at_work(shared, first)
    parent = shared.run_now(shared.job({"task_key": "child", "run_job_task": {"job_id": child}}))

    def queued() -> list[int]:
        return [run.run_id for run in shared.client.jobs.list_runs(job_id=child) if life_cycle(run) == "QUEUED"]

    assert life_cycle(shared.reaches(parent, lambda _: queued())) == "RUNNING"
    (second,) = queued()
    end(shared, first)
    end(shared, second)
    assert results(shared.ended(parent)) == {"child": "SUCCESS"}


def test_two_at_once_when_two_are_allowed(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30), max_concurrent_runs=2, queue={"enabled": True})
    one, two, three = (shared.run_now(job_id) for _ in range(3))
    at_work(shared, two)
    end(shared, one)
    at_work(shared, three)
    assert [life_cycle(shared.client.jobs.get_run(run_id)) for run_id in (one, two)] == ["TERMINATED", "RUNNING"]
    shared.client.jobs.cancel_all_runs(job_id=job_id)


def test_run_now_may_ask_to_be_queued_and_a_queued_run_be_cancelled(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30))
    first, second = shared.run_now(job_id), shared.run_now(job_id, queue={"enabled": True})
    assert life_cycle(shared.client.jobs.get_run(second)) == "QUEUED"
    shared.client.jobs.cancel_run(second)
    assert results(shared.ended(second)) == {"a": "CANCELED"}
    shared.client.jobs.cancel_run(first)
