"""The driver's own HTTP."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from local.engine.dbutils import Context
from local.engine.notebook import Notebook
from local.engine.runs import NotebookRuns, Request
from local.engine.sessions import Sessions
from local.errors import ApiError, invalid, not_found

LONGEST_WAIT_SECONDS = 30.0


def build_app(sessions: Sessions, runs: NotebookRuns, token: str, warehouse: Sequence[BaseRoute]) -> Starlette:
    """Return the application; every call needs the token."""

    def health(_: HttpRequest) -> Response:
        return JSONResponse({"spark": sessions.version})

    def get_run(request: HttpRequest) -> Response:
        run = runs.get(request.path_params["key"])
        if run is None:
            return _error(not_found(f"Notebook run {request.path_params['key']} is unknown to this driver."))
        run.settled.wait(min(float(request.query_params.get("wait", 0)), LONGEST_WAIT_SECONDS))
        return JSONResponse(run.answer())

    def cancel_run(request: HttpRequest) -> Response:
        run = runs.get(request.path_params["key"])
        if run is None:
            return _error(not_found(f"Notebook run {request.path_params['key']} is unknown to this driver."))
        run.cancel()
        return JSONResponse({})

    def put_catalogs(body: Any) -> Response:
        sessions.ensure({str(name): [str(schema) for schema in schemas] for name, schemas in body.items()})
        return JSONResponse({})

    def post_run(body: Any) -> Response:
        runs.submit(_request(body))
        return JSONResponse({}, status_code=202)

    routes: list[BaseRoute] = [
        Route("/health", health),
        Route("/catalogs", _with_body(put_catalogs), methods=["PUT"]),
        Route("/notebook-runs", _with_body(post_run), methods=["POST"]),
        Route("/notebook-runs/{key}", get_run, methods=["GET"]),
        Route("/notebook-runs/{key}", cancel_run, methods=["DELETE"]),
        *warehouse,
    ]
    return Starlette(routes=routes, middleware=[Middleware(_TokenGate, token=token)])


def _request(body: dict[str, Any]) -> Request:
    context = body.get("context", {})
    return Request(
        key=str(body["key"]),
        notebook=Notebook(str(body["path"]), str(body["language"]), str(body["source"])),
        parameters={str(name): str(value) for name, value in body.get("parameters", {}).items()},
        context=Context(
            job_id=context.get("job_id"),
            run_id=context.get("run_id"),
            task_run_id=context.get("task_run_id"),
            task_key=context.get("task_key"),
            user=context.get("user", ""),
            host=context.get("host", ""),
        ),
    )


def _with_body(handler: Callable[[Any], Response]) -> Callable[[HttpRequest], Any]:
    """Read the body as JSON, then handle it on a thread: Spark calls block."""

    async def endpoint(request: HttpRequest) -> Response:
        body = await request.json()
        try:
            return await run_in_threadpool(handler, body)
        except KeyError as error:
            return _error(invalid(f"{request.method} {request.url.path}: {error} is missing."))

    return endpoint


def _error(error: ApiError) -> Response:
    return JSONResponse({"error_code": error.error_code, "message": error.message}, status_code=error.status)


class _TokenGate:
    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = ApiError(401, "UNAUTHENTICATED", "The driver's token is missing or wrong.")
                await _error(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)
