"""One issue per environment that drifted: open while it differs, closed when it does not."""

from __future__ import annotations

import os
from typing import Any

from github.GithubException import GithubException
from github.Issue import Issue
from github.Repository import Repository

from scripts.github import connection

# Who may only open issues cannot label them: the label makes sure that the issue is ours, not its text alone.
LABEL = "drift"
_COLOUR = "b60205"
_NEEDS = "issues: write"
_NOTHING = "none"


def sync_drift_issue(environment: str, markdown: str, fingerprint: str | None, title: str) -> str:
    """Make the issue of an environment say what was found; return its URL, or "" when there is none to show.

    The issue is opened, updated or reopened while there is a fingerprint, and closed without one. A comment tells of
    each change of the fingerprint, nothing else does: the same call again changes nothing. Of two issues, opened by
    runs at the same time, the older one stays. CommandError when GitHub refuses.
    """
    marker = f"<!-- ecom drift {environment} -->"
    body = f"{marker}\n{_mark(fingerprint)}\n\n{markdown}"
    connection.refuse_long(body, f"The drift report of '{environment}'")
    with connection.session(os.environ, _NEEDS) as (_, repository):
        issues = _found(repository, marker)
        for newer in issues[1:]:
            _close_duplicate(newer, issues[0])
        if fingerprint is None:
            return _close(issues[0], title, body) if issues and issues[0].state == "open" else ""
        if not issues:
            return _open(repository, title, body)
        return _update(issues[0], title, body, _mark(fingerprint))


def _found(repository: Repository, marker: str) -> list[Issue]:
    """Return the issues of an environment, the oldest first."""
    labelled = repository.get_issues(state="all", labels=[LABEL])
    return sorted((each for each in labelled if _is_ours(each, marker)), key=lambda issue: issue.number)


def _is_ours(issue: Issue, marker: str) -> bool:
    # GitHub lists pull requests as issues, and only their address tells in a list; a text that quotes the marker
    # further down is somebody's remark.
    return "/pull/" not in issue.html_url and (issue.body or "").startswith(marker)


def _open(repository: Repository, title: str, body: str) -> str:
    _make_label(repository)
    return repository.create_issue(title=title, body=body, labels=[LABEL]).html_url


def _make_label(repository: Repository) -> None:
    try:
        repository.create_label(LABEL, _COLOUR, "The workspace differs from what is declared")
    except GithubException as error:
        if error.status != 422:  # it is there
            raise


def _update(issue: Issue, title: str, body: str, mark: str) -> str:
    # The comment first: a run that is cut off here tells it twice, the other way round it would never be told.
    if mark not in issue.body.splitlines():
        news = "Drift is back." if issue.state == "closed" else "What was found has changed."
        issue.create_comment(f"{news} The description says what differs now.")
    _edit(issue, title=title, body=body, state="open")
    return issue.html_url


def _close(issue: Issue, title: str, body: str) -> str:
    issue.create_comment("Nothing differs any more.")
    _edit(issue, title=title, body=body, state="closed", state_reason="completed")
    return issue.html_url


def _close_duplicate(issue: Issue, of: Issue) -> None:
    if issue.state == "open":
        issue.create_comment(f"Duplicate of #{of.number}: two runs opened one at the same time.")
        issue.edit(state="closed", state_reason="duplicate")


def _edit(issue: Issue, **wanted: Any) -> None:
    """Send what differs, if anything does."""
    if any(_plain(getattr(issue, name)) != _plain(value) for name, value in wanted.items()):
        issue.edit(**wanted)


def _plain(text: str | None) -> str:
    """Return a text as it reads: GitHub's editor ends lines with CR LF and drops what is blank at the end."""
    return "\n".join((text or "").splitlines()).strip()


def _mark(fingerprint: str | None) -> str:
    return f"<!-- fingerprint {fingerprint or _NOTHING} -->"
