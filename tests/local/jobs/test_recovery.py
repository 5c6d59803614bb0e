"""kill -9 of the server: nothing stays running, everything can be repaired, what waited goes on."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import jobs_harness
import pytest
from databricks.sdk import WorkspaceClient
from jobs_harness import FakeDriver, Workspace, life_cycle, results, serving, task_of

from local.engine.client import DriverClient
from local.jobs.attempts import Stop
from local.jobs.driver import follow
from local.jobs.ledger import JobRun, Ledger, Repair, TaskRun
from local.jobs.recovery import interrupt
from local.jobs.states import SUCCESS
from local.store import Store

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def driver() -> FakeDriver:
    return FakeDriver()


def killed_server(root: Path, driver: FakeDriver, work: list[list[str]]) -> list[int]:
    """Start runs in a server of its own process, then kill it; `work` names a job's tasks and their upstream."""
    command = [sys.executable, jobs_harness.__file__, str(root), str(driver.port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env={"PYTHONPATH": "."})
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        client = WorkspaceClient(host=url, token=jobs_harness.TOKEN)
        there = Workspace(root, url, None, driver, None, client, _tree(root))  # type: ignore[arg-type]
        runs = []
        for keys in work:
            tasks = [
                there.task(key, [keys[n - 1]] if n else [], sleep=0 if key == "quick" else 60)
                for n, key in enumerate(keys)
            ]
            child = there.job(*tasks, queue={"enabled": True})
            parent = there.job({"task_key": "child", "run_job_task": {"job_id": child}})
            runs += [there.run_now(parent), there.run_now(child)]
            there.reaches(runs[-2], lambda run: life_cycle(run.tasks[0]) == "RUNNING")
        there.reaches(runs[0], lambda _: any("slow" in entry for entry in driver.log))
        return runs
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _tree(root: Path) -> jobs_harness.Tree:
    return jobs_harness.Tree(jobs_harness.Store(root / "state.db"), root)


@pytest.mark.slow
def test_runs_in_flight_become_internal_errors_and_can_be_repaired(tmp_path: Path, driver: FakeDriver) -> None:
    parent_id, queued_id = killed_server(tmp_path, driver, [["quick", "slow", "last"]])
    tree = _tree(tmp_path)
    for node in tree.children("/Shared"):  # now, for what waited goes on as soon as the server is back
        tree.write(node.path, "NOTEBOOK", "PYTHON", b'{"exit": "again"}', overwrite=True)
    with serving(tmp_path, driver) as workspace:
        parent = workspace.client.jobs.get_run(parent_id)
        assert (life_cycle(parent), parent.state.result_state.value) == ("INTERNAL_ERROR", "FAILED")
        assert parent.status.termination_details.code.value == "INTERNAL_ERROR"
        child_id = workspace.client.jobs.get_run_output(parent.tasks[0].run_id).run_job_output.run_id
        child = workspace.client.jobs.get_run(child_id)
        assert life_cycle(child) == "INTERNAL_ERROR"
        assert results(child) == {"quick": "SUCCESS", "slow": "FAILED", "last": "CANCELED"}
        assert life_cycle(task_of(child, "slow")) == "INTERNAL_ERROR"
        assert "stopped during this run" in task_of(child, "slow").state.state_message

        assert workspace.ended(queued_id).state.result_state.value == "SUCCESS"
        workspace.client.jobs.repair_run(child_id, rerun_all_failed_tasks=True)
        repaired = workspace.ended(child_id)
        assert results(repaired) == {"quick": "SUCCESS", "slow": "SUCCESS", "last": "SUCCESS"}
        assert task_of(repaired, "quick").run_id == task_of(child, "quick").run_id


def test_a_clean_stop_leaves_nothing_running(tmp_path: Path, driver: FakeDriver) -> None:
    with serving(tmp_path, driver) as workspace:
        run_id = workspace.start(workspace.task("a", settings={"max_retries": 5}, sleep=60), workspace.task("b", ["a"]))
        workspace.reaches(run_id, lambda run: life_cycle(run.tasks[0]) == "RUNNING")
    with serving(tmp_path, driver) as workspace:
        run = workspace.client.jobs.get_run(run_id)
        assert life_cycle(run) == "INTERNAL_ERROR"
        assert results(run) == {"a": "FAILED", "b": "CANCELED"}
        assert not list(workspace.client.jobs.list_runs(active_only=True))


def test_iterations_in_flight_end_with_their_loop(tmp_path: Path) -> None:
    ledger = Ledger(Store(tmp_path / "state.db"))
    run = JobRun(1, 7, 1, "me", {"name": "n"}, 0, life_cycle="RUNNING", passes=(Repair(0, 0),))
    loop = TaskRun(2, 1, "loop", 0, 0, 0, {}, life_cycle="RUNNING")
    done = TaskRun(3, 1, "each", 0, 0, 0, {}, life_cycle="TERMINATED", outcome=SUCCESS, iteration_of=2, input=1)
    busy = TaskRun(4, 1, "each", 0, 0, 0, {}, life_cycle="RUNNING", iteration_of=2, input=2)
    ledger.save(run, loop, done, busy)
    assert [item.run_id for item in interrupt(ledger, 99)] == [1]
    assert [item.life_cycle for item in ledger.iterations(2)] == ["TERMINATED", "INTERNAL_ERROR"]
    assert [item.active for item in ledger.task_runs(1)] == [False]
    ledger.delete(run)
    assert ledger.iterations(2) == []


def test_work_goes_to_the_next_driver_when_the_one_that_is_offered_has_just_died(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    asked: list[tuple[str, str]] = []

    class Next:
        def call(self, method: str, path: str, *_: object, **__: object) -> dict[str, str]:
            asked.append((method, path))
            return {"state": "SUCCEEDED"}

    class Supervisor:
        pid = 1
        offered: ClassVar[list[Any]] = [DriverClient(port, "t", tmp_path / "log"), Next()]

        def wait_ready(self, _: float) -> None:
            pass

        def client(self) -> Any:
            return self.offered.pop(0) if len(self.offered) > 1 else self.offered[0]

    supervisor: Any = Supervisor()
    answer = follow(supervisor, "notebook-runs", "7", {}, Stop())
    assert answer == {"state": "SUCCEEDED"}
    assert asked == [("POST", "/notebook-runs"), ("GET", "/notebook-runs/7?wait=20")]
