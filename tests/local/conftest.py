"""Watches which client asks which endpoint in which test; under --golden writes it into the parity ledger."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.local import parity

HERE = Path(__file__).parent
LOG = pytest.StashKey[Path]()
RUNS = pytest.StashKey[dict[str, set[tuple[str, str]]]]()
ENDPOINTS = pytest.StashKey[list[parity.Endpoint]]()


@pytest.fixture(scope="session", autouse=True)
def request_log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every workspace that a test starts writes here."""
    stash = request.config.stash
    stash[LOG] = tmp_path_factory.mktemp("requests") / "requests.log"
    stash[LOG].touch()
    stash[RUNS], stash[ENDPOINTS] = {}, parity.registered()
    os.environ["LOCAL_REQUEST_LOG"] = str(stash[LOG])
    yield stash[LOG]
    del os.environ["LOCAL_REQUEST_LOG"]
    if request.config.getoption("--golden") and stash[RUNS]:
        parity.record(stash[RUNS], stash[ENDPOINTS])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note what the test asked, and fail one that the ledger names for a proof which it no longer gives."""
    log = item.config.stash[LOG]
    before = log.stat().st_size
    answer = yield
    with log.open() as file:
        file.seek(before)
        found = parity.seen(file, item.config.stash[ENDPOINTS])
    # By path: workers give the node ids of a group a suffix.
    test = f"{item.path.relative_to(parity.REPOSITORY)}::{item.name}"
    item.config.stash[RUNS][test] = found
    if not item.config.getoption("--golden"):
        gone = sorted(parity.read().owed_by(test) - found)
        assert not gone, f"the parity ledger names this test for {gone}: run it with --golden and review the ledger"
    return answer
