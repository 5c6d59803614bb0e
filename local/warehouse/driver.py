"""The warehouse's part of the Spark driver: its HTTP routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.engine.sessions import Sessions
from local.errors import ApiError, invalid
from local.warehouse.parameters import Parameter
from local.warehouse.sessions import OpenSessions
from local.warehouse.statements import Request, Statements
from local.warehouse.thrift import Endpoint

_LONGEST_WAIT = 60.0
# Calls that may wait at once, each on a thread; those of notebooks are counted apart.
_THREADS = 128


def routes(sessions: Sessions) -> list[Route]:
    """Return `/thrift` and `/statements` over the sessions of one Spark."""
    open_sessions = OpenSessions(sessions)
    endpoint = Endpoint(open_sessions)
    statements = Statements(open_sessions)
    limiter = anyio.CapacityLimiter(_THREADS)

    async def answered(work: Callable[[], dict[str, Any] | bytes | None], status: int = 200) -> Response:
        try:
            answer = await run_sync(work, limiter=limiter)
            if isinstance(answer, bytes):
                return Response(answer, media_type="application/x-thrift")
            return JSONResponse(answer or {}, status)
        except ApiError as error:
            return JSONResponse({"error_code": error.error_code, "message": error.message}, error.status)

    async def thrift(request: HttpRequest) -> Response:
        body = await request.body()
        return await answered(lambda: endpoint.answer(body))

    async def start(request: HttpRequest) -> Response:
        body = await request.json()
        return await answered(lambda: statements.start(_request(body)), 202)

    async def get(request: HttpRequest) -> Response:
        wait = min(float(request.query_params.get("wait", "0")), _LONGEST_WAIT)
        return await answered(lambda: statements.get(request.path_params["id"], wait))

    async def cancel(request: HttpRequest) -> Response:
        return await answered(lambda: statements.cancel(request.path_params["id"]))

    return [
        Route("/thrift", thrift, methods=["POST"]),
        Route("/statements", start, methods=["POST"]),
        Route("/statements/{id}", get, methods=["GET"]),
        Route("/statements/{id}", cancel, methods=["DELETE"]),
    ]


def _request(body: dict[str, Any]) -> Request:
    for name in ("id", "sql"):
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise invalid(f"Missing required field: {name}")
    return Request(
        id=body["id"],
        sql=body["sql"],
        parameters=_parameters(body.get("parameters") or []),
        catalog=body.get("catalog"),
        schema=body.get("schema"),
        row_limit=body.get("row_limit"),
        byte_limit=body.get("byte_limit"),
    )


def _parameters(sent: Any) -> list[Parameter]:
    """Take `[{name, value, type}]` as the API does, or `{name: text}` as job parameters are."""
    if isinstance(sent, dict):
        return [Parameter("STRING", str(value), name) for name, value in sent.items()]
    try:
        return [Parameter(each.get("type") or "STRING", each.get("value"), each["name"]) for each in sent]
    except (AttributeError, KeyError, TypeError):
        raise invalid(f"parameters must be a list of {{name, value, type}}, not {sent!r}") from None
