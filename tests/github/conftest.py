from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.github import connection
from tests.github import server


@pytest.fixture(scope="module")
def service() -> Iterator[server.GitHub]:
    with server.serving() as github:
        yield github


@pytest.fixture
def github(service: server.GitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[server.GitHub]:
    """An empty repository, and the variables of a workflow on pull request 1 of it."""
    service.clear()
    monkeypatch.setattr(connection, "RETRY_SECONDS", 0)
    monkeypatch.setattr(connection, "WRITE_SECONDS", None)
    monkeypatch.setenv("GITHUB_TOKEN", server.TOKEN)
    monkeypatch.setenv("GITHUB_REPOSITORY", server.REPOSITORY)
    monkeypatch.setenv("GITHUB_API_URL", service.url)
    monkeypatch.setenv("GITHUB_REF", "refs/pull/1/merge")
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    yield service
    assert not service.unknown
