"""What GitHub or the variables refuse is one line that names the mend, and the token is in none."""

from __future__ import annotations

import logging
import time

import pytest

from scripts.errors import CommandError
from scripts.github import connection
from scripts.github.comments import post_comment
from scripts.github.issues import sync_drift_issue
from tests.github.server import TOKEN, GitHub

pytestmark = pytest.mark.slow
VARIABLES = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "shop/platform"}


def sync() -> str:
    return sync_drift_issue("dev", "1 finding.", "a1", "Drift in dev")


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_variable_that_is_missing_is_named(name: str, value: str | None) -> None:
    variables = {each: text for each, text in {**VARIABLES, name: value}.items() if text is not None}
    with pytest.raises(CommandError, match=f"^{name} is not set"):
        connection.settings(variables)


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN} {TOKEN}", f"{TOKEN}\x7f", f"{TOKEN}é"])
def test_a_token_that_no_header_takes_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(CommandError, match=r"^GITHUB_TOKEN: is no token") as told:
        connection.settings({**VARIABLES, "GITHUB_TOKEN": token})
    assert TOKEN not in str(told.value)


@pytest.mark.parametrize("repository", ["platform", "shop/platform/x", "shop/", "../../user"])
def test_a_repository_without_owner_and_name_is_refused(repository: str) -> None:
    with pytest.raises(CommandError, match=r"^GITHUB_REPOSITORY .*expected owner/name"):
        connection.settings({**VARIABLES, "GITHUB_REPOSITORY": repository})


@pytest.mark.parametrize("url", ["http://api.github.com", "http://127.0.0.1.example.com", "ftp://localhost", "github"])
def test_a_token_is_sent_in_the_clear_to_loopback_only(url: str) -> None:
    with pytest.raises(CommandError, match=r"^GITHUB_API_URL .*expected https"):
        connection.settings({**VARIABLES, "GITHUB_API_URL": url})


@pytest.mark.parametrize("url", ["https://github.example.com/api/v3", "http://127.0.0.1:8080", "http://[::1]:1"])
def test_https_and_loopback_are_taken(url: str) -> None:
    assert connection.settings({**VARIABLES, "GITHUB_API_URL": f"{url}/"}).url == url


def test_the_settings_do_not_show_the_token() -> None:
    assert TOKEN not in repr(connection.settings(VARIABLES))


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (401, "Bad credentials", r"refuses GITHUB_TOKEN \(401 Bad credentials\)"),
        (403, "Resource not accessible by integration", r"shop/platform .*needs the permission `issues: write`"),
        (404, "Not Found", r"finds no shop/platform.*`issues: write`"),
        (410, "Issues has been disabled in this repository.", r"shop/platform: 410 Issues has been disabled"),
        (422, "Validation Failed", r"shop/platform: 422 Validation Failed"),
        (429, "Too Many Requests", r"wants no more requests for now \(429"),
        (403, "You have exceeded a secondary rate limit", r"wants no more requests for now \(403"),
    ],
)
def test_a_refusal_is_one_line_that_names_the_mend(github: GitHub, status: int, message: str, expected: str) -> None:
    github.fail("POST", r"/issues", status, message=message)
    with pytest.raises(CommandError, match=expected) as told:
        sync()
    assert "\n" not in str(told.value)
    assert told.value.code == 1


def test_reading_is_tried_again_when_github_stumbles(github: GitHub) -> None:
    github.fail("GET", r"/issues", 502, times=connection.RETRIES)
    assert sync().endswith("/issues/1")
    assert github.calls.count("GET /issues") == connection.RETRIES + 1


def test_reading_is_not_tried_for_ever(github: GitHub) -> None:
    github.fail("GET", r"/issues", 502, times=99)
    with pytest.raises(CommandError, match="does not answer"):
        sync()
    assert github.calls == ["GET /issues"] * (connection.RETRIES + 1)


def test_a_post_is_never_sent_twice(github: GitHub) -> None:
    github.fail("POST", r"/issues", 502, times=99)
    with pytest.raises(CommandError, match="502"):
        sync()
    assert github.calls.count("POST /issues") == 1


def test_a_short_rate_limit_is_waited_for(github: GitHub) -> None:
    github.fail("GET", r"/issues", 429, message="Too Many Requests", headers={"Retry-After": "1"})
    assert sync().endswith("/issues/1")


def test_a_long_rate_limit_is_told_at_once(github: GitHub) -> None:
    reset = str(int(time.time()) + 3000)
    more = {"message": "API rate limit exceeded for installation ID 1.", "headers": {"X-RateLimit-Reset": reset}}
    github.fail("GET", r"/issues", 403, times=9, **more)
    began = time.monotonic()
    with pytest.raises(CommandError, match="wants no more requests for now"):
        sync()
    assert time.monotonic() - began < 5


def test_a_github_that_is_not_there_is_told(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    with pytest.raises(CommandError, match=r"^GitHub at http://127\.0\.0\.1:1 does not answer") as told:
        sync()
    assert "\n" not in str(told.value)


def test_the_token_is_in_no_output(
    github: GitHub, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    github.add_issue("A change", "", [], pull=True)
    caplog.set_level(logging.DEBUG)
    assert sync()
    assert post_comment("One change.", "ecom review dev")
    for status in (401, 403, 404, 500):
        github.fail("POST", r".*", status)
        with pytest.raises(CommandError) as told:
            sync_drift_issue("prod", "1 finding.", "a1", "Drift in prod")
        assert TOKEN not in str(told.value)
    seen = capsys.readouterr()
    assert caplog.records
    assert TOKEN not in caplog.text + seen.out + seen.err
