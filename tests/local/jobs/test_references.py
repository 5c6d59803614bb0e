"""Dynamic value references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.jobs.references import Scope, UnknownReferenceError, resolve


def tasks(key: str, path: list[str]) -> Any:
    return {("a", "values", "n"): 3, ("a", "result_state"): "failed", ("a", "values", "d"): {"x": [1]}}[(key, *path)]


SCOPE = Scope(
    job={"id": "7", "name": "daily", "run_id": "9", "repair_count": "0"},
    job_parameters={"day": "2024-01-02"},
    trigger_type="periodic",
    started=datetime(2024, 2, 3, 4, 5, 6, 789000, tzinfo=UTC),
    triggered=datetime(2024, 2, 4, tzinfo=UTC),
    task={"name": "t", "run_id": "10", "execution_count": "2", "notebook_path": "/Shared/t"},
    tasks=tasks,
    workspace={"id": "1", "url": "http://x"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{job.id}}/{{ job.run_id }}", "7/9"),
        ("{{job.name}} {{job.repair_count}} {{job.trigger.type}}", "daily 0 periodic"),
        ("{{job.parameters.day}}", "2024-01-02"),
        ("{{job.start_time.iso_date}}T{{job.start_time.hour}}", "2024-02-03T04"),
        ("{{job.start_time.iso_datetime}}", "2024-02-03T04:05:06"),
        ("{{job.start_time.timestamp_ms}}", "1706933106789"),
        ("{{job.start_time.iso_weekday}} {{job.start_time.is_weekday}}", "6 false"),
        ("{{job.trigger.time.iso_date}}", "2024-02-04"),
        ("{{task.name}} {{task.run_id}} {{task.execution_count}} {{task.notebook_path}}", "t 10 2 /Shared/t"),
        ("{{tasks.a.values.n}} {{tasks.a.result_state}} {{tasks.a.values.d}}", '3 failed {"x": [1]}'),
        ("{{workspace.id}} {{workspace.url}}", "1 http://x"),
        ("{{ var('x') }} {{input}} {{backfill.iso_date}} {job.id} {{job.id + 1}}",) * 2,
    ],
)
def test_resolved(text: str, expected: str) -> None:
    assert resolve(text, SCOPE) == expected


@pytest.mark.parametrize("text", ["{{job.nope}}", "{{job.parameters.x}}", "{{tasks.b.values.n}}", "{{task.x}}"])
def test_unknown_names_in_known_namespaces_are_errors(text: str) -> None:
    with pytest.raises(UnknownReferenceError, match="names nothing"):
        resolve(text, SCOPE)


def test_every_string_of_a_value_is_resolved() -> None:
    assert resolve({"a": ["{{job.id}}", 1, None], "b": {"c": "{{job.id}}"}}, SCOPE) == {
        "a": ["7", 1, None],
        "b": {"c": "7"},
    }
