"""The run of a job of every kind of task in a real browser, reached from the home page by clicking, true to the API."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk.service.jobs import Run, RunOutput, RunTask
from selenium.webdriver.common.by import By

from tests.local.pages.kinds import ALL_CHANNELS, CHILD, JOB, OF_CHANNEL
from tests.local.pages.screen import Screen
from tests.local.pages.world import BY_CHANNEL, World, execute

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("calm")]
WORDS = {"SUCCESS": "Succeeded", "EXCLUDED": "Excluded"}


def run_of(deployed: World) -> Run:
    return deployed.client.jobs.get_run(deployed.kinds_run)


def task_of(deployed: World, key: str) -> RunTask:
    return next(task for task in run_of(deployed).tasks or [] if task.task_key == key)


def open_task(deployed: World, chrome: Screen, key: str) -> RunOutput:
    """Click through to a task's page; return what the API says that the task left."""
    chrome.click("Jobs", JOB, str(deployed.kinds_run), key)
    task = task_of(deployed, key)
    assert chrome.path.endswith(f"/runs/{task.run_id}")
    assert chrome.text("h1") == f"{key} Succeeded"
    return deployed.client.jobs.get_run_output(int(task.run_id or 0))


def test_the_run_of_every_kind_page(deployed: World, chrome: Screen) -> None:
    chrome.click(str(deployed.kinds_run))
    run = run_of(deployed)
    assert chrome.text("h1") == f"Run {run.run_id} Succeeded"
    kinds: dict[str, Any] = {"enough": "condition", "each_channel": "loop", "transform": "dbt", "nested": "run job"}
    rows = {row[0]: row for row in chrome.table("Tasks")}
    assert {key: (row[1], row[2]) for key, row in rows.items()} == {
        task.task_key: (WORDS[task.state.result_state.value], kinds.get(task.task_key, "SQL"))
        for task in run.tasks or []
        if task.state and task.state.result_state
    }
    assert rows["too_few"][1] == "Excluded"
    assert len(chrome.driver.find_elements(By.CSS_SELECTOR, ".dag .edge")) == 5
    output = deployed.client.jobs.get_run_output(int(task_of(deployed, "nested").run_id or 0))
    assert output.run_job_output is not None
    assert rows["nested"][6].strip() == f"Run {output.run_job_output.run_id} of {CHILD}"


def test_the_condition_task_page(deployed: World, chrome: Screen) -> None:
    open_task(deployed, chrome, "enough")
    condition = task_of(deployed, "enough").condition_task
    assert condition is not None
    assert condition.outcome == "true"
    assert f"Condition {condition.outcome}" in " ".join(chrome.text(".facts").split())
    assert condition.op.value in str(chrome.driver.page_source)


def test_the_sql_task_page(deployed: World, chrome: Screen) -> None:
    output = open_task(deployed, chrome, "all_channels")
    assert output.sql_output is not None
    assert output.sql_output.query_output is not None
    assert output.sql_output.query_output.query_text == ALL_CHANNELS
    wanted = execute(deployed.client, deployed.warehouse, ALL_CHANNELS)
    assert chrome.table("Rows of the last statement") == wanted
    assert len(wanted) == 2


def test_the_dbt_task_page(deployed: World, chrome: Screen) -> None:
    output = open_task(deployed, chrome, "transform")
    shown = chrome.text("#log ~ pre")
    assert output.logs is not None
    assert "PASS=2" in output.logs
    assert [line.strip() for line in shown.splitlines() if line.strip()] == [
        line.strip() for line in output.logs.splitlines() if line.strip()
    ]
    assert "artifacts (tar.gz)" in chrome.text("#log")


def test_the_loop_task_page(deployed: World, chrome: Screen) -> None:
    open_task(deployed, chrome, "each_channel")
    loop = deployed.client.jobs.get_run(int(task_of(deployed, "each_channel").run_id or 0))
    assert sorted(row[:2] for row in chrome.table("Iterations")) == [['"shop"', "Succeeded"], ['"web"', "Succeeded"]]
    assert len(loop.iterations or []) == 2
    chrome.click('"web"')
    assert chrome.path.rpartition("/")[2] in {str(one.run_id) for one in loop.iterations or []}
    wanted = execute(deployed.client, deployed.warehouse, OF_CHANNEL.replace(":channel", "'web'"))
    assert chrome.table("Rows of the last statement") == wanted
    chrome.click("each_channel")
    assert chrome.path.endswith(f"/runs/{task_of(deployed, 'each_channel').run_id}")


def test_the_run_job_task_page(deployed: World, chrome: Screen) -> None:
    output = open_task(deployed, chrome, "nested")
    assert output.run_job_output is not None
    child = deployed.client.jobs.get_run(int(output.run_job_output.run_id or 0))
    assert f"Run {child.run_id} of {CHILD} Succeeded" in " ".join(chrome.text(".facts").split())
    chrome.click(f"Run {child.run_id} of {CHILD}")
    assert chrome.path.endswith(f"/runs/{child.run_id}")
    assert chrome.text("h1") == f"Run {child.run_id} Succeeded"
    assert f"task nested of {JOB}" in chrome.text(".facts")
    chrome.click("by_channel")
    wanted = BY_CHANNEL.replace(":since", "date'2026-06-02'")
    assert chrome.table("Rows of the last statement") == execute(deployed.client, deployed.warehouse, wanted)
