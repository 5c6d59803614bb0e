"""Retries, timeouts, cancelling, a driver that dies."""

from __future__ import annotations

from jobs_harness import Workspace, life_cycle, results, task_of


def attempts(workspace: Workspace, run_id: int) -> list[tuple[int, str, str]]:
    run = workspace.client.jobs.get_run(run_id, include_history=True)
    return [(task.attempt_number, life_cycle(task), task.state.result_state.value) for task in run.tasks]


def test_a_task_is_retried_until_it_succeeds(shared: Workspace) -> None:
    run = shared.ended(
        shared.start(shared.task("a", settings={"max_retries": 2}, fail_times=2), shared.task("b", ["a"]))
    )
    assert results(run) == {"a": "SUCCESS", "b": "SUCCESS"}
    assert run.state.result_state.value == "SUCCESS"
    assert task_of(run, "a").attempt_number == 2
    shown = shared.client.jobs.get_run(run.run_id, include_history=True)
    tries = [(task.attempt_number, task.state.result_state.value) for task in shown.tasks if task.task_key == "a"]
    assert tries == [(0, "FAILED"), (1, "FAILED"), (2, "SUCCESS")]
    assert len({task.run_id for task in shown.tasks}) == 4


def test_retries_are_limited_and_wait(shared: Workspace) -> None:
    settings = {"max_retries": 1, "min_retry_interval_millis": 1000}
    run_id = shared.start(shared.task("a", settings=settings, fail_times=9))
    waiting = shared.reaches(run_id, lambda run: life_cycle(run.tasks[0]) == "WAITING_FOR_RETRY")
    assert waiting.tasks[0].status.state.value == "WAITING"
    run = shared.ended(run_id)
    assert attempts(shared, run_id) == [(0, "TERMINATED", "FAILED"), (1, "TERMINATED", "FAILED")]
    first, second = shared.client.jobs.get_run(run.run_id, include_history=True).tasks
    assert second.start_time - first.end_time >= 1000


def test_a_task_that_takes_too_long_times_out_and_is_not_retried(shared: Workspace) -> None:
    run = shared.ended(shared.start(shared.task("a", settings={"timeout_seconds": 1, "max_retries": 3}, sleep=30)))
    assert results(run) == {"a": "TIMEDOUT"}
    assert (run.state.result_state.value, task_of(run, "a").attempt_number) == ("FAILED", 0)
    assert task_of(run, "a").status.termination_details.code.value == "CANCELED"
    assert "timed out after 1 seconds" in task_of(run, "a").state.state_message


def test_retry_on_timeout(shared: Workspace) -> None:
    settings = {"timeout_seconds": 1, "max_retries": 1, "retry_on_timeout": True}
    run_id = shared.start(shared.task("a", settings=settings, sleep=30))
    shared.ended(run_id)
    assert attempts(shared, run_id) == [(0, "TERMINATED", "TIMEDOUT"), (1, "TERMINATED", "TIMEDOUT")]


def test_a_run_that_takes_too_long_times_out(shared: Workspace) -> None:
    tasks = [shared.task("a", settings={"max_retries": 5}, sleep=30), shared.task("b", ["a"])]
    run = shared.ended(shared.start(*tasks, timeout_seconds=1))
    assert run.state.result_state.value == "TIMEDOUT"
    assert results(run) == {"a": "CANCELED", "b": "CANCELED"}
    assert run.status.termination_details.code.value == "CANCELED"
    assert run.state.user_cancelled_or_timedout


def test_a_cancelled_run_stops_its_work(shared: Workspace) -> None:
    run_id = shared.start(shared.task("a", sleep=30), shared.task("b", ["a"]), shared.task("c", sleep=0))
    shared.reaches(run_id, lambda run: life_cycle(task_of(run, "a")) == "RUNNING" and results(run)["c"])
    shared.client.jobs.cancel_run(run_id)
    run = shared.ended(run_id)
    assert results(run) == {"a": "CANCELED", "b": "CANCELED", "c": "SUCCESS"}
    assert (life_cycle(run), run.state.result_state.value) == ("TERMINATED", "CANCELED")
    assert run.status.termination_details.code.value == "USER_CANCELED"
    assert shared.driver.runs[str(task_of(run, "a").run_id)]["state"] == "CANCELED"
    shared.client.jobs.cancel_run(run_id)
    assert shared.client.jobs.get_run(run_id).end_time == run.end_time


