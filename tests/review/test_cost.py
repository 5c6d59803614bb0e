from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from infra.environments import ENVIRONMENTS
from scripts.review import prices
from scripts.review.cost import WAREHOUSE, Cost, month
from scripts.review.plan import UNKNOWN, read
from scripts.review.prices import Node
from tests.review.made import entry

DAY = date(2026, 11, 23)
KNOWN = replace(
    prices.load(), dbu={"jobs": 0.3, "sql_serverless": 0.7}, nodes={"big": Node(2.0, 0.5), "bare": Node(None, 0.5)}
)


def _job(key: str = "j", **values: Any) -> dict[str, Any]:
    cluster = {"node_type_id": "big", "num_workers": 3}
    job = {
        "id": key,
        "name": key,
        "schedule": [{"quartz_cron_expression": "0 0 7 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"}],
        "health": [{"rules": [{"metric": "RUN_DURATION_SECONDS", "value": 1800}]}],
        "job_cluster": [{"job_cluster_key": "main", "new_cluster": [cluster]}],
        "task": [{"task_key": "a", "job_cluster_key": "main", "max_retries": 2}],
        **values,
    }
    return entry(f"databricks_job.{key}", ["create"], None, job)


def _month(*entries: dict[str, Any]) -> Cost:
    changes = read({"resource_changes": list(entries)})
    return month([(change, change.after) for change in changes], KNOWN, DAY)


def _warehouse(**values: Any) -> dict[str, Any]:
    side = {"cluster_size": "Small", "auto_stop_mins": 10, "enable_serverless_compute": True, **values}
    return entry("databricks_sql_endpoint.w", ["create"], None, side)


def test_job_costs_runs_hours_nodes_and_at_most_every_retry() -> None:
    found = _month(_job())
    # 30 runs, half an hour, 4 nodes, 2 DBU at 0.30 and 0.50 for the machine
    assert found.expected == pytest.approx(30 * 0.5 * 4 * (2 * 0.3 + 0.5))
    assert found.at_most == pytest.approx(3 * found.expected)
    assert found.unknown == ()


def test_paused_job_costs_nothing() -> None:
    block = {"quartz_cron_expression": "0 0 7 * * ?", "pause_status": "PAUSED"}
    assert _month(_job(schedule=[block])).expected == 0


def test_half_of_two_tasks_on_the_cluster_is_half_of_the_time() -> None:
    tasks = [{"task_key": "a", "job_cluster_key": "main"}, {"task_key": "b", "dbt_task": [{"schema": "x"}]}]
    found = _month(_job(task=tasks), _warehouse())
    assert found.parts["j"] == pytest.approx(30 * 0.25 * 4 * 1.1)
    # a quarter of an hour of dbt and ten idle minutes, 12 DBU at 0.70
    assert found.parts["SQL warehouse"] == pytest.approx(30 * (25 / 60) * 12 * 0.7)


def test_a_use_says_how_often_how_long_and_how_many_units() -> None:
    tasks = [{"task_key": "a", "job_cluster_key": "main"}, {"task_key": "b", "dbt_task": [{"schema": "x"}]}]
    found = _month(_job(task=tasks), _warehouse())
    job, warehouse = found.uses["j"], found.uses[WAREHOUSE]
    assert (job.compute, job.runs, job.on_cluster, job.on_warehouse) == ("4 of big", 30, 0.25, 0.25)
    assert job.units == pytest.approx(30 * 0.25 * 4 * 2)
    assert (warehouse.compute, warehouse.runs) == ("Small, serverless", 30)
    assert warehouse.units == pytest.approx(30 * (25 / 60) * 12)
    assert (
        _month(_job(job_cluster=[{"new_cluster": [{"node_type_id": "bare", "num_workers": 0}]}])).uses["j"].units
        is None
    )


def test_a_job_that_is_started_from_two_sides_runs_as_often_as_both_say() -> None:
    tasks = [{"task_key": "c", "run_job_task": [{"job_id": "child"}]}]
    found = _month(_job("parent", task=tasks), _job("child"))
    assert found.uses["child"].runs == 60
    assert found.parts["child"] == pytest.approx(60 * 0.5 * 4 * 1.1)


def test_child_counts_with_its_parent_and_not_twice() -> None:
    block = {"quartz_cron_expression": "0 0 7 * * ?", "pause_status": "PAUSED"}
    child = _job("child", schedule=[block], health=[{"rules": [{"metric": "RUN_DURATION_SECONDS", "value": 1200}]}])
    tasks = [{"task_key": "a", "job_cluster_key": "main"}, {"task_key": "c", "run_job_task": [{"job_id": "child"}]}]
    found = _month(_job("parent", task=tasks), child)
    assert found.parts["child"] == pytest.approx(30 * 1200 / 3600 * 4 * 1.1)
    assert found.parts["parent"] == pytest.approx(30 * 600 / 3600 * 4 * 1.1)


def test_what_is_not_known_is_said_and_not_guessed() -> None:
    cluster = [{"new_cluster": [{"node_type_id": "bare", "num_workers": 0}]}]
    found = _month(_job(job_cluster=cluster))
    assert found.expected == pytest.approx(30 * 0.5 * 0.5)
    assert found.unknown == ("DBU of bare",)
    missing = _month(_job(job_cluster=[{"new_cluster": [{"node_type_id": "huge", "num_workers": 0}]}]))
    assert (missing.expected, missing.unknown) == (0, ("DBU of huge", "machine price of huge"))
    child = _month(_job(task=[{"task_key": "c", "run_job_task": [{"job_id": UNKNOWN}]}]))
    assert child.unknown == ("the job that j runs in task c: known only after apply",)
    assert _month(_job(health=[])).unknown == ("duration of j, taken as 1 h",)


def test_new_jobs_whose_ids_are_unknown_are_not_taken_for_each_other() -> None:
    first, second = (_job(key, id=UNKNOWN) for key in ("a", "b"))
    parent = _job("parent", id=UNKNOWN, task=[{"task_key": "c", "run_job_task": [{"job_id": UNKNOWN}]}])
    found = _month(first, second, parent)
    assert found.parts["a"] == found.parts["b"] == pytest.approx(30 * 0.5 * 4 * 1.1)
    assert found.unknown == ("the job that parent runs in task c: known only after apply",)


def test_alerts_at_the_same_minute_wake_the_warehouse_once() -> None:
    block = {"quartz_cron_schedule": "0 30 * * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"}
    alerts = [entry(f"databricks_alert_v2.a{n}", ["create"], None, {"schedule": [block]}) for n in range(5)]
    assert _month(*alerts, _warehouse()).expected == pytest.approx(720 * (10 / 60) * 12 * 0.7)


def test_every_second_is_scaled_and_a_strange_schedule_said() -> None:
    block = {"quartz_cron_schedule": "* * * * * ?", "pause_status": "UNPAUSED"}
    alert = entry("databricks_alert_v2.a", ["create"], None, {"schedule": [block]})
    assert _month(alert, _warehouse()).expected == pytest.approx(720 * 12 * 0.7, rel=0.01)
    odd = {"quartz_cron_schedule": "0 0 LW * ?", "pause_status": "UNPAUSED"}
    found = _month(entry("databricks_alert_v2.a", ["create"], None, {"schedule": [odd]}))
    assert found.unknown == ("schedule of an alert",)


def test_price_file_knows_what_the_environments_use() -> None:
    found = prices.load()
    for env in ENVIRONMENTS.values():
        assert env.node_type in found.nodes
        assert env.warehouse_size in found.warehouses
