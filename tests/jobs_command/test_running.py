"""`ecom jobs run`, `wait`, `logs`, `cancel` against a workspace over HTTP."""

from __future__ import annotations

import json
import re
import signal
import time
from typing import Any

import pytest

from scripts.errors import CommandError
from scripts.jobs import logs, names, running
from tests.jobs_command import pipeline

pytestmark = pytest.mark.slow


def test_a_run_is_followed_into_its_children(desk: Any) -> None:
    pipeline.deploy(desk)
    assert running.run(desk.session(), "master_pipeline", ["from=2026-01-01"], None, wait=True) == 0
    answer = desk.answer
    assert (answer["job"], answer["state"], answer["failures"]) == ("master_pipeline", "SUCCESS", [])
    states = {task["task"]: task["state"] for task in answer["tasks"]}
    assert next(iter(states)) == "bronze"
    assert set(states) == {
        "bronze",
        "bronze/mount",
        "bronze/customers",
        "bronze/orders",
        "bronze/gate",
        "silver",
        "silver/model",
        "checks",
    }
    assert set(states.values()) == {"SUCCESS"}
    told = desk.err.getvalue()
    assert told.index("bronze/gate") < told.index("silver/model") < told.index("checks")
    child = next(body for body in desk.workspace.driver.bodies if body["context"]["task_key"] == "orders")
    assert child["parameters"] == {"from": "2026-01-01"}


def test_in_a_terminal_a_table_lives_with_children_indented(desk: Any) -> None:
    pipeline.deploy(desk)
    session = desk.session(as_json=False, terminal=True)
    assert running.run(session, "master_pipeline", [], None, wait=True) == 0
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", desk.err.getvalue())
    title, *rows = said.rpartition("master_pipeline · ")[2].splitlines()
    assert re.fullmatch(r"run \d+ · SUCCESS *", title)
    assert [row.split("success")[0].rstrip() for row in rows if "success" in row] == [
        "bronze",
        "  mount",
        "  customers",
        "  orders",
        "  gate",
        "silver",
        "  model",
        "checks",
    ]
    assert "SUCCESS" in desk.out.getvalue()


def test_a_failure_names_the_deepest_task_and_its_first_error_line(desk: Any) -> None:
    pipeline.deploy(desk, bronze_fails=1)
    with pytest.raises(CommandError) as failed:
        running.run(desk.session(), "master_pipeline", [], None, wait=True)
    run_id = desk.answer["run_id"]
    assert str(failed.value) == (
        f"master_pipeline run {run_id} ended with FAILED: task bronze/orders FAILED: no such file: orders.csv."
        f" Mend: ecom jobs repair {run_id}"
    )
    assert [(each["path"], each["error"]) for each in desk.answer["failures"]] == [
        ("bronze/orders", "no such file: orders.csv")
    ]
    # the job's name means its last run
    with pytest.raises(CommandError, match=f"run {run_id} ended with FAILED"):
        running.wait(desk.session(), "master_pipeline")


def test_the_same_token_starts_one_run(desk: Any) -> None:
    pipeline.deploy(desk)
    for _ in range(2):
        assert running.run(desk.session(), "silver_transformation", [], "once", wait=True) == 0
    assert desk.started() == ["model"]


def test_names_that_are_not_one_job_are_refused(desk: Any) -> None:
    made = pipeline.deploy(desk)
    with pytest.raises(CommandError, match="it has: bronze_ingestion, master_pipeline, silver_transformation"):
        running.run(desk.session(), "master", [], None, wait=True)
    twin = desk.job("silver_transformation", desk.workspace.task("model"))
    with pytest.raises(CommandError, match=rf"2 jobs are named .* \(ids {twin}, {made.silver}\)"):
        running.run(desk.session(), "silver_transformation", [], None, wait=True)
    found = names.find(desk.workspace.client, desk.session().env, "[local] master_pipeline")
    assert (found.job_id, found.key) == (made.master, "master_pipeline")
    with pytest.raises(CommandError, match=r"has not run yet: ecom jobs run master_pipeline"):
        running.wait(desk.session(), "master_pipeline")
    with pytest.raises(CommandError, match="Run 99 does not exist"):
        running.wait(desk.session(), "99")


