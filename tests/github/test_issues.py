"""The issue of an environment that drifted, through PyGithub and HTTP."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scripts.errors import CommandError
from scripts.github.issues import LABEL, sync_drift_issue
from tests.github.server import BODY_LIMIT, REPOSITORY, STRANGER, GitHub

pytestmark = pytest.mark.slow
MARKER = "<!-- ecom drift dev -->"
FINDINGS = "1 finding: master_pipeline is paused."
TITLE = "Drift in dev"


def sync(fingerprint: str | None, text: str = FINDINGS) -> str:
    return sync_drift_issue("dev", text, fingerprint, TITLE)


def test_no_drift_and_no_issue_writes_nothing(github: GitHub) -> None:
    assert sync(None) == ""
    assert github.writes() == []


def test_drift_opens_an_issue_that_carries_marker_and_label(github: GitHub) -> None:
    url = sync("a1")
    assert url == f"https://github.com/{REPOSITORY}/issues/1"
    issue = github.issues[1]
    assert (issue["title"], issue["state"], [each["name"] for each in issue["labels"]]) == (TITLE, "open", [LABEL])
    assert issue["body"].splitlines() == [MARKER, "<!-- fingerprint a1 -->", "", FINDINGS]
    assert github.comments_of(1) == []


def test_the_same_drift_again_writes_nothing(github: GitHub) -> None:
    url = sync("a1")
    github.issues[1]["body"] = github.issues[1]["body"].replace("\n", "\r\n")  # as GitHub's editor leaves it
    github.calls.clear()
    assert sync("a1") == url
    assert github.writes() == []


def test_other_words_for_the_same_drift_change_the_body_and_tell_nobody(github: GitHub) -> None:
    sync("a1")
    sync("a1", "1 finding, seen again.")
    assert github.issues[1]["body"].endswith("\n\n1 finding, seen again.")
    assert github.comments_of(1) == []


def test_other_drift_is_told_in_a_comment(github: GitHub) -> None:
    sync("a1")
    sync("b2", "2 findings.")
    assert github.issues[1]["body"].endswith("\n\n2 findings.")
    assert [each["body"] for each in github.comments_of(1)] == [
        "What was found has changed. The description says what differs now."
    ]


def test_the_issue_is_closed_with_a_comment_and_reopened_with_one(github: GitHub) -> None:
    url = sync("a1")
    assert sync(None, "Nothing differs.") == url
    assert (github.issues[1]["state"], github.issues[1]["state_reason"]) == ("closed", "completed")
    assert sync(None, "Nothing differs.") == ""
    assert sync("a1") == url
    assert (github.issues[1]["state"], github.issues[1]["state_reason"]) == ("open", "reopened")
    assert [each["body"] for each in github.comments_of(1)] == [
        "Nothing differs any more.",
        "Drift is back. The description says what differs now.",
    ]


def test_an_issue_that_somebody_closed_while_it_differs_is_open_again(github: GitHub) -> None:
    sync("a1")
    github.issues[1].update(state="closed", state_reason="not_planned")
    sync("a1")
    assert github.issues[1]["state"] == "open"


def test_of_two_issues_the_older_one_stays(github: GitHub) -> None:
    for _ in range(2):
        github.add_issue(TITLE, f"{MARKER}\n<!-- fingerprint a1 -->\n\n{FINDINGS}", [LABEL])
    assert sync("a1").endswith("/issues/1")
    assert [each["state"] for each in github.issues.values()] == ["open", "closed"]
    assert github.issues[2]["state_reason"] == "duplicate"
    assert [each["body"] for each in github.comments_of(2)] == [
        "Duplicate of #1: two runs opened one at the same time."
    ]
    github.calls.clear()
    sync("a1")
    assert github.writes() == []


def test_environments_have_issues_of_their_own(github: GitHub) -> None:
    urls = {name: sync_drift_issue(name, FINDINGS, "a1", f"Drift in {name}") for name in ("dev", "staging", "prod")}
    assert len(set(urls.values())) == 3
    sync_drift_issue("staging", "", None, "Drift in staging")
    assert [each["state"] for each in github.issues.values()] == ["open", "closed", "open"]


def test_what_only_looks_like_our_issue_is_left_alone(github: GitHub) -> None:
    github.add_issue("No label", f"{MARKER}\nNothing differs, believe me.", [], user=STRANGER)
    github.add_issue("Quotes us", f"See this:\n{MARKER}", [LABEL])
    github.add_issue("A change", f"{MARKER}\n", [LABEL], pull=True)
    github.add_issue("No text", None, [LABEL])  # type: ignore[arg-type]  # as GitHub has it
    before = {number: dict(issue) for number, issue in github.issues.items()}
    assert sync("a1").endswith("/issues/5")
    assert {number: github.issues[number] for number in before} == before


def test_the_issue_is_found_behind_two_hundred_others(github: GitHub) -> None:
    url = sync("a1")
    for number in range(210):
        github.add_issue(f"Old drift {number}", "by hand", [LABEL])
    github.calls.clear()
    assert sync("a1") == url
    assert github.calls == ["GET /issues"] * 3


def test_a_report_that_github_would_not_take_is_refused_before_anything_is_sent(github: GitHub) -> None:
    with pytest.raises(CommandError, match=r"The drift report of 'dev' has .* characters, GitHub takes 65,536"):
        sync("a1", "x" * BODY_LIMIT)
    assert github.calls == []


def test_a_comment_is_told_again_rather_than_never_when_the_run_is_cut_off(github: GitHub) -> None:
    sync("a1")
    github.fail("PATCH", r"/issues/1", 500, times=9)
    with pytest.raises(CommandError):
        sync("b2")
    github.failures.clear()
    sync("b2")
    assert "<!-- fingerprint b2 -->" in github.issues[1]["body"]
    assert len(github.comments_of(1)) == 2


def test_an_issue_that_was_opened_although_the_answer_was_lost_is_not_opened_twice(github: GitHub) -> None:
    github.fail("POST", r"/issues", 502, times=1, takes_effect=True)
    with pytest.raises(CommandError, match="502"):
        sync("a1")
    assert sync("a1").endswith("/issues/1")
    assert len(github.issues) == 1


class IssueLife(RuleBasedStateMachine):
    """Runs of drift, people at the issue, failures of GitHub; the model is what the last complete run said."""

    service: GitHub

    @initialize()
    def begin(self) -> None:
        self.service.clear()
        self.said: str | None = None  # fingerprint of the last run that got through
        self.told = 0  # comments of ours on the first issue
        self.whole = True

    def ours(self) -> list[dict[str, Any]]:
        return [each for each in self.service.issues.values() if (each["body"] or "").startswith(MARKER)]

    @rule(fingerprint=st.sampled_from(["a1", "b2", None]), words=st.sampled_from(["some", "others"]))
    def run(self, fingerprint: str | None, words: str) -> None:
        before = self.ours()
        was = (before[0]["state"], self._fingerprint(before[0]), len(self.service.comments_of(1))) if before else None
        url = sync(fingerprint, words)
        if before or fingerprint:
            self.check_first(fingerprint, words, url, was)
        self.said, self.whole = fingerprint, True
        self.service.calls.clear()
        sync(fingerprint, words)
        assert self.service.writes() == []

    def check_first(self, fingerprint: str | None, words: str, url: str, was: tuple[str, str, int] | None) -> None:
        first = self.ours()[0]
        assert first["state"] == ("open" if fingerprint else "closed")
        assert bool(url) == (fingerprint is not None or (was is not None and was[0] == "open"))
        if fingerprint:
            assert first["body"].endswith(f"\n\n{words}")
        if was:
            changed = was[1] != fingerprint if fingerprint else was[0] == "open"
            assert len(self.service.comments_of(1)) - was[2] == changed

    @rule(words=st.sampled_from(["c3", None]), status=st.sampled_from([403, 500]))
    def run_that_is_refused(self, words: str | None, status: int) -> None:
        self.service.fail("POST", r".*", status, times=1)
        self.whole = False
        with suppress(CommandError):  # a run that has nothing to post is not refused
            sync(words)
        self.service.failures.clear()

    @precondition(lambda self: self.ours())
    @rule(state=st.sampled_from(["open", "closed"]))
    def a_person_sets_the_state(self, state: str) -> None:
        self.ours()[0]["state"] = state
        self.whole = False

    @precondition(lambda self: self.ours())
    @rule()
    def a_run_at_the_same_time_opens_one(self) -> None:
        first = self.ours()[0]
        self.service.add_issue(TITLE, first["body"], [LABEL])
        self.whole = False

    @invariant()
    def one_is_open_at_most(self) -> None:
        if self.whole:
            assert [each["state"] for each in self.ours()].count("open") == (1 if self.said else 0)

    def _fingerprint(self, issue: dict[str, Any]) -> str:
        return str(issue["body"].splitlines()[1].removeprefix("<!-- fingerprint ").removesuffix(" -->"))


def test_whatever_happens_the_next_run_puts_it_right(github: GitHub) -> None:
    machine = type("Machine", (IssueLife,), {"service": github})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=12, deadline=None, database=None)
    )
    github.failures.clear()
