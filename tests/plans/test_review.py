"""What is not the reviewed plan any more is refused with exit code 4, in one line that names what moved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.environments import DEV, PROD
from scripts.deploy import guard, review
from scripts.errors import CommandError
from scripts.plans import facts
from scripts.plans.commit import Commit
from scripts.plans.facts import Facts, StateMark

REVIEWED = Facts(
    environment="dev",
    stack="dev",
    digest="d" * 64,
    commit="c" * 40,
    dirty=False,
    state=StateMark("lineage-1", 7),
    terraform="1.11.4",
    provider="1.99.0",
    planned_at="2026-11-27T18:00:00Z",
)


def refusal(raised: pytest.ExceptionInfo[CommandError]) -> str:
    said = str(raised.value)
    assert "\n" not in said
    assert said.startswith("'dev' is not deployed: ")
    assert said.endswith("ecom plan --environment dev")
    assert "since 2026-11-27T18:00:00Z" in said
    assert raised.value.code == 4
    return said


def test_what_did_not_move_is_deployed() -> None:
    review.same_commit(REVIEWED, Commit("c" * 40, dirty=True))
    review.same_state(REVIEWED, StateMark("lineage-1", 7))
    review.same_plan(REVIEWED, replace(REVIEWED, planned_at="later", terraform="1.12.0"))


def test_a_commit_that_moved_is_named() -> None:
    with pytest.raises(CommandError) as raised:
        review.same_commit(REVIEWED, Commit("e" * 40, dirty=False))
    assert "the commit moved, from cccccccccccc to eeeeeeeeeeee" in refusal(raised)


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (StateMark("lineage-1", 8), "the state's serial moved, from 7 to 8"),
        (StateMark("lineage-1", 6), "the state's serial moved, from 7 to 6"),
        (StateMark("lineage-2", 7), "the state's lineage moved, from lineage-1 to lineage-2"),
        (StateMark("", 0), "the state's lineage moved, from lineage-1 to no state"),
    ],
)
def test_a_state_that_moved_is_named(now: StateMark, named: str) -> None:
    with pytest.raises(CommandError) as raised:
        review.same_state(REVIEWED, now)
    assert named in refusal(raised)


def test_a_plan_that_moved_is_named() -> None:
    with pytest.raises(CommandError) as raised:
        review.same_plan(REVIEWED, replace(REVIEWED, digest="f" * 64))
    assert "the plan's digest moved, from dddddddddddd to ffffffffffff" in refusal(raised)


def test_facts_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / facts.FILE).write_text(json.dumps(REVIEWED.as_json()))
    assert facts.read(tmp_path, "dev") == REVIEWED


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, "there is no plan to deploy by"),
        ("{", "not the facts of a plan"),
        ("[]", "not the facts of a plan"),
        (json.dumps({**REVIEWED.as_json(), "state": {}}), "not the facts of a plan"),
        (json.dumps({"environment": "dev", "state": {"lineage": "", "serial": 0}}), "not the facts of a plan"),
        (json.dumps({**REVIEWED.as_json(), "environment": "staging"}), "is the plan of 'staging', not of 'dev'"),
    ],
)
def test_nothing_is_deployed_without_the_facts_of_a_review(text: str | None, named: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / facts.FILE).write_text(text)
    with pytest.raises(CommandError) as raised:
        facts.read(tmp_path, "dev")
    assert raised.value.code == 4
    assert named in str(raised.value)
    assert "ecom plan --environment dev" in str(raised.value)


def test_a_protected_environment_is_deployed_from_a_commit_by_a_service_principal() -> None:
    clean, dirty = (Commit("c" * 40, dirty=dirty) for dirty in (False, True))
    guard.refuse_uncommitted(PROD, clean)
    guard.refuse_uncommitted(DEV, dirty)
    guard.refuse_person(PROD, "8f1e4c1a-5a1e-4b67-9b6e-0d6f6a2f1c11")
    guard.refuse_person(DEV, "somebody@example.com")
    with pytest.raises(CommandError, match="'prod' is deployed from a commit only") as raised:
        guard.refuse_uncommitted(PROD, dirty)
    assert raised.value.code == 3
    for name in ("somebody@example.com", "", "8f1e4c1a-5a1e-4b67-9b6e-0d6f6a2f1c11@example.com"):
        with pytest.raises(CommandError, match="'prod' is deployed by a service principal only") as raised:
            guard.refuse_person(PROD, name)
        assert raised.value.code == 3
