"""The access table: levels exist, and nobody may change by hand what is deployed."""

from __future__ import annotations

import pytest

from infra.access import ACCESS, LEVELS, Access, AccessError, granted


@pytest.mark.parametrize(("kind", "level"), [("jobs", "CAN_VIEW"), ("job", "CAN_READ"), ("secret_scope", "CAN_READ")])
def test_entry_that_no_workspace_accepts_is_rejected(kind: str, level: str) -> None:
    with pytest.raises(AccessError):
        Access(kind, "data-engineers", level)


def test_every_kind_is_in_the_table_and_no_entry_twice() -> None:
    assert {entry.kind for entry in ACCESS} == set(LEVELS)
    subjects = [(entry.kind, entry.key, entry.group) for entry in ACCESS]
    assert len(set(subjects)) == len(subjects)


def test_nobody_may_change_what_is_deployed() -> None:
    for entry in ACCESS:
        assert entry.level not in ("CAN_EDIT", "CAN_MANAGE", "WRITE", "MANAGE"), entry


def test_entry_with_a_key_is_for_that_object_only() -> None:
    assert granted("folder", "sql") == {"data-analysts": "CAN_READ"}
    assert "data-analysts" not in granted("folder", "root")
    assert granted("folder", "dbt") == {}
    assert granted("job", "anything") == granted("job", "else")
