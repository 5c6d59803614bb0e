"""Job specs that cannot be constructed wrong; each error names the field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.jobs import discover
from infra.jobs.spec import DbtTask, JobSpec, NotebookTask, RunJobTask, SpecError
from infra.schedules import Schedule

LIMITS: dict[str, Any] = {"timeout_seconds": 600, "max_retries": 1}


def notebook(key: str, *depends_on: str, **fields: Any) -> NotebookTask:
    return NotebookTask(**{"key": key, "notebook": "quality/gate", "depends_on": depends_on, **LIMITS, **fields})


def job(*tasks: Any, **fields: Any) -> JobSpec:
    defaults = {
        "key": "example",
        "description": "An example.",
        "layer": "bronze",
        "tasks": tasks,
        "schedule": Schedule("0 0 7 * * ?"),
        "by_clock": ("master",),
        "timeout_seconds": 3600,
        "expected_seconds": 60,
        "writes": (),
    }
    return JobSpec(**{**defaults, **fields})


def test_unknown_upstream_is_rejected() -> None:
    with pytest.raises(SpecError, match=r"task 'b': depends_on: there is no task 'c'"):
        job(notebook("a"), notebook("b", "c"))


def test_cycle_is_rejected_and_shown() -> None:
    with pytest.raises(SpecError, match=r"depends_on: cycle .*a.*b.*"):
        job(notebook("a", "b"), notebook("b", "a"))


def test_duplicate_key_is_rejected() -> None:
    with pytest.raises(SpecError, match="key 'a' is used twice"):
        job(notebook("a"), notebook("a"))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"max_retries": -1}, "max_retries"),
        ({"depends_on": ("a",)}, "depends_on"),
        ({"depends_on": ("b", "b")}, "depends_on"),
        ({"key": "Not A Key"}, "key"),
        ({"notebook": "gate"}, "notebook"),
        ({"notebook": "/Shared/quality/gate"}, "notebook"),
        ({"parameters": {"catalog": "mine"}}, "catalog"),
    ],
)
def test_bad_task_field_is_rejected(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(SpecError, match=named):
        notebook(**{"key": "a", **fields})


@pytest.mark.parametrize("commands", [(), ("run --select gold",), ("dbt run",) * 11])
def test_dbt_commands_the_api_refuses_are_rejected(commands: tuple[str, ...]) -> None:
    with pytest.raises(SpecError, match="commands"):
        DbtTask(key="a", commands=commands, **LIMITS)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tasks": ()}, "tasks"),
        ({"by_clock": ()}, "by_clock"),
        ({"timeout_seconds": 599}, "timeout_seconds"),
        ({"expected_seconds": 3601}, "expected_seconds"),
        ({"expected_seconds": 0}, "expected_seconds"),
        ({"key": "Example"}, "key"),
        ({"max_concurrent_runs": 0}, "max_concurrent_runs is 0; every start would be skipped"),
    ],
)
def test_bad_job_field_is_rejected(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(SpecError, match=named):
        job(notebook("a"), **fields)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"queues": False}, "job 'example': queues is False, and beside_clock lets two starts meet: set it to True"),
        (
            {"max_concurrent_runs": 2},
            "job 'example': max_concurrent_runs is 2, and beside_clock lets two starts meet: set it to 1",
        ),
    ],
)
def test_job_beside_its_clock_must_run_one_at_a_time(fields: dict[str, Any], complaint: str) -> None:
    assert not job(notebook("a"), **fields).one_at_a_time
    assert job(notebook("a"), beside_clock=True).one_at_a_time
    with pytest.raises(SpecError) as raised:
        job(notebook("a"), beside_clock=True, **fields)
    assert str(raised.value) == complaint


def test_longest_path_counts_retries_and_takes_the_slower_branch() -> None:
    spec = job(
        notebook("a", timeout_seconds=100, max_retries=0),
        notebook("b", "a", timeout_seconds=10, max_retries=0),
        notebook("c", "a", timeout_seconds=100, max_retries=1),
        RunJobTask(key="d", job="other", depends_on=("b", "c"), timeout_seconds=1000, max_retries=0),
    )
    assert spec.longest_path_seconds() == 100 + (100 + 60 + 100) + 1000
    assert spec.children == ("other",)


JOB_FILE = """
from infra.jobs.spec import JobSpec, NotebookTask
from infra.schedules import Schedule
JOB = JobSpec(
    key={key!r}, description="x", layer="x", schedule=Schedule({quartz!r}), by_clock=("master",), {limits}
    expected_seconds=1, writes=(),
    tasks=(NotebookTask(key="a", notebook="x/y", timeout_seconds=1, max_retries=0),),
)
"""


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"quartz": "0 7 * * ?"}, r"one\.py: quartz: '0 7 \* \* \?' has 5 fields"),
        ({"limits": ""}, r"one\.py: .*timeout_seconds"),
        ({"key": "two"}, r"one\.py: key: 'two' must be the file's name, 'one'"),
        ({"limits": "timeout_seconds=1, beside_clock=True, queues=False,"}, r"one\.py: .*queues is False.*to True"),
    ],
)
def test_discovery_names_the_file_and_the_field(tmp_path: Path, values: dict[str, str], complaint: str) -> None:
    good = {"key": "one", "quartz": "0 0 7 * * ?", "limits": "timeout_seconds=1,"}
    for folder, content in (("good", good), ("bad", {**good, **values})):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.py").write_text(JOB_FILE.format(**content))
    assert list(discover(tmp_path / "good")) == ["one"]
    with pytest.raises(SpecError, match=complaint):
        discover(tmp_path / "bad")


def test_folder_without_jobs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no job found"):
        discover(tmp_path)


def test_file_without_job_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("JOB = 'nightly'\n")
    with pytest.raises(SpecError, match=r"one\.py: JOB: must be a JobSpec, found str"):
        discover(tmp_path)


def test_spec_is_frozen() -> None:
    with pytest.raises(AttributeError):
        job(notebook("a")).timeout_seconds = 1  # type: ignore[misc]
    assert replace(job(notebook("a")), timeout_seconds=700).timeout_seconds == 700
