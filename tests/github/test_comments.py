"""The comment on a pull request, through PyGithub and HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.errors import CommandError
from scripts.github import comments
from scripts.github.comments import post_comment
from tests.github.server import BODY_LIMIT, BOT, STRANGER, TOKEN, GitHub

pytestmark = pytest.mark.slow

MARKER = "ecom review dev"


@pytest.fixture(autouse=True)
def pull(github: GitHub) -> None:
    github.add_issue("A change", "", [], pull=True)


def test_a_comment_is_created_once_and_edited_from_then_on(github: GitHub) -> None:
    first = post_comment("One change.", MARKER)
    second = post_comment("Two changes.", MARKER)
    assert first == second == "https://github.com/shop/platform/pull/1#issuecomment-1001"
    assert [each["body"] for each in github.comments_of(1)] == [f"<!-- {MARKER} -->\nTwo changes."]


def test_the_same_comment_again_writes_nothing(github: GitHub) -> None:
    post_comment("One change.", MARKER)
    github.calls.clear()
    post_comment("One change.", MARKER)
    assert github.writes() == []


def test_each_marker_has_its_comment_and_may_come_as_one(github: GitHub) -> None:
    for environment in ("dev", "prod", "dev"):
        hidden = f"<!-- ecom review {environment} -->"
        post_comment(f"{hidden}\n{environment}", hidden)
    assert [each["body"].splitlines()[1] for each in github.comments_of(1)] == ["dev", "prod"]


def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(github: GitHub) -> None:
    forged = github.add_comment(1, f"<!-- {MARKER} -->\nNo risk at all.", STRANGER)
    post_comment("Destroys a table.", MARKER)
    assert [each["body"].splitlines()[1] for each in github.comments_of(1)] == ["No risk at all.", "Destroys a table."]
    assert forged["user"] == STRANGER


def test_with_a_persons_token_the_comment_is_that_persons(github: GitHub) -> None:
    github.user = {"login": "ada", "type": "User"}
    github.add_comment(1, f"<!-- {MARKER} -->\nOld.", {"login": "ada", "type": "User"})
    github.add_comment(1, f"<!-- {MARKER} -->\nOf CI.", BOT)
    post_comment("New.", MARKER)
    assert [each["body"].splitlines()[1] for each in github.comments_of(1)] == ["New.", "Of CI."]


def test_two_of_a_race_become_one(github: GitHub) -> None:
    for text in ("First.", "Second."):
        github.add_comment(1, f"<!-- {MARKER} -->\n{text}")
    post_comment("Third.", MARKER)
    assert [each["body"].splitlines()[1] for each in github.comments_of(1)] == ["Third."]


def test_our_comment_is_found_behind_a_hundred_others(github: GitHub) -> None:
    for number in range(120):
        github.add_comment(1, f"Remark {number}", STRANGER)
    url = post_comment("First.", MARKER)
    assert post_comment("Second.", MARKER) == url
    assert len(github.comments_of(1)) == 121
    assert github.calls.count("GET /issues/1/comments") == 4  # two pages, twice


def test_a_text_that_github_would_not_take_is_refused_before_anything_is_sent(github: GitHub) -> None:
    room = BODY_LIMIT - len(f"<!-- {MARKER} -->\n")
    post_comment("x" * room, MARKER)
    github.calls.clear()
    with pytest.raises(CommandError, match=r"has 65,537 characters, GitHub takes 65,536"):
        post_comment("x" * (room + 1), MARKER)
    assert github.calls == []


@pytest.mark.parametrize("ref", ["refs/pull/17/merge", "refs/pull/17/head"])
def test_the_number_comes_from_the_ref(ref: str) -> None:
    assert comments.pull_request({"GITHUB_REF": ref}) == 17


def test_the_number_comes_from_the_event(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 23}}))
    assert comments.pull_request({"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": str(event)}) == 23


@pytest.mark.parametrize("event", [None, "{}", '{"pull_request": null}', "[]"])
def test_a_run_that_is_of_no_pull_request_says_so(tmp_path: Path, event: str | None) -> None:
    variables = {"GITHUB_REF": "refs/heads/main"}
    if event is not None:
        (tmp_path / "event.json").write_text(event)
        variables["GITHUB_EVENT_PATH"] = str(tmp_path / "event.json")
    with pytest.raises(CommandError, match=r"No pull request to comment on: GITHUB_REF is 'refs/heads/main'"):
        comments.pull_request(variables)


@pytest.mark.parametrize("event", [None, "{"])
def test_an_event_that_cannot_be_read_is_named(tmp_path: Path, event: str | None) -> None:
    file = tmp_path / "event.json"
    if event is not None:
        file.write_text(event)
    with pytest.raises(CommandError, match=r"GITHUB_EVENT_PATH .*event\.json"):
        comments.pull_request({"GITHUB_EVENT_PATH": str(file)})


def test_the_permission_that_is_missing_is_named(github: GitHub) -> None:
    github.fail("POST", r"/issues/1/comments", 403, message="Resource not accessible by integration")
    with pytest.raises(CommandError, match=r"shop/platform .*permission `pull-requests: write`") as told:
        post_comment("One change.", MARKER)
    assert TOKEN not in str(told.value)
