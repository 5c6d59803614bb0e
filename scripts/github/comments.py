"""One comment per marker on the pull request that this run is of."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from github.IssueComment import IssueComment

from scripts.errors import CommandError
from scripts.github import connection

_NEEDS = "pull-requests: write"
_REF = re.compile(r"refs/pull/([1-9]\d*)/(merge|head)")


def post_comment(markdown: str, marker: str) -> str:
    """Make the comment of this marker say this; return its URL.

    The marker is a short plain text, or that in an HTML comment, and is not seen by readers. The comment is created
    once and edited from then on. CommandError when the text is over 65,536 characters, when this run is of no pull
    request, or when GitHub refuses.
    """
    hidden = marker if marker.startswith("<!--") else f"<!-- {marker} -->"
    body = markdown if markdown.startswith(hidden) else f"{hidden}\n{markdown}"
    connection.refuse_long(body, f"The comment '{marker}'")
    number = pull_request(os.environ)
    with connection.session(os.environ, _NEEDS) as (client, repository):
        pull = repository.get_issue(number)
        login = connection.own_login(client)
        ours = [each for each in pull.get_comments() if _is_ours(each, hidden, login)]
        if not ours:
            return pull.create_comment(body).html_url
        for newer in ours[1:]:  # by a run at the same time
            newer.delete()
        if ours[0].body != body:
            ours[0].edit(body)
        return ours[0].html_url


def pull_request(variables: Mapping[str, str]) -> int:
    """Return the number of the pull request that GitHub Actions runs for; CommandError when there is none."""
    if found := _REF.fullmatch(variables.get("GITHUB_REF", "")):
        return int(found[1])
    event = variables.get("GITHUB_EVENT_PATH", "")
    try:
        said = json.loads(Path(event).read_text(encoding="utf-8")) if event else {}
        return int(said["pull_request"]["number"])
    except (KeyError, TypeError):
        raise CommandError(
            f"No pull request to comment on: GITHUB_REF is {variables.get('GITHUB_REF', '')!r}, and the event of"
            " GITHUB_EVENT_PATH has none. Run this in a workflow on pull_request."
        ) from None
    except (OSError, ValueError) as error:
        raise CommandError(f"GITHUB_EVENT_PATH {event!r}: not the event of a workflow: {error}") from error


def _is_ours(comment: IssueComment, hidden: str, login: str | None) -> bool:
    # Anyone may write our marker, and whoever wrote a comment can change it again: only one of our own is trusted.
    author = comment.user
    ours = author.type == "Bot" if login is None else author.login == login
    return ours and comment.body.startswith(hidden)
