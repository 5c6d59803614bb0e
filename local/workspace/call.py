"""From an HTTP request to a plain function call, and back to JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.errors import ApiError, invalid


@dataclass(frozen=True)
class Call:
    """One request: the parts of its path, its query and its JSON body."""

    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]

    def text(self, name: str) -> str:
        """Return a field that must be there and not empty, from the body or the query."""
        value = self.body.get(name, self.query.get(name))
        if value is None or value == "":
            raise invalid(f"Missing required field: {name}")
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise invalid(f"Field {name} must be a string, not {json.dumps(value)[:80]}")
        return str(value)

    def optional(self, name: str) -> str | None:
        """Return a field of the body or the query, or None when it is absent or empty."""
        return self.text(name) if self.body.get(name, self.query.get(name)) not in (None, "") else None

    def flag(self, name: str) -> bool:
        """Return a boolean of the body or the query; absent is false."""
        value = self.body.get(name, self.query.get(name, False))
        return value if isinstance(value, bool) else str(value).lower() == "true"

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a field of the body that must be an object."""
        value = self.body.get(name)
        if not isinstance(value, dict):
            raise invalid(f"Missing required field: {name}")
        return value


Handler = Callable[[Call], Any]


def route(method: str, path: str, handler: Handler) -> Route:
    """Bind a synchronous handler; it runs in a worker thread and returns a JSON value, None for `{}`, or a Response."""

    async def endpoint(request: Request) -> Response:
        raw, content_type = await request.body(), request.headers.get("content-type", "")
        body = _form(content_type, raw) if content_type.startswith("multipart/form-data") else _json_object(raw)
        call = Call(dict(request.path_params), dict(request.query_params), body)
        answer = await run_in_threadpool(handler, call)
        return answer if isinstance(answer, Response) else JSONResponse({} if answer is None else answer)

    return Route(path, endpoint, methods=[method])


def error_response(error: ApiError) -> JSONResponse:
    """Render an error as the API does."""
    return JSONResponse({"error_code": error.error_code, "message": error.message}, error.status)


def _json_object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ApiError(400, "MALFORMED_REQUEST", f"Invalid JSON given in the body of the request: {error}") from None
    if not isinstance(body, dict):
        raise ApiError(400, "MALFORMED_REQUEST", "The body of the request must be a JSON object")
    return body


def _form(content_type: str, raw: bytes) -> dict[str, Any]:
    """Read a form as its fields; a file becomes base64, as it would be in JSON."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw)
    fields: dict[str, Any] = {}
    for part in message.walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            is_file = part.get_filename() is not None
            fields[name] = base64.b64encode(content).decode() if is_file else content.decode()
    return fields


def page(call: Call, items: list[Any], name: str, size_field: str = "page_size") -> dict[str, Any]:
    """Return one page of a listing under its name, and the token of the next page if there is one."""
    start, size = _number(call, "page_token", 0), _number(call, size_field, 0) or 1000
    answer: dict[str, Any] = {name: items[start : start + size]}
    if start + size < len(items):
        answer["next_page_token"] = str(start + size)
    return answer


def _number(call: Call, name: str, default: int) -> int:
    value = call.optional(name)
    if value is None:
        return default
    if not value.isdecimal():
        raise invalid(f"{name} is invalid: {value!r}")
    return int(value)
