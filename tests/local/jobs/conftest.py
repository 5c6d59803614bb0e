from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.workspace.process import RunningWorkspace, start
from tests.inbox import Inbox, receiving

# importlib import mode has no sibling imports: the harness is made importable once, by its file.
_SPEC = importlib.util.spec_from_file_location("jobs_harness", Path(__file__).with_name("harness.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
harness = importlib.util.module_from_spec(_SPEC)
sys.modules["jobs_harness"] = harness
_SPEC.loader.exec_module(harness)


@pytest.fixture(scope="session")
def inbox() -> Iterator[Inbox]:
    """A mail server that keeps what it is sent."""
    with receiving() as inbox:
        yield inbox


@pytest.fixture(scope="session")
def spark_server(tmp_path_factory: pytest.TempPathFactory, inbox: Inbox) -> Iterator[RunningWorkspace]:
    """One real server with Spark for all end-to-end tests; the last of them kills it."""
    root = tmp_path_factory.mktemp("end-to-end") / "root"
    with start(root, arguments=("--smtp", f"127.0.0.1:{inbox.port}")) as running:
        yield running


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Workspace]:
    """One server for all tests that only look at their own jobs."""
    with harness.serving(tmp_path_factory.mktemp("workspace"), harness.FakeDriver()) as workspace:
        yield workspace


@pytest.fixture
def own(tmp_path: Path) -> Iterator[harness.Workspace]:
    """A server of its own for a test that breaks things or lists everything."""
    with harness.serving(tmp_path, harness.FakeDriver()) as workspace:
        yield workspace
