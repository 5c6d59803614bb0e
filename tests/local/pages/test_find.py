"""Which browser the page checks take, and what `make test` says where it can have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import browser


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but what a test puts there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("CHROME", "CHROMEDRIVER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def put(folder: Path, name: str, script: str) -> str:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_the_first_browser_whose_driver_matches_is_taken(programs: Path) -> None:
    put(programs, "chromium", "echo Chromium 140.0.1.2 built on Debian")
    chrome = put(programs, "google-chrome", "echo Google Chrome 141.0.5.6")
    driver = put(programs, "chromedriver", "echo ChromeDriver 141.9.9.9")
    assert browser.find() == browser.Browser(chrome, driver, "141.0.5.6")


def test_the_environment_names_the_browser(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(programs, "chromium", "echo Chromium 141.0.1.2")
    put(programs, "chromedriver", "echo ChromeDriver 141.9.9.9")
    mine = put(programs, "mine", "echo Chromium 141.7.7.7")
    monkeypatch.setenv("CHROME", mine)
    found = browser.find()
    assert found is not None
    assert found.binary == mine


@pytest.mark.parametrize("said", ["echo Chromium 140.0.1.2", "exit 1", "echo no version", "exec /no/such/loader"])
def test_a_browser_of_another_version_or_none_is_no_browser(programs: Path, said: str) -> None:
    put(programs, "chromedriver", "echo ChromeDriver 141.9.9.9")
    assert browser.find() is None
    put(programs, "chromium", said)
    assert browser.find() is None


def test_nothing_is_installed_where_a_browser_is(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(programs, "chromium", "echo Chromium 141.0.1.2")
    put(programs, "chromedriver", "echo ChromeDriver 141.9.9.9")
    put(programs, "apt-get", f"touch {programs}/asked")
    browser.main()
    assert capsys.readouterr().out == ""
    assert not (programs / "asked").exists()


@pytest.mark.parametrize(
    ("user", "apt", "said"),
    [
        (0, None, "this machine has no apt-get"),
        (1000, "exit 0", "only root may install packages"),
        (0, "echo no network >&2; exit 100", "apt-get update: no network"),
        (0, "exit 0", "what was installed does not start"),
    ],
)
def test_where_no_browser_can_be_had_set_up_goes_on_and_says_why(
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    user: int,
    apt: str | None,
    said: str,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    if apt is not None:
        put(programs, "apt-get", apt)
    browser.main()
    assert said in capsys.readouterr().out
