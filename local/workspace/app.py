"""The application: every route, one error format, 501 for what we do not answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from local.errors import ApiError
from local.pages.door import Door
from local.workspace.call import error_response
from local.workspace.gate import Gate
from local.workspace.request_log import RequestLog

log = logging.getLogger(__name__)


def build(
    routes: Sequence[BaseRoute],
    root: Path,
    token: str,
    internal_token: str,
    lifespan: Any,
    door: Door | None = None,
    request_log: Path | None = None,
) -> Starlette:
    """Return the application that answers these routes and records every other request.

    Without the door of the pages nobody can log in: the token alone opens anything. With a request log it notes
    what it answered, and to which client.
    """

    def unknown(request: Request, _: Exception | None = None) -> Response:
        line = f"{request.method} {request.url.path}"
        with (root / "log" / "unknown_routes.log").open("a") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")
        return error_response(ApiError(501, "NOT_IMPLEMENTED", f"The local workspace does not answer {line}"))

    app = Starlette(
        routes=list(routes),
        middleware=[
            *([Middleware(RequestLog, path=request_log)] if request_log else []),
            Middleware(Gate, token=token, internal_token=internal_token, door=door or Door()),
        ],
        exception_handlers={ApiError: _api_error, 404: unknown, 405: unknown, HTTPException: unknown, Exception: _bug},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def _api_error(_: Request, error: Exception) -> Response:
    return error_response(cast(ApiError, error))


def _bug(request: Request, error: Exception) -> Response:
    # uvicorn logs the traceback; the client gets the kind of error, never its content
    message = f"{type(error).__name__} in {request.method} {request.url.path}; see log/workspace.log"
    return JSONResponse({"error_code": "INTERNAL_ERROR", "message": message}, 500)
