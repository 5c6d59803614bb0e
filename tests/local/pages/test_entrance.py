"""Who may see the pages: a link that opens once, a cookie that opens pages and nothing else."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from scripts.errors import CommandError
from scripts.workspaces import page_link
from tests.local.pages.house import ADDRESS, TOKEN, USER, House

PLACES = [
    "/",
    "/jobs",
    "/jobs/1",
    "/dashboards",
    "/alerts",
    "/data",
    "/queries",
    "/files",
    "/files/Shared",
    "/platform",
]


def test_a_link_opens_once(pages: House) -> None:
    link, first = pages.link(), pages.anybody()
    answer = first.get(link)
    cookie = next(iter(SimpleCookie(answer.headers["set-cookie"]).values()))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
    assert cookie.key == "workspace_session_8765", "cookies know no ports: two workspaces must not share one"
    assert cookie.value not in answer.text
    assert first.get("/").status_code == 200
    second = pages.anybody(Accept="text/html")
    refused = second.get(link)
    assert refused.status_code == 403
    assert "used already" in refused.text
    assert "set-cookie" not in refused.headers
    assert second.get("/").status_code == 401


def test_a_link_that_is_too_old_opens_nothing(pages: House) -> None:
    link = pages.link()
    pages.clock.now += 301
    assert pages.anybody().get(link).status_code == 403


def test_a_session_ends_after_twelve_hours(pages: House, browser: httpx.Client) -> None:
    pages.clock.now += 12 * 3600 - 1
    assert browser.get("/jobs").status_code == 200
    pages.clock.now += 2
    assert browser.get("/jobs").status_code == 401


def test_a_session_ends_when_somebody_logs_out(pages: House, browser: httpx.Client) -> None:
    taken = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert browser.post("/logout").status_code == 200
    assert not browser.cookies
    assert pages.anybody(Accept="text/html", Cookie=taken).get("/").status_code == 401


@pytest.mark.parametrize("place", PLACES)
def test_without_a_session_nothing_is_told(pages: House, place: str) -> None:
    answer = pages.anybody(Accept="text/html").get(place)
    assert answer.status_code == 401
    assert "one-time link" in answer.text
    assert USER not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["token", "access_token", "code", "Authorization", "session"])
@pytest.mark.parametrize("place", ["/", "/jobs", "/login", "/api/2.0/secrets/scopes/list"])
def test_the_token_in_an_address_opens_nothing(pages: House, place: str, name: str) -> None:
    answer = pages.anybody().get(place, params={name: TOKEN})
    assert answer.status_code in (401, 403)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.0/secrets/scopes/list"),
        ("POST", "/api/2.0/secrets/scopes/create"),
        ("POST", "/pages/login-codes"),
        ("GET", "/internal/1/secret?scope=a&key=b"),
        ("GET", "//api/2.0/secrets/scopes/list"),
    ],
)
def test_a_session_opens_pages_alone(browser: httpx.Client, method: str, path: str) -> None:
    assert browser.request(method, f"{ADDRESS}{path}").status_code in (401, 403)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:9999", "http://evil.example.com", "null", None])
def test_a_form_of_another_origin_is_refused(pages: House, origin: str | None) -> None:
    visitor = pages.visitor()
    del visitor.headers["Origin"]
    answer = visitor.post("/logout", headers={"Origin": origin} if origin else {})
    assert answer.status_code == 403
    assert visitor.get("/", headers={"Origin": ADDRESS}).status_code == 200, "the session must still be open"


def test_a_form_without_the_token_of_its_session_is_refused(pages: House, browser: httpx.Client) -> None:
    body = {"display_name": "q", "query_text": "select 1"}
    key = pages.api().post("/api/2.0/sql/queries", json={"query": body}).json()["id"]
    for form in ({}, {"form_token": "0" * 64}):
        refused = browser.post(f"/queries/{key}", data=form)
        assert refused.status_code == 403
        assert "of another session" in refused.text


def test_a_page_says_what_a_browser_may_do_with_it(browser: httpx.Client) -> None:
    headers = browser.get("/").headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert "script-src" not in policy
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert headers["Cache-Control"] == "no-store"


def test_a_browser_that_meets_no_page_gets_words(browser: httpx.Client) -> None:
    answer = browser.get("/jobz")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "This is not a page" in answer.text


def test_without_a_workspace_there_is_no_link(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="make demo starts one"):
        page_link(tmp_path)
