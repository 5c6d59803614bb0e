"""The workspace's side: the Statement Execution API, and the Thrift path of each warehouse."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.engine.client import DriverClient, DriverUnavailable
from local.errors import ApiError, invalid, not_found
from local.jobs.compute import require_warehouse
from local.services import Services
from local.warehouse.waiting import Waiting, require_started
from local.workspace.call import Call, route

_UNFINISHED = ("PENDING", "RUNNING")
# The first call after a start finds a driver that needs 20 s, on a busy machine several times that.
_READY_SECONDS = 120.0
# Opening a session is the longest single call of the protocol.
_THRIFT_SECONDS = 120.0
_MARGIN_SECONDS = 30.0
_INLINE_BYTES = 25 * 1024 * 1024
_WAIT = re.compile(r"(\d+)s")
_ERROR_HEADER = "X-Databricks-Error-Or-Redirect-Message"


def routes(services: Services) -> list[Route]:
    """Return `/api/2.0/sql/statements…` and `/sql/1.0/{warehouses,endpoints}/<id>`."""
    statements = _Statements(services)

    async def thrift(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_thrift, services, request.path_params["id"], body)

    path = "/api/2.0/sql/statements"
    return [
        route("POST", path, statements.execute),
        route("GET", f"{path}/{{id}}", statements.get),
        route("POST", f"{path}/{{id}}/cancel", statements.cancel),
        route("GET", f"{path}/{{id}}/result/chunks/{{chunk}}", statements.chunk),
        *(Route(f"/sql/1.0/{kind}/{{id}}", thrift, methods=["POST"]) for kind in ("warehouses", "endpoints")),
    ]


class _Statements:
    """Handlers of the Statement Execution API; the driver keeps the statements."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting = Waiting(services.driver)

    def execute(self, call: Call) -> dict[str, Any]:
        """Start a statement and wait as long as the caller asks."""
        require_warehouse(self._services.store, call.text("warehouse_id"))
        key, seconds = str(uuid.uuid4()), _wait_seconds(call)
        body = _statement_body(call, key)
        on_timeout = call.optional("on_wait_timeout") or "CONTINUE"
        _one_of("on_wait_timeout", on_timeout, ("CONTINUE", "CANCEL"))
        deadline = time.monotonic() + seconds
        self._waiting.submit(body, seconds)
        answer = self._answer(key, max(0.0, deadline - time.monotonic()))
        if answer["state"] in _UNFINISHED and on_timeout == "CANCEL":
            self._cancel(key)
            answer = self._answer(key, 0)
        return _rendered(key, answer)

    def get(self, call: Call) -> dict[str, Any]:
        """Return a statement's state, and its rows when it has ended."""
        key = call.path["id"]
        return _rendered(key, self._answer(key, 0))

    def cancel(self, call: Call) -> None:
        """Cancel a statement."""
        self._cancel(call.path["id"])

    def chunk(self, call: Call) -> dict[str, Any]:
        """Return a chunk of a result; inline results have one, number 0."""
        key, number = call.path["id"], call.path["chunk"]
        answer = _rendered(key, self._answer(key, 0))
        if number != "0" or not answer.get("result"):
            raise not_found(f"Statement {key} has no chunk {number}.")
        return dict(answer["result"])

    def _answer(self, key: str, seconds: float) -> dict[str, Any]:
        waiting = self._waiting.answer(key)
        if waiting is not None:
            return waiting
        path = f"/statements/{key}?wait={seconds:.1f}"
        return self._call("GET", path, seconds + _MARGIN_SECONDS)

    def _cancel(self, key: str) -> None:
        if not self._waiting.cancel(key):
            self._call("DELETE", f"/statements/{key}", _MARGIN_SECONDS)

    def _call(self, method: str, path: str, timeout: float) -> dict[str, Any]:
        try:
            return _driver(self._services).call(method, path, timeout=timeout)
        except DriverUnavailable as error:
            raise _unavailable(error) from None


