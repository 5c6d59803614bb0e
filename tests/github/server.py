"""The part of GitHub's REST API that we call, over HTTP on loopback, with what goes wrong on demand.

Answers have the fields of the API's documentation (docs.github.com/en/rest, version 2022-11-28) that a client reads;
a path that is not here answers 501 and is a failure of the test that asked.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "ghs_canary0123456789abcdefghijklmnop"
REPOSITORY = "shop/platform"
BODY_LIMIT = 65_536
BOT = {"login": "github-actions[bot]", "type": "Bot"}
STRANGER = {"login": "stranger", "type": "User"}


@dataclass
class Failure:
    """What goes wrong: the answer to requests that match, and whether they take effect before it."""

    method: str
    path: str
    status: int
    times: int
    message: str = "Server Error"
    headers: dict[str, str] = field(default_factory=dict)
    takes_effect: bool = False


class GitHub:
    """Issues, comments and labels of one repository; `calls` are the requests seen, as `METHOD path`."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[str] = []
        self.unknown: list[str] = []
        self.failures: list[Failure] = []
        self.user: dict[str, str] | None = None  # who /user says; None is a token of GitHub Actions
        self.clear()

    def clear(self) -> None:
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.labels: dict[str, dict[str, Any]] = {}
        self._numbers, self._ids = count(1), count(1000)
        self.calls.clear()
        self.failures.clear()
        self.user = None

    def fail(self, method: str, path: str, status: int, times: int = 1, **more: Any) -> None:
        """Answer the next `times` requests whose path matches with `status`."""
        self.failures.append(Failure(method, path, status, times, **more))

    def writes(self) -> list[str]:
        return [each for each in self.calls if not each.startswith("GET ")]

    def comments_of(self, number: int) -> list[dict[str, Any]]:
        return [each for each in self.comments.values() if each["issue"] == number]

    def add_issue(self, title: str, body: str, labels: list[str], pull: bool = False, **more: Any) -> dict[str, Any]:
        number = next(self._numbers)
        kind = "pull" if pull else "issues"
        issue = {
            "number": number,
            "id": next(self._ids),
            "title": title,
            "body": body,
            "state": "open",
            "state_reason": None,
            "user": BOT,
            "labels": [self.labels.setdefault(name, _label(name, "ededed")) for name in labels],
            "url": f"{self.url}/repos/{REPOSITORY}/issues/{number}",
            "html_url": f"https://github.com/{REPOSITORY}/{kind}/{number}",
            **({"pull_request": {"url": f"{self.url}/repos/{REPOSITORY}/pulls/{number}"}} if pull else {}),
            **more,
        }
        self.issues[number] = issue
        return issue

    def add_comment(self, number: int, body: str, user: dict[str, str] = BOT) -> dict[str, Any]:
        key = next(self._ids)
        comment = {
            "id": key,
            "issue": number,
            "body": body,
            "user": user,
            "url": f"{self.url}/repos/{REPOSITORY}/issues/comments/{key}",
            "html_url": f"{self.issues[number]['html_url']}#issuecomment-{key}",
        }
        self.comments[key] = comment
        return comment

    async def answer(self, request: Request) -> Response:
        """Answer one request: the token first, then what is to fail, then what the API does."""
        path = request.url.path.removeprefix(f"/repos/{REPOSITORY}")
        self.calls.append(f"{request.method} {path}")
        if request.headers.get("authorization") != f"token {TOKEN}":
            return _error(401, "Bad credentials")
        failure = next((each for each in self.failures if _matches(each, request.method, path)), None)
        if failure:
            failure.times -= 1
            if failure.takes_effect:
                await self._do(request, path)
            return _error(failure.status, failure.message, failure.headers)
        return await self._do(request, path)

    async def _do(self, request: Request, path: str) -> Response:
        body = json.loads(await request.body() or b"{}")
        for method, pattern, name in ROUTES:
            found = re.fullmatch(pattern, path)
            if method == request.method and found:
                if len(body.get("body") or "") > BODY_LIMIT:
                    return _error(422, "Validation Failed", errors=["body is too long (maximum is 65536 characters)"])
                return getattr(self, name)(request, body, *found.groups())
        self.unknown.append(f"{request.method} {path}")
        return _error(501, f"{request.method} {path} is not part of this server")

    def _me(self, request: Request, body: dict[str, Any]) -> Response:
        if self.user is None:
            return _error(403, "Resource not accessible by integration")
        return JSONResponse(self.user)

    def _list_issues(self, request: Request, body: dict[str, Any]) -> Response:
        wanted = request.query_params
        names = set(filter(None, wanted.get("labels", "").split(",")))
        state = wanted.get("state", "open")
        found = [
            issue
            for issue in reversed(self.issues.values())  # the newest first, as GitHub does
            if state in ("all", issue["state"]) and names <= {label["name"] for label in issue["labels"]}
        ]
        return self._page(request, found)

    def _create_issue(self, request: Request, body: dict[str, Any]) -> Response:
        return JSONResponse(self.add_issue(body["title"], body.get("body"), body.get("labels", [])), 201)

    def _get_issue(self, request: Request, body: dict[str, Any], number: str) -> Response:
        issue = self.issues.get(int(number))
        return JSONResponse(issue) if issue else _error(404, "Not Found")

    def _edit_issue(self, request: Request, body: dict[str, Any], number: str) -> Response:
        issue = self.issues[int(number)]
        if body.get("state_reason") not in (None, "completed", "not_planned", "duplicate", "reopened"):
            return _error(422, "Validation Failed", errors=[{"field": "state_reason", "code": "invalid"}])
        if issue["state"] == "closed" and body.get("state") == "open":
            issue["state_reason"] = "reopened"
        issue.update(body)
        return JSONResponse(issue)

    def _list_comments(self, request: Request, body: dict[str, Any], number: str) -> Response:
        return self._page(request, self.comments_of(int(number)))

    def _create_comment(self, request: Request, body: dict[str, Any], number: str) -> Response:
        return JSONResponse(self.add_comment(int(number), body["body"]), 201)

    def _edit_comment(self, request: Request, body: dict[str, Any], key: str) -> Response:
        self.comments[int(key)].update(body=body["body"])
        return JSONResponse(self.comments[int(key)])

    def _delete_comment(self, request: Request, body: dict[str, Any], key: str) -> Response:
        del self.comments[int(key)]
        return Response(status_code=204)

    def _create_label(self, request: Request, body: dict[str, Any]) -> Response:
        if body["name"] in self.labels:
            return _error(422, "Validation Failed", errors=[{"resource": "Label", "code": "already_exists"}])
        self.labels[body["name"]] = _label(**body)
        return JSONResponse(self.labels[body["name"]], 201)

    def _page(self, request: Request, found: list[dict[str, Any]]) -> Response:
        size, page = (int(request.query_params.get(name, default)) for name, default in (("per_page", 30), ("page", 1)))
        size = min(size, 100)
        links = {}
        if page * size < len(found):
            links["link"] = f'<{request.url.include_query_params(page=page + 1)}>; rel="next"'
        return JSONResponse(found[(page - 1) * size : page * size], headers=links)


