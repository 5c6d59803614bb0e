"""dbt is told the thresholds it asks for, and no others."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from infra import workspace_files
from infra.dbt_variables import dbt_variables
from infra.workspace_files import WorkspaceFile
from lakehouse import thresholds
from lakehouse.thresholds import ThresholdError

REPOSITORY = Path(__file__).resolve().parents[3]


def asked(path: str, text: str) -> dict[str, int | float]:
    return dbt_variables([WorkspaceFile(PurePosixPath(path), text.encode())], thresholds.load())


def test_only_what_dbt_requires_is_passed() -> None:
    text = """{{ var('stale_hours') + var( "load_grace_hours" ) + var('own', 3) }}"""
    assert asked("dbt/models/a.sql", text) == {"load_grace_hours": 2, "stale_hours": 24}
    assert asked("sql/queries/a.sql", text) == {}


def test_unknown_variable_is_an_error() -> None:
    with pytest.raises(ThresholdError, match="'stale_hour' is not defined"):
        asked("dbt/models/a.sql", "{{ var('stale_hour') }}")


def test_our_project_asks_for_the_limits_of_its_sources() -> None:
    ours = dbt_variables(workspace_files.files(REPOSITORY, "c"), thresholds.load())
    assert {"stale_hours", "very_stale_hours", "load_grace_hours"} <= ours.keys()
