"""One server for the whole session, without Spark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from databricks.sdk import WorkspaceClient

from local.workspace.process import RunningWorkspace, start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    with start(tmp_path_factory.mktemp("workspace") / "root", arguments=["--no-driver"]) as running:
        yield running
        log = running.root / "log" / "unknown_routes.log"
        unexpected = [line for line in log.read_text().splitlines() if "/no/such" not in line] if log.exists() else []
        assert unexpected == [], "requests that the workspace does not answer"


@pytest.fixture(scope="session")
def client(server: RunningWorkspace) -> WorkspaceClient:
    return WorkspaceClient(host=server.host, token=server.token, auth_type="pat")


@pytest.fixture
def http(server: RunningWorkspace) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {server.token}"
        yield session
