"""From a request to a view and back to HTML, with the headers that every page carries."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from local.errors import ApiError
from local.pages import words
from local.pages.door import Door, cookie_name
from local.pages.notice import HEADERS
from local.workspace.clock import milliseconds

ASSETS = Path(__file__).parent / "assets"
SECTIONS = (
    ("/", "Home"),
    ("/jobs", "Jobs"),
    ("/dashboards", "Dashboards"),
    ("/alerts", "Alerts"),
    ("/data", "Data"),
    ("/queries", "Queries"),
    ("/files", "Files"),
    ("/platform", "Platform"),
)


class Templates(Environment):
    """Templates that escape; an optional field that an API object lacks reads as None, a forgotten name raises."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.filters |= words.FILTERS
        self.tests |= words.TESTS

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what a dot in a template means."""
        if isinstance(obj, dict) and not hasattr(obj, attribute):
            return obj.get(attribute)
        return super().getattr(obj, attribute)


@dataclass(frozen=True)
class Visit:
    """One request for a page: parts of its path, its query, its form."""

    path: dict[str, str]
    query: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """What a view answers: a template and what it shows. A live page loads itself again until it is asked not to."""

    template: str
    title: str
    content: Mapping[str, Any]
    live: bool = False


View = Callable[[Visit], "Page | Response"]


class Site:
    """Makes routes of views; what they share is the templates, the user and the door."""

    def __init__(self, door: Door, user: str) -> None:
        self._door = door
        self._user = user
        self._templates = Templates(Path(__file__).parent / "templates")

    def get(self, path: str, view: View) -> Route:
        """Return the route of a page."""

        async def endpoint(request: Request) -> Response:
            visit = Visit(dict(request.path_params), dict(request.query_params))
            return await run_in_threadpool(self._answer, request, view, visit)

        return Route(path, endpoint, methods=["GET"])

    def post(self, path: str, view: View) -> Route:
        """Return the route of a form, which must carry the token of its session."""

        async def endpoint(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode(errors="replace")))
            visit = Visit(dict(request.path_params), dict(request.query_params), form)
            return await run_in_threadpool(self._answer, request, self._checked(request, view), visit)

        return Route(path, endpoint, methods=["POST"])

    def _checked(self, request: Request, view: View) -> View:
        def checked(visit: Visit) -> Page | Response:
            wanted = self._door.form_token(_session(request))
            if not hmac.compare_digest(visit.form.get("form_token", "").encode(), wanted.encode()):
                message = "This form is of another session. Load the page again, then send it."
                raise ApiError(403, "PERMISSION_DENIED", message)
            return view(visit)

        return checked

    def _answer(self, request: Request, view: View, visit: Visit) -> Response:
        try:
            answer = view(visit)
        except ApiError as error:
            title = HTTPStatus(error.status).phrase
            page = Page("error.html", title, {"message": error.message})
            return self._page(page, visit.query, request.url.path, error.status, _session(request))
        if isinstance(answer, Response):
            return answer
        return self._page(answer, visit.query, request.url.path, 200, _session(request))

    def _page(
        self, page: Page, query: Mapping[str, str], path: str, status: int = 200, session: str = ""
    ) -> HTMLResponse:
        root = "/" + path.lstrip("/").partition("/")[0]
        frame = {
            "title": page.title,
            "sections": SECTIONS,
            "section": root,
            "path": path,
            "user": self._user,
            "now": milliseconds(),
            "form_token": self._door.form_token(session),
            "live": page.live,
            "refreshing": page.live and query.get("refresh") != "off",
        }
        html = self._templates.get_template(page.template).render({**frame, **page.content})
        return HTMLResponse(html, status, headers=HEADERS)


def _session(request: Request) -> str:
    return request.cookies.get(cookie_name(request.headers.get("host", "")), "")
