"""Which declared object is which one of the workspace."""

from __future__ import annotations

import pytest

from scripts.errors import CommandError
from scripts.imports import matching
from scripts.imports.matching import Declared, Match

STACK = {
    "resource": {
        "databricks_job": {"load": {"name": "[dev] load"}, "tell": {"name": "[dev] tell"}},
        "databricks_alert_v2": {"stale": {"display_name": "[dev] Stale tables"}},
        "databricks_notebook": {"load": {"path": "/x"}},
    }
}
LOAD, TELL = Declared("job", "load", "[dev] load"), Declared("job", "tell", "[dev] tell")
STALE = Declared("alert", "stale", "[dev] Stale tables")


def test_jobs_alerts_and_dashboards_of_a_stack_are_read() -> None:
    assert matching.declared(STACK) == [LOAD, TELL, STALE]
    assert matching.declared({}) == []


def test_objects_are_named_by_key_or_by_what_people_see() -> None:
    every = matching.declared(STACK)
    assert matching.chosen(every, []) == every
    assert matching.chosen(every, ["job:load", "alert:[dev] Stale tables", "job:load"]) == [LOAD, STALE]
    with pytest.raises(CommandError, match="'job:x' is not declared; declared are: load, tell"):
        matching.chosen(every, ["job:x"])
    with pytest.raises(CommandError, match="'dashboard:x' is not declared; declared are: none"):
        matching.chosen(every, ["dashboard:x"])
    for wrong in ("load", "notebook:load"):
        with pytest.raises(CommandError, match="expected kind:name with kind job, alert, dashboard"):
            matching.chosen(every, [wrong])


def test_only_what_is_there_once_and_not_in_the_state_is_imported() -> None:
    present = {"job": {"[dev] load": ["7"], "load": ["8"]}, "alert": {"[dev] Stale tables": ["a-1"]}}
    every = matching.declared(STACK)
    found = matching.matches(every, {"databricks_alert_v2.stale"}, present, strict=False)
    assert found == [Match(LOAD, "7")]
    assert matching.blocks(found) == {"import": [{"to": "databricks_job.load", "id": "7"}]}
    with pytest.raises(CommandError, match=r"Not in the workspace: job:tell \('\[dev\] tell'\)"):
        matching.matches([TELL], set(), present, strict=True)


def test_a_name_that_two_have_is_refused_with_their_ids() -> None:
    present = {"job": {"[dev] load": ["7", "9"]}}
    with pytest.raises(CommandError, match=r"have the name of job:load \(ids 7, 9\): rename or delete all but one"):
        matching.matches([LOAD], set(), present, strict=False)
    assert matching.matches([LOAD], {LOAD.address}, present, strict=False) == []