@pytest.mark.parametrize(
    ("given", "said"), [("from", "expected name=value"), ("day=1", "'day': job 'master_pipeline' has .*: from")]
)
def test_wrong_parameters_are_refused_before_anything_runs(desk: Any, given: str, said: str) -> None:
    pipeline.deploy(desk)
    with pytest.raises(CommandError, match=said):
        running.run(desk.session(), "master_pipeline", [given], None, wait=True)
    assert desk.started() == []


def test_a_dry_run_starts_nothing(desk: Any) -> None:
    pipeline.deploy(desk)
    assert running.run(desk.session(), "master_pipeline", ["from=1"], None, wait=True, dry_run=True) == 0
    assert desk.answer["parameters"] == {"from": "1"}
    assert not list(desk.workspace.client.jobs.list_runs())


def test_ctrl_c_leaves_the_run_going_and_says_how_to_come_back(desk: Any) -> None:
    job = desk.job("slow", desk.workspace.task("long", sleep=6))
    typed = desk.typed("jobs", "run", "slow")
    assert typed.stderr.readline().startswith("slow run ")
    run_id = next(iter(desk.workspace.client.jobs.list_runs(job_id=job))).run_id
    time.sleep(0.5)  # it follows
    typed.send_signal(signal.SIGINT)
    _, said = typed.communicate(timeout=60)
    assert typed.returncode == 130, said
    assert f"come back: ecom jobs wait {run_id}" in said
    assert desk.workspace.client.jobs.get_run(run_id).state.life_cycle_state.value == "RUNNING"
    back = desk.typed("jobs", "wait", str(run_id), "--json")
    answer, _ = back.communicate(timeout=60)
    assert (back.returncode, json.loads(answer)["state"]) == (0, "SUCCESS")


def test_logs_show_result_error_and_trace_of_tasks_and_children(desk: Any) -> None:
    pipeline.deploy(desk, bronze_fails=1)
    with pytest.raises(CommandError):
        running.run(desk.session(), "master_pipeline", [], None, wait=True)
    assert logs.logs(desk.session(), "master_pipeline", None) == 0
    found = {each["task"]: each for each in desk.answer["tasks"]}
    assert "bronze" not in found  # its child's tasks say more
    assert found["bronze/orders"]["error"].startswith("no such file")
    assert found["bronze/orders"]["error_trace"] == "Traceback: boom"
    assert found["silver"]["state"] == "UPSTREAM_FAILED"
    assert logs.logs(desk.session(as_json=False), "master_pipeline", "orders") == 0
    text = desk.out.getvalue()
    assert "bronze/orders · FAILED" in text
    assert "error:\nno such file: orders.csv\nat line 3\ntrace:\nTraceback: boom" in text
    assert "customers" not in text
    with pytest.raises(CommandError, match=r"--task 'x': run \d+ has: bronze, bronze/mount"):
        logs.logs(desk.session(), "master_pipeline", "x")


def test_cancel_ends_children_and_waits_for_them(desk: Any) -> None:
    child = desk.job("child", desk.workspace.task("long", sleep=30))
    parent = desk.job("parent", {"task_key": "child", "run_job_task": {"job_id": child}})
    client = desk.workspace.client
    run_id = desk.workspace.run_now(parent)
    desk.workspace.reaches(run_id, lambda _: "long" in desk.started())
    assert running.cancel(desk.session(), "parent", dry_run=True) == 0
    assert [run["state"] for run in desk.answer["runs"]] == ["RUNNING", "RUNNING"]
    assert running.cancel(desk.session(), "parent") == 0
    assert {run["job_id"] for run in desk.answer["runs"]} == {parent, child}
    assert {run["state"] for run in desk.answer["runs"]} == {"CANCELED"}
    assert not list(client.jobs.list_runs(active_only=True))
    assert running.cancel(desk.session(), "parent") == 0
    assert desk.answer["runs"] == []
    with pytest.raises(CommandError, match="has ended with CANCELED"):
        running.cancel(desk.session(), str(run_id))