def _statement_body(call: Call, key: str) -> dict[str, Any]:
    """Return what the driver is told of a statement; what cannot be answered is refused."""
    _one_of("disposition", call.optional("disposition") or "INLINE", ("INLINE",))
    _one_of("format", call.optional("format") or "JSON_ARRAY", ("JSON_ARRAY",))
    return {
        "id": key,
        "sql": call.text("statement"),
        "parameters": call.body.get("parameters") or [],
        "catalog": call.optional("catalog"),
        "schema": call.optional("schema"),
        "row_limit": _limit(call, "row_limit"),
        "byte_limit": _limit(call, "byte_limit"),
    }


def _limit(call: Call, name: str) -> int | None:
    value = call.body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise invalid(f"{name} must be a positive number, not {value!r}.")
    return value


def _thrift(services: Services, warehouse: str, body: bytes) -> Response:
    """Hand the bytes of one call to the driver; refusals go in the header that SQL clients show."""
    try:
        require_warehouse(services.store, warehouse)
        client = _driver(services, _READY_SECONDS)
        answer = client.request("POST", "/thrift", content=body, timeout=_THRIFT_SECONDS)
    except DriverUnavailable as error:
        return _refusal(_unavailable(error))
    except ApiError as error:
        return _refusal(error)
    if answer.status_code != httpx.codes.OK:
        return _refusal(ApiError(answer.status_code, "INTERNAL_ERROR", f"The driver answered {answer.status_code}."))
    return Response(answer.content, media_type="application/x-thrift")


def _refusal(error: ApiError) -> Response:
    shown = error.message.encode("latin-1", "replace").decode("latin-1")
    body = {"error_code": error.error_code, "message": error.message}
    return JSONResponse(body, error.status, headers={_ERROR_HEADER: " ".join(shown.split())})


def _driver(services: Services, seconds: float = 0.0) -> DriverClient:
    """Return the driver's client, waiting for one that starts."""
    driver = services.driver
    try:
        if driver.started and seconds:
            driver.wait_ready(seconds)
        return driver.client()
    except DriverUnavailable as error:
        require_started(driver, error)
        raise _unavailable(error) from None


def _unavailable(error: DriverUnavailable) -> ApiError:
    return ApiError(503, "TEMPORARILY_UNAVAILABLE", str(error))


def _wait_seconds(call: Call) -> int:
    text = call.optional("wait_timeout") or "10s"
    match = _WAIT.fullmatch(text)
    seconds = int(match.group(1)) if match else -1
    if seconds != 0 and not 5 <= seconds <= 50:
        raise invalid(f"wait_timeout {text!r} must be 0s, or between 5s and 50s.")
    return seconds


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise invalid(f"{name} {value} is not supported by the local workspace; use {' or '.join(allowed)}.")


def _rendered(key: str, answer: dict[str, Any]) -> dict[str, Any]:
    status: dict[str, Any] = {"state": answer["state"]}
    rendered: dict[str, Any] = {"statement_id": key, "status": status}
    if answer["state"] == "FAILED":
        status["error"] = {"error_code": "BAD_REQUEST", "message": answer["error"]["message"]}
        status["sql_state"] = answer["error"]["sqlstate"]
    if answer["state"] != "SUCCEEDED":
        return rendered
    columns, rows = answer["columns"], answer["rows"]
    if answer["bytes"] > _INLINE_BYTES:
        message = (
            "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at"
            f" most {_INLINE_BYTES} bytes."
        )
        rendered["status"] = {"state": "FAILED", "error": {"error_code": "BAD_REQUEST", "message": message}}
        return rendered
    chunk = {"chunk_index": 0, "row_offset": 0, "row_count": len(rows)}
    rendered["manifest"] = {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(columns), "columns": columns},
        "total_chunk_count": 1 if columns else 0,
        "chunks": [chunk] if columns else [],
        "total_row_count": len(rows),
        "truncated": answer["truncated"],
    }
    rendered["result"] = {**chunk, "data_array": rows} if columns else {}
    return rendered
