"""The repository on GitHub that this run belongs to, as the variables of GitHub Actions name it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from github import Auth, Github, GithubRetry
from github.GithubException import GithubException, RateLimitExceededException
from github.Repository import Repository

from scripts.connection import first_line
from scripts.errors import CommandError

REQUEST_SECONDS = 30
RETRIES = 3
RETRY_SECONDS = 1.0  # before the second retry, twice as long before each one after it
LONGEST_WAIT_SECONDS = 120  # for a rate limit: one that lasts longer is told, a job that sleeps an hour is not
WRITE_SECONDS = 1.0  # between two writes, or the secondary rate limit strikes (GitHub docs, best practices for REST)
BODY_LIMIT = 65_536  # characters of an issue or a comment; GitHub answers 422 to more
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Settings:
    """Which repository, where its API is, and the token, which is in no text that this gives."""

    token: str = field(repr=False)
    repository: str
    url: str


def settings(variables: Mapping[str, str]) -> Settings:
    """Return what the variables of GitHub Actions say; CommandError names the one that is missing or wrong."""
    token, repository = (_required(variables, name) for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY"))
    if not token.isascii() or not token.isprintable() or " " in token:
        raise CommandError("GITHUB_TOKEN: is no token: it has spaces or other characters that no header takes.")
    if not _REPOSITORY.fullmatch(repository):
        raise CommandError(f"GITHUB_REPOSITORY {repository!r}: expected owner/name.")
    url = variables.get("GITHUB_API_URL") or "https://api.github.com"
    parts = urlsplit(url)
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise CommandError(f"GITHUB_API_URL {url!r}: expected https, or the token would be sent in the clear.")
    return Settings(token, repository, url.rstrip("/"))


@contextmanager
def session(variables: Mapping[str, str], needs: str) -> Iterator[tuple[Github, Repository]]:
    """Give a client and the repository; whatever GitHub refuses is one line that names what the job `needs`.

    `needs` is a permission of a workflow, such as `issues: write`.
    """
    found = settings(variables)
    with _client(found) as client:
        try:
            yield client, client.get_repo(found.repository)
        except GithubException as error:
            raise CommandError(_refusal(error, found.repository, needs)) from error
        except requests.RequestException as error:
            raise CommandError(f"GitHub at {found.url} does not answer: {first_line(error)}") from error


def own_login(client: Github) -> str | None:
    """Return whose token it is; None for one of an app or of GitHub Actions, which may not ask that."""
    try:
        return client.get_user().login
    except GithubException as error:
        if error.status != 403 or isinstance(error, RateLimitExceededException):
            raise
        return None


def refuse_long(body: str, what: str) -> None:
    """Raise CommandError when GitHub would not take a text of this length."""
    if len(body) > BODY_LIMIT:
        raise CommandError(f"{what} has {len(body):,} characters, GitHub takes {BODY_LIMIT:,}: make it shorter.")


def _required(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "").strip()
    if not value:
        raise CommandError(f"{name} is not set: GitHub Actions sets it, the token by env: of the step.")
    return value


def _client(found: Settings) -> Github:
    # Only what does the same when done twice is sent again: a POST may have come through although no answer did.
    retry = GithubRetry(
        total=RETRIES,
        backoff_factor=RETRY_SECONDS,
        allowed_methods=frozenset({"GET", "PATCH"}),
        max_rate_limit_wait=LONGEST_WAIT_SECONDS,
        retry_after_max=LONGEST_WAIT_SECONDS,
    )
    return Github(
        auth=Auth.Token(found.token),
        base_url=found.url,
        timeout=REQUEST_SECONDS,
        retry=retry,
        per_page=100,
        seconds_between_requests=None,
        seconds_between_writes=WRITE_SECONDS,
        lazy=True,  # asks for nothing that we do not read
    )


def _refusal(error: GithubException, repository: str, needs: str) -> str:
    said = error.data.get("message") if isinstance(error.data, dict) else error.data
    reason = f"{error.status} {first_line(str(said or 'no reason given'))}"
    if isinstance(error, RateLimitExceededException) or error.status == 429:
        return f"GitHub wants no more requests for now ({reason}): run this again later."
    if error.status == 401:
        return f"GitHub refuses GITHUB_TOKEN ({reason}): it is wrong or has expired."
    if error.status == 403:
        return f"GitHub refuses this in {repository} ({reason}): the job needs the permission `{needs}`."
    if error.status == 404:
        return f"GitHub finds no {repository}, or not what is asked of it ({reason}): the job needs `{needs}`."
    return f"GitHub refuses this in {repository}: {reason}{_details(error)}"


def _details(error: GithubException) -> str:
    found = error.data.get("errors") if isinstance(error.data, dict) else None
    words = [
        str(each.get("message") or each.get("code")) if isinstance(each, dict) else str(each) for each in found or []
    ]
    return f" ({'; '.join(words)})" if words else ""
