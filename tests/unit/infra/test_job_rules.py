"""Rules between jobs: each with a violation that must be found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from infra.jobs import discover
from infra.jobs.rules import check
from infra.jobs.spec import JobSpec, NotebookTask, RunJobTask, SpecError
from infra.schedules import Schedule

TODAY = date(2026, 11, 23)


def job(key: str, quartz: str = "0 0 7 * * ?", children: tuple[str, ...] = (), **fields: Any) -> JobSpec:
    tasks: tuple[Any, ...] = tuple(
        RunJobTask(key=child, job=child, timeout_seconds=600, max_retries=0) for child in children
    ) or (NotebookTask(key="a", notebook="x/y", timeout_seconds=300, max_retries=0),)
    defaults = {
        "key": key,
        "description": "x",
        "layer": "x",
        "tasks": tasks,
        "schedule": Schedule(quartz),
        "by_clock": ("master",),
        "timeout_seconds": 600,
        "expected_seconds": 600,
        "writes": (),
    }
    return JobSpec(**{**defaults, **fields})


def faults(*jobs: JobSpec, mode: Any = "master") -> str:
    with pytest.raises(SpecError) as raised:
        check({each.key: each for each in jobs}, mode, TODAY)
    return str(raised.value)


def test_our_jobs_keep_the_rules_in_both_modes() -> None:
    jobs = discover()
    assert len(jobs) >= 4
    check(jobs, "master", TODAY)
    check(jobs, "staggered", TODAY)


def test_child_with_a_clock_of_its_own_is_refused_in_that_mode_only() -> None:
    parent = job("parent", children=("child",))
    assert "child.py: by_clock" in faults(parent, job("child"))
    check({"parent": parent, "child": job("child", by_clock=("staggered",))}, "master", TODAY)


def test_our_children_by_the_clock_beside_master_are_refused() -> None:
    jobs = discover()
    jobs["silver_transformation"] = replace(jobs["silver_transformation"], by_clock=("master", "staggered"))
    with pytest.raises(SpecError, match=r"silver_transformation\.py: by_clock"):
        check(jobs, "master", TODAY)


def test_child_that_may_start_beside_its_clock_is_accepted_and_only_that_one() -> None:
    child = job("child", by_clock=("master", "staggered"), timeout_seconds=300, expected_seconds=300)
    parent = job("parent", children=("child",), writes=())
    assert "child.py: by_clock: in mode 'master'" in faults(parent, child)
    check({"parent": parent, "child": replace(child, beside_clock=True)}, "master", TODAY)
    grandchild = job("grandchild")
    above = job("child", children=("grandchild",), by_clock=("staggered",), beside_clock=True)
    assert "grandchild.py: by_clock" in faults(
        job("parent", children=("child",), timeout_seconds=1200), above, grandchild
    )


def test_our_hourly_job_is_started_by_master_because_it_says_that_it_may_be() -> None:
    jobs = discover()
    assert jobs["master_pipeline"].tasks[-1].depends_on == ("anomaly_detection",)
    jobs["operational_monitoring"] = replace(jobs["operational_monitoring"], beside_clock=False)
    with pytest.raises(SpecError, match=r"operational_monitoring\.py: by_clock: .* again from 'master_pipeline'"):
        check(jobs, "master", TODAY)


def test_unknown_child_is_refused() -> None:
    assert "there is no job 'ghost'" in faults(job("parent", children=("ghost",)))


def test_job_that_runs_itself_is_refused() -> None:
    one, two = job("one", children=("two",)), job("two", children=("one",))
    assert "runs itself" in faults(one, two)


def test_parent_that_is_shorter_than_its_path_is_refused() -> None:
    jobs = discover()
    jobs["master_pipeline"] = replace(jobs["master_pipeline"], timeout_seconds=39719)
    with pytest.raises(SpecError, match=r"timeout_seconds 39719 is shorter than its slowest path, 39720"):
        check(jobs, "master", TODAY)


def test_run_job_task_that_is_shorter_than_the_job_is_refused() -> None:
    child = job("child", timeout_seconds=601, by_clock=("staggered",))
    assert "shorter than the 601" in faults(job("parent", children=("child",)), child)


def test_run_job_task_must_leave_time_for_a_run_of_the_clock_before_its_own() -> None:
    child = job("child", beside_clock=True, timeout_seconds=301, expected_seconds=300)
    assert (
        "timeout_seconds 600 is shorter than the 602 that job 'child' may take with a run of its clock before it"
        in (faults(job("parent", children=("child",)), child))
    )
    fine = replace(child, timeout_seconds=300)
    check({"parent": job("parent", children=("child",)), "child": fine}, "master", TODAY)


def test_hour_that_does_not_exist_is_refused() -> None:
    assert "2027-03-14 02:30 does not exist" in faults(job("a", schedule=Schedule("0 30 2 * * ?", "America/New_York")))


def test_run_that_meets_its_own_next_run_is_refused() -> None:
    hourly = "0 0 * * * ?"
    assert "its own runs overlap" in faults(job("a", hourly, timeout_seconds=3601, expected_seconds=3601))
    check({"a": job("a", hourly, timeout_seconds=3600, expected_seconds=3600)}, "master", TODAY)


def test_jobs_that_write_the_same_table_at_once_are_refused() -> None:
    daily = job("daily", writes=("gold.a", "gold.b"))
    sundays = job("sundays", "0 9 7 ? * SUN", writes=("gold.b",))
    assert "overlaps job 'sundays' at 2026-11-29 07:09 UTC, both write gold.b" in faults(daily, sundays)
    after = replace(sundays, schedule=Schedule("0 10 7 ? * SUN"))
    elsewhere = replace(sundays, writes=("gold.c",))
    for fine in (after, elsewhere):
        check({"daily": daily, "sundays": fine}, "master", TODAY)


def test_tables_of_children_count_as_the_parents() -> None:
    child = job("child", writes=("gold.a",), by_clock=("staggered",))
    assert "both write gold.a" in faults(job("parent", children=("child",)), child, job("other", writes=("gold.a",)))


def test_table_written_through_one_child_that_runs_one_at_a_time_is_no_overlap() -> None:
    """Whoever started it, its runs wait for each other; nothing else makes two writers of one table harmless."""
    parent = job("parent", children=("child",))
    child = job("child", writes=("gold.a",), timeout_seconds=300, expected_seconds=300, beside_clock=True)
    check({"parent": parent, "child": child}, "master", TODAY)
    other = job("other", children=("child",))
    check({"parent": parent, "other": other, "child": replace(child, by_clock=("staggered",))}, "master", TODAY)
    for writer in (replace(parent, writes=("gold.a",)), replace(other, writes=("gold.a",))):
        jobs = {"parent": parent, "other": other, "child": child, writer.key: writer}
        assert "both write gold.a" in faults(*jobs.values())


@pytest.mark.parametrize("fields", [{"queues": False}, {"max_concurrent_runs": 2}])
def test_table_written_through_one_child_that_may_run_twice_at_once_is_refused(fields: dict[str, Any]) -> None:
    child = job("child", writes=("gold.a",), by_clock=("staggered",), **fields)
    parents = (job("parent", children=("child",)), job("other", children=("child",)))
    assert "parent.py: schedule: overlaps job 'other' at" in faults(*parents, child)
    check({each.key: each for each in (*parents, replace(child, queues=True, max_concurrent_runs=1))}, "master", TODAY)
