"""A run from run-now to its output, through databricks-sdk."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import jobs_harness
import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service.jobs import RunLifeCycleState, RunResultState
from jobs_harness import Workspace, life_cycle, results, task_of


def test_run_now_waits_for_the_result(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", exit="done"), shared.task("b", ["a"]))
    run = shared.client.jobs.run_now(job_id).result(timeout=timedelta(seconds=20))
    assert run.state is not None
    assert run.state.life_cycle_state == RunLifeCycleState.TERMINATED
    assert run.state.result_state == RunResultState.SUCCESS
    assert results(run) == {"a": "SUCCESS", "b": "SUCCESS"}
    output = shared.client.jobs.get_run_output(task_of(run, "a").run_id)
    assert output.notebook_output is not None
    assert output.notebook_output.result == "done"


def test_a_run_shows_times_addresses_and_both_kinds_of_state(shared: Workspace) -> None:
    run = shared.ended(shared.start(shared.task("a", sleep=0.1), run={}))
    task = task_of(run, "a")
    assert run.status is not None
    assert run.status.termination_details is not None
    assert run.status.state is not None
    assert (run.status.state.value, run.status.termination_details.code.value) == ("TERMINATED", "SUCCESS")
    assert run.start_time <= task.start_time <= task.end_time <= run.end_time
    assert task.execution_duration >= 100
    assert run.run_page_url == f"{shared.url}/jobs/{run.job_id}/runs/{run.run_id}"
    assert task.attempt_number == 0
    assert run.trigger.value == "ONE_TIME"


def test_dependants_start_at_once(shared: Workspace) -> None:
    keys = [f"t{number}" for number in range(6)]
    tasks = [shared.task(key, [keys[index - 1]] if index else []) for index, key in enumerate(keys)]
    run = shared.ended(shared.start(*tasks))
    times = {task.task_key: task for task in run.tasks}
    gaps = [times[b].start_time - times[a].end_time for a, b in pairwise(keys)]
    assert median(gaps) < 1000, gaps


def test_independent_tasks_run_side_by_side(shared: Workspace) -> None:
    run_id = shared.start(*(shared.task(f"t{number}", sleep=30) for number in range(5)))
    shared.reaches(run_id, lambda run: {life_cycle(task) for task in run.tasks} == {"RUNNING"})
    shared.client.jobs.cancel_run(run_id)


def test_a_failure_carries_its_error_and_stops_what_depends_on_it(shared: Workspace) -> None:
    bad = shared.task("bad", fail_times=9, error="ValueError: no price")
    run = shared.ended(shared.start(bad, shared.task("after", ["bad"]), shared.task("last", ["after"])))
    assert results(run) == {"bad": "FAILED", "after": "UPSTREAM_FAILED", "last": "UPSTREAM_FAILED"}
    assert run.state.result_state == RunResultState.FAILED
    assert "Task bad failed" in run.state.state_message
    assert run.status.termination_details.code.value == "RUN_EXECUTION_ERROR"
    assert run.status.termination_details.type.value == "CLIENT_ERROR"
    output = shared.client.jobs.get_run_output(task_of(run, "bad").run_id)
    assert output.error == "ValueError: no price"
    assert output.error_trace == "Traceback: boom"
    assert "upstream task failed" in (shared.client.jobs.get_run_output(task_of(run, "last").run_id).error or "")


def test_output_of_a_run_with_several_tasks_is_refused(shared: Workspace) -> None:
    run = shared.ended(shared.start(shared.task("a"), shared.task("b")))
    with pytest.raises(InvalidParameterValue, match="multiple tasks is not supported"):
        shared.client.jobs.get_run_output(run.run_id)


def test_parameters_reach_the_notebook_and_the_jobs_win(shared: Workspace) -> None:
    task = shared.task("a", exit="x")
    task["notebook_task"]["base_parameters"] = {"day": "base", "own": "base", "ref": "{{job.parameters.day}}"}
    job_id = shared.job(task, parameters=[{"name": "day", "default": "monday"}, {"name": "kind", "default": "full"}])
    run_id = shared.run_now(job_id, job_parameters={"day": "friday"}, notebook_params={"own": "now", "day": "never"})
    run = shared.ended(run_id)
    body = next(body for body in shared.driver.bodies if body["context"]["run_id"] == run_id)
    assert body["parameters"] == {"day": "friday", "own": "now", "ref": "friday", "kind": "full"}
    assert body["language"] == "PYTHON"
    assert {item.name: item.value for item in run.job_parameters} == {"day": "friday", "kind": None}
    assert run.overriding_parameters.notebook_params == {"own": "now", "day": "never"}


def test_task_values_travel(shared: Workspace) -> None:
    first = shared.task("first", set={"rows": 3, "names": ["a"]})
    second = shared.task("second", ["first"], get=["first", "rows"])
    second["notebook_task"]["base_parameters"] = {
        "rows": "{{tasks.first.values.rows}}",
        "names": "{{tasks.first.values.names}}",
        "state": "{{tasks.first.result_state}}",
    }
    run = shared.ended(shared.start(first, second))
    body = next(b for b in shared.driver.bodies if b["key"] == str(task_of(run, "second").run_id))
    assert body["parameters"] == {"rows": "3", "names": '["a"]', "state": "success"}
    output = shared.client.jobs.get_run_output(task_of(run, "second").run_id)
    assert json.loads(output.notebook_output.result) == {"value": 3}


def test_an_unknown_reference_fails_the_task_before_it_runs(shared: Workspace) -> None:
    task = shared.task("a")
    task["notebook_task"]["base_parameters"] = {"x": "{{tasks.nobody.values.k}}"}
    run = shared.ended(shared.start(task))
    assert results(run) == {"a": "FAILED"}
    assert task_of(run, "a").status.termination_details.code.value == "INVALID_RUN_CONFIGURATION"
    assert "{{tasks.nobody.values.k}}" in task_of(run, "a").state.state_message


def test_a_missing_notebook_fails_the_task_by_name(shared: Workspace) -> None:
    run = shared.ended(shared.start({"task_key": "a", "notebook_task": {"notebook_path": "/Shared/none"}}))
    assert task_of(run, "a").status.termination_details.code.value == "RESOURCE_NOT_FOUND"
    assert "/Shared/none" in task_of(run, "a").state.state_message


def test_conditions_choose_a_branch(shared: Workspace) -> None:
    condition = {"left": "{{job.parameters.n}}", "op": "GREATER_THAN", "right": "10"}
    yes = shared.task("yes", [{"task_key": "if", "outcome": "true"}])
    no = shared.task("no", [{"task_key": "if", "outcome": "false"}])
    join = shared.task("join", ["yes", "no"], {"run_if": "NONE_FAILED"})
    job_id = shared.job(
        {"task_key": "if", "condition_task": condition}, yes, no, join, parameters=[{"name": "n", "default": "9"}]
    )
    low = shared.ended(shared.run_now(job_id))
    high = shared.ended(shared.run_now(job_id, job_parameters={"n": "11"}))
    assert results(low) == {"if": "SUCCESS", "yes": "EXCLUDED", "no": "SUCCESS", "join": "SUCCESS"}
    assert results(high) == {"if": "SUCCESS", "yes": "SUCCESS", "no": "EXCLUDED", "join": "SUCCESS"}
    assert task_of(high, "if").condition_task.outcome == "true"
    assert task_of(high, "if").condition_task.left == "11"


@pytest.mark.parametrize(
    ("left", "op", "right", "outcome"),
    [
        ("12", "EQUAL_TO", "12", "true"),
        ("12.0", "EQUAL_TO", "12", "false"),  # (in)equality compares text, as documented
        ("a", "NOT_EQUAL", "b", "true"),
        ("12.0", "GREATER_THAN_OR_EQUAL", "12", "true"),
        ("12", "GREATER_THAN", "12", "false"),
        ("9", "LESS_THAN", "10", "true"),
        ("10", "LESS_THAN_OR_EQUAL", "9", "false"),
    ],
)
def test_conditions(shared: Workspace, left: str, op: str, right: str, outcome: str) -> None:
    run = shared.ended(shared.start({"task_key": "if", "condition_task": {"left": left, "op": op, "right": right}}))
    assert task_of(run, "if").condition_task.outcome == outcome


def test_sql_files_run_statement_by_statement_and_rows_can_be_referred_to(shared: Workspace) -> None:
    shared.tree.write("/Shared/count.sql", "FILE", None, b"select 1; select ';' as n;\n", overwrite=True)
    sql = {"task_key": "sql", "sql_task": {"warehouse_id": "w", "file": {"path": "/Workspace/Shared/count.sql"}}}
    after = shared.task("after", ["sql"])
    after["notebook_task"]["base_parameters"] = {"n": "{{tasks.sql.output.first_row.n}}"}
    run = shared.ended(shared.start(sql, after))
    assert results(run) == {"sql": "SUCCESS", "after": "SUCCESS"}
    key = str(task_of(run, "sql").run_id)
    assert [b["sql"] for b in shared.driver.bodies if b.get("id", "").startswith(key)] == [
        "select 1",
        "select ';' as n",
    ]
    body = next(b for b in shared.driver.bodies if b.get("key") == str(task_of(run, "after").run_id))
    assert body["parameters"] == {"n": "7"}
    output = shared.client.jobs.get_run_output(int(key))
    assert "select 1" in output.sql_output.query_output.query_text


def test_a_saved_query_runs_with_its_own_parameters_unless_others_are_given(shared: Workspace) -> None:
    saved = [
        {"name": "since", "date_value": {"date_value": "2024-01-02"}},
        {"name": "least", "numeric_value": {"value": 3}},
        {"name": "channel", "enum_value": {"values": ["web", "shop"]}},
    ]
    text = "select :since, :least, :channel, :extra"
    place = {"catalog": "shop", "schema": "gold"}
    jobs_harness.Store(shared.root / "state.db").put("queries", "q", {"query_text": text, "parameters": saved, **place})
    task = {"warehouse_id": "w", "query": {"query_id": "q"}, "parameters": {"least": "4", "extra": "{{job.id}}"}}
    job_id = shared.job({"task_key": "sql", "sql_task": task})
    run = shared.ended(shared.run_now(job_id, sql_params={"since": "2024-02-29"}))
    assert results(run) == {"sql": "SUCCESS"}
    (body,) = [b for b in shared.driver.bodies if b.get("id", "").startswith(str(task_of(run, "sql").run_id))]
    assert body["parameters"] == [
        {"name": "since", "value": "2024-02-29", "type": "DATE"},
        {"name": "least", "value": "4", "type": "DOUBLE"},
        {"name": "channel", "value": "web", "type": "STRING"},
        {"name": "extra", "value": str(job_id), "type": "STRING"},
    ]
    assert {name: body[name] for name in ("sql", "catalog", "schema")} == {"sql": text, **place}


def test_a_failing_statement_fails_the_task_with_its_message(shared: Workspace) -> None:
    shared.tree.write("/Shared/boom.sql", "FILE", None, b"select * from boom", overwrite=True)
    run = shared.ended(
        shared.start({"task_key": "sql", "sql_task": {"warehouse_id": "w", "file": {"path": "/Shared/boom.sql"}}})
    )
    assert shared.client.jobs.get_run_output(task_of(run, "sql").run_id).error == "no such table boom"


SQL = {"query": {"query_id": "nowhere"}}
PACKAGE = [{"pypi": {"package": "x==1"}}]


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"spark_jar_task": {"main_class_name": "x"}}, "does not run spark_jar_task"),
        ({"pipeline_task": {"pipeline_id": "p"}}, "does not run pipeline_task"),
        (
            {"sql_task": {"warehouse_id": "w", "dashboard": {"dashboard_id": "a"}}},
            "does not run sql_task with dashboard",
        ),
        ({"sql_task": {"warehouse_id": "w", **SQL}}, "Query nowhere does not exist."),
        ({"sql_task": {"warehouse_id": "gone", **SQL}}, "SQL warehouse gone does not exist."),
        ({"notebook_task": {"notebook_path": "/Shared/x"}, "libraries": PACKAGE}, "installs no libraries"),
        ({"notebook_task": {"notebook_path": "/Shared/x"}, "existing_cluster_id": "gone"}, "cluster gone does not"),
    ],
)
def test_what_cannot_run_here_is_refused_by_name(shared: Workspace, task: dict[str, Any], said: str) -> None:
    run = shared.ended(shared.start({"task_key": "x", **task}))
    assert results(run) == {"x": "FAILED"}
    assert said in task_of(run, "x").state.state_message


def test_a_task_runs_on_a_cluster_that_exists(shared: Workspace) -> None:
    run = shared.ended(shared.start({**shared.task("a"), "existing_cluster_id": "shared"}))
    assert results(run) == {"a": "SUCCESS"}


def test_a_token_starts_one_run(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a"))
    first = shared.run_now(job_id, idempotency_token="tuesday")
    assert shared.run_now(job_id, idempotency_token="tuesday") == first
    shared.ended(first)
    assert shared.run_now(job_id, idempotency_token="tuesday") == first
    assert shared.run_now(job_id, idempotency_token="wednesday") != first
    assert shared.run_now(shared.job(shared.task("a")), idempotency_token="tuesday") != first, "tokens are a job's own"
    with pytest.raises(InvalidParameterValue, match="at most 64 characters, not 65"):
        shared.run_now(job_id, idempotency_token="x" * 65)


def test_only_runs_the_tasks_asked_for(shared: Workspace) -> None:
    job_id = shared.job(shared.task("a", fail_times=9), shared.task("b", ["a"]), shared.task("c", ["b"]))
    run = shared.ended(shared.run_now(job_id, only=["b"]))
    assert results(run) == {"a": "DISABLED", "b": "SUCCESS", "c": "DISABLED"}
    assert run.state.result_state == RunResultState.SUCCESS
    with pytest.raises(InvalidParameterValue, match="'d' of only"):
        shared.run_now(job_id, only=["d"])


def test_runs_are_listed_newest_first_in_pages_and_filtered(own: Workspace) -> None:
    job_id, other = own.job(own.task("a"), max_concurrent_runs=9), own.job(own.task("a"))
    ids = [own.run_now(job_id) for _ in range(5)]
    for run_id in [*ids, own.run_now(other)]:
        own.ended(run_id)
    slow = own.start(own.task("slow", sleep=30))
    jobs = own.client.jobs
    assert [run.run_id for run in jobs.list_runs(job_id=job_id, limit=2)] == ids[::-1]
    assert [run.run_id for run in jobs.list_runs(active_only=True)] == [slow]
    assert slow not in [run.run_id for run in jobs.list_runs(completed_only=True)]
    later = jobs.get_run(ids[3]).start_time
    assert [run.run_id for run in jobs.list_runs(job_id=job_id, start_time_from=later)][-1] >= ids[0]
    assert next(iter(jobs.list_runs(job_id=job_id, expand_tasks=True))).tasks[0].task_key == "a"
    jobs.delete_run(ids[0])
    with pytest.raises(NotFound, match=f"Run {ids[0]} does not exist"):
        jobs.get_run(ids[0])


def test_a_notebooks_page_is_exported(shared: Workspace) -> None:
    run = shared.ended(shared.start(shared.task("a")))
    folder = shared.root / "runs" / str(task_of(run, "a").run_id)
    folder.mkdir(parents=True)
    (folder / "output.html").write_text("<p>7</p>")
    exported = shared.client.jobs.export_run(task_of(run, "a").run_id)
    assert exported.views[0].content == "<p>7</p>"


def test_unknown_jobs_and_runs_are_said_to_be_so(shared: Workspace) -> None:
    with pytest.raises(NotFound, match=r"Job 99999 does not exist\."):
        shared.run_now(99999)
    with pytest.raises(NotFound, match=r"Run 99999 does not exist\."):
        shared.client.jobs.cancel_run(99999)
