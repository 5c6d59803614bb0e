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
    ) or (NotebookTask(key="a", notebook="x/y", timeout_seconds=600, max_retries=0),)
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


def test_unknown_child_is_refused() -> None:
    assert "there is no job 'ghost'" in faults(job("parent", children=("ghost",)))


def test_job_that_runs_itself_is_refused() -> None:
    one, two = job("one", children=("two",)), job("two", children=("one",))
    assert "runs itself" in faults(one, two)


def test_parent_that_is_shorter_than_its_path_is_refused() -> None:
    jobs = discover()
    jobs["master_pipeline"] = replace(jobs["master_pipeline"], timeout_seconds=36119)
    with pytest.raises(SpecError, match=r"timeout_seconds 36119 is shorter than its slowest path, 36120"):
        check(jobs, "master", TODAY)


def test_run_job_task_that_is_shorter_than_the_job_is_refused() -> None:
    child = job("child", timeout_seconds=601, by_clock=("staggered",))
    assert "shorter than the 601" in faults(job("parent", children=("child",)), child)


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
