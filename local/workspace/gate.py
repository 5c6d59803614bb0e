"""What every request passes before a route sees it: loopback names, the token, a limit on the body."""

from __future__ import annotations

import base64
import binascii
import hmac
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.errors import ApiError
from local.pages.door import Door, cookie_name, is_open, is_page
from local.pages.notice import notice
from local.workspace.call import error_response

OPEN_PATHS = frozenset({"/.well-known/databricks-config"})
INTERNAL = "/internal/"
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
MEGABYTE = 1024 * 1024
BODY_LIMIT = 32 * MEGABYTE  # a 10 MB workspace file is 13.4 MB in base64; a Thrift call is smaller
FILES_PATH, FILES_LIMIT = "/api/2.0/fs/files/", 5 * 1024 * MEGABYTE  # as the Files API says


class Gate:
    """ASGI middleware; the driver's token opens /internal/ and nothing else, a session the pages and nothing else."""

    def __init__(self, app: ASGIApp, token: str, internal_token: str, door: Door) -> None:
        self._app = app
        self._door = door
        self._token = token
        self._internal_token = internal_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        try:
            _check_host(headers.get("host", ""))
            if is_page(path):
                _check_origin(headers, scope["method"])
            if not self._has_session(headers, path) and path not in OPEN_PATHS:
                _check_token(headers, self._internal_token if path.startswith(INTERNAL) else self._token)
            limited = _limited(receive, headers, FILES_LIMIT if path.startswith(FILES_PATH) else BODY_LIMIT)
        except ApiError as error:
            answer = _page(error.status, path) if _wants_page(headers) else error_response(error)
            await answer(scope, receive, send)
            return
        await self._app(scope, limited, send)

    def _has_session(self, headers: Headers, path: str) -> bool:
        if not is_page(path):
            return False
        return is_open(path) or self._door.knows(_cookie(headers))


def _check_host(host: str) -> None:
    # A page of another site can make a browser call a loopback port; it cannot forge this header.
    name = host.rsplit(":", 1)[0]
    if name not in LOOPBACK:
        raise ApiError(
            421, "INVALID_PARAMETER_VALUE", f"Host {host!r} is not a loopback name: use 127.0.0.1 or localhost"
        )


def _check_origin(headers: Headers, method: str) -> None:
    # Another port of this machine is the same site: its pages could send our cookie, but not name our origin.
    origin, host = headers.get("origin"), headers.get("host")
    if origin is None and (method in ("GET", "HEAD") or "authorization" in headers):
        return
    if origin not in (f"http://{host}", f"https://{host}"):
        raise ApiError(403, "PERMISSION_DENIED", f"Origin {origin!r} is not this workspace.")


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(headers.get("host", "")))
    except CookieError:
        return ""
    return found.value if found else ""


def _wants_page(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "")


def _page(status: int, path: str) -> Response:
    """Return what a browser shows instead of what it may not see."""
    if not is_page(path):
        return notice(status, "This is not a page", "Pages begin at the address alone; all else wants a token.")
    message = "Your session has ended, or there was none. Ask for a new link where you started the workspace."
    return notice(status, "This workspace opens with a one-time link", message)


def _check_token(headers: Headers, token: str) -> None:
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        value = _basic_password(value)
    elif kind.lower() != "bearer" or not value.strip():
        message = "Credential was not sent or was of an unsupported type for this API."
        raise ApiError(401, "UNAUTHENTICATED", message)
    if not hmac.compare_digest(value.strip().encode(), token.encode()):
        raise ApiError(403, "PERMISSION_DENIED", "Invalid access token.")


def _basic_password(value: str) -> str:
    """Return the password of `token:<token>`, the form a browser or curl sends."""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _limited(receive: Receive, headers: Headers, limit: int) -> Receive:
    refusal = ApiError(413, "MAX_REQUEST_SIZE_EXCEEDED", f"The request body is larger than {limit // MEGABYTE} MB")
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > limit:
        raise refusal
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise refusal
        return message

    return counted
