"""Pages in this process for what needs no Spark; one workspace, one world and one browser for what does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from databricks.sdk import WorkspaceClient

from local.workspace.process import start
from scripts.browser import MISSING, Browser, find
from tests.local.pages import house, screen, world


@pytest.fixture
def pages(tmp_path: Path) -> house.House:
    """Pages over an empty store, and a clock that stands still."""
    return house.build(tmp_path)


@pytest.fixture
def browser(pages: house.House) -> httpx.Client:
    """Somebody who came in by a link."""
    return pages.visitor()


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.World]:
    """The shop, deployed into a workspace with Spark."""
    _chrome()
    with start(tmp_path_factory.mktemp("pages") / "root") as server:
        yield world.build(WorkspaceClient(host=server.host, token=server.token, auth_type="pat"), server.root)
        log = server.root / "log" / "unknown_routes.log"
        assert not log.exists(), log.read_text()


@pytest.fixture(scope="session")
def chrome(deployed: world.World) -> Iterator[screen.Screen]:
    """A browser that came in by a one-time link and keeps what it loads and logs."""
    with screen.opened(_chrome(), deployed.client) as opened:
        yield opened


@pytest.fixture
def calm(request: pytest.FixtureRequest, chrome: screen.Screen) -> Iterator[None]:
    """After each test the page it ends on must be fit for a desk, a phone and everybody, and be pictured."""
    if not request.node.name.startswith("test_the_"):
        yield
        return
    chrome.go_home()
    yield
    name = request.node.name.removeprefix("test_the_").removesuffix("_page")
    for suffix in screen.SIZES:
        chrome.size(suffix)
        assert chrome.overflow() <= 0, f"{name}{suffix} is wider than its window"
        chrome.picture(name + suffix)
    assert chrome.lacks() == []
    assert chrome.complaints() == []
    assert chrome.elsewhere() == []
    assert world.SECRET not in chrome.driver.page_source
    assert "taken over" not in chrome.driver.title


def _chrome() -> Browser:
    found = find()
    if found is None:
        pytest.skip(MISSING)
    return found