def test_a_retry_that_waits_is_cancelled(shared: Workspace) -> None:
    settings = {"max_retries": -1, "min_retry_interval_millis": 60_000}
    run_id = shared.start(shared.task("a", settings=settings, fail_times=9))
    shared.reaches(run_id, lambda run: life_cycle(run.tasks[0]) == "WAITING_FOR_RETRY")
    shared.client.jobs.cancel_run(run_id)
    assert results(shared.ended(run_id)) == {"a": "CANCELED"}


def test_one_task_can_be_cancelled(shared: Workspace) -> None:
    run_id = shared.start(shared.task("a", sleep=30), shared.task("b", ["a"], {"run_if": "ALL_DONE"}))
    run = shared.reaches(run_id, lambda run: life_cycle(task_of(run, "a")) == "RUNNING")
    shared.client.jobs.cancel_run(task_of(run, "a").run_id)
    assert results(shared.ended(run_id)) == {"a": "CANCELED", "b": "SUCCESS"}


def test_all_runs_of_a_job_are_cancelled(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", sleep=30), max_concurrent_runs=2, queue={"enabled": True})
    ids = [shared.run_now(job_id) for _ in range(3)]
    shared.client.jobs.cancel_all_runs(job_id=job_id)
    assert {shared.ended(run_id).state.result_state.value for run_id in ids} == {"CANCELED"}


def test_a_driver_that_dies_fails_the_attempt_and_the_retry_waits_for_the_next_one(own: Workspace) -> None:
    run_id = own.start(own.task("a", settings={"max_retries": 1}, sleep=30))
    own.reaches(run_id, lambda run: life_cycle(run.tasks[0]) == "RUNNING" and own.driver.runs)
    own.process.ready.clear()
    own.driver.kill()
    own.reaches(run_id, lambda run: run.tasks[0].attempt_number == 1 and life_cycle(run.tasks[0]) == "RUNNING")
    own.driver.revive()
    own.process.ready.set()
    retried = own.reaches(run_id, lambda run: str(run.tasks[0].run_id) in own.driver.runs).tasks[0].run_id
    own.driver.finish(str(retried), {"state": "SUCCEEDED", "exit_value": None, "output_path": None})
    run = own.ended(run_id)
    assert run.state.result_state.value == "SUCCESS"
    first, second = own.client.jobs.get_run(run_id, include_history=True).tasks
    assert (life_cycle(first), first.state.result_state.value) == ("INTERNAL_ERROR", "FAILED")
    assert first.status.termination_details.code.value == "DRIVER_ERROR"
    assert first.status.termination_details.type.value == "INTERNAL_ERROR"
    assert second.state.result_state.value == "SUCCESS"


def test_a_driver_that_was_never_started_fails_the_run_at_once(own: Workspace) -> None:
    own.process.ready.clear()
    own.process.pid = None
    run = own.ended(own.start(own.task("a")))
    assert task_of(run, "a").status.termination_details.code.value == "DRIVER_ERROR"


def test_work_that_waits_for_spark_is_cancelled_and_never_reaches_it(own: Workspace) -> None:
    own.process.ready.clear()
    own.tree.write("/Shared/one.sql", "FILE", None, b"select 1", overwrite=True)
    sql = {"task_key": "sql", "sql_task": {"warehouse_id": "w", "file": {"path": "/Shared/one.sql"}}}
    run_id = own.start(sql, own.task("notebook"))
    own.reaches(run_id, lambda run: {life_cycle(task) for task in run.tasks} == {"RUNNING"})
    own.client.jobs.cancel_run(run_id)
    own.process.ready.set()
    assert results(own.ended(run_id)) == {"sql": "CANCELED", "notebook": "CANCELED"}
    assert own.driver.bodies == []