ROUTES = (
    ("GET", r"/user", "_me"),
    ("GET", r"/issues", "_list_issues"),
    ("POST", r"/issues", "_create_issue"),
    ("GET", r"/issues/(\d+)", "_get_issue"),
    ("PATCH", r"/issues/(\d+)", "_edit_issue"),
    ("GET", r"/issues/(\d+)/comments", "_list_comments"),
    ("POST", r"/issues/(\d+)/comments", "_create_comment"),
    ("PATCH", r"/issues/comments/(\d+)", "_edit_comment"),
    ("DELETE", r"/issues/comments/(\d+)", "_delete_comment"),
    ("POST", r"/labels", "_create_label"),
)


def _label(name: str, color: str, description: str = "") -> dict[str, Any]:
    return {"name": name, "color": color, "description": description, "url": ""}


def _matches(failure: Failure, method: str, path: str) -> bool:
    return failure.times > 0 and failure.method == method and bool(re.fullmatch(failure.path, path))


def _error(status: int, message: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    return JSONResponse({"message": message, **more}, status, headers)


@contextmanager
def serving() -> Iterator[GitHub]:
    """Serve a repository on a free port of loopback."""
    github = GitHub()
    listener = socket.create_server(("127.0.0.1", 0))
    github.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    methods = ["GET", "POST", "PATCH", "DELETE", "PUT"]
    app = Starlette(routes=[Route("/{path:path}", github.answer, methods=methods)])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield github
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
