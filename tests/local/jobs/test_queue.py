"""max_concurrent_runs and the queue."""

from __future__ import annotations

from itertools import pairwise

from jobs_harness import Workspace, life_cycle, results


def test_a_run_over_the_limit_is_skipped(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30))
    first, second = shared.run_now(job_id), shared.run_now(job_id)
    run = shared.ended(second, 2)
    assert (life_cycle(run), run.state.result_state.value) == ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")
    assert (
        run.state.state_message == "Skipping this run because the limit of 1 maximum concurrent runs has been reached."
    )
    assert run.status.termination_details.code.value == "MAX_CONCURRENT_RUNS_EXCEEDED"
    shared.client.jobs.cancel_run(first)


def test_queued_runs_start_in_order(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=0.3), queue={"enabled": True})
    ids = [shared.run_now(job_id) for _ in range(3)]
    queued = shared.client.jobs.get_run(ids[2])
    assert life_cycle(queued) == "QUEUED"
    assert queued.status.queue_details.code.value == "MAX_CONCURRENT_RUNS_REACHED"
    runs = [shared.ended(run_id) for run_id in ids]
    assert {run.state.result_state.value for run in runs} == {"SUCCESS"}
    for before, after in pairwise(runs):
        assert 0 <= after.start_time - before.end_time <= 100
    assert runs[2].queue_duration >= 500


def test_two_at_once_when_two_are_allowed(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=0.5), max_concurrent_runs=2, queue={"enabled": True})
    one, two, three = [shared.ended(run_id) for run_id in [shared.run_now(job_id) for _ in range(3)]]
    assert two.start_time < one.end_time <= three.start_time


def test_run_now_may_ask_to_be_queued_and_a_queued_run_be_cancelled(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30))
    first, second = shared.run_now(job_id), shared.run_now(job_id, queue={"enabled": True})
    assert life_cycle(shared.client.jobs.get_run(second)) == "QUEUED"
    shared.client.jobs.cancel_run(second)
    assert results(shared.ended(second, 1)) == {"a": "CANCELED"}
    shared.client.jobs.cancel_run(first)
