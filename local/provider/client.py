"""The workspace's REST API over loopback: keep-alive connections, careful repeats, errors in the workspace's words."""

from __future__ import annotations

import http.client
import ipaddress
import itertools
import json
import random
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from local.provider.resource import Object

DEFAULT_RETRY_SECONDS = 5.0
USER_AGENT = "local-terraform-provider"  # the request log of a workspace tells its clients apart by this
_GONE_CODES = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "SCHEMA_DOES_NOT_EXIST", "CATALOG_DOES_NOT_EXIST"}


class ApiError(Exception):
    """The workspace answered no; `refused` means that it surely did nothing."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.status = status
        self.code = code
        self.message = message

    @property
    def refused(self) -> bool:
        """Tell whether the request surely changed nothing."""
        return 400 <= self.status < 500

    @property
    def missing(self) -> bool:
        """Tell whether the object in question is not there."""
        return self.status == 404 or self.code in _GONE_CODES


class UnreachableError(Exception):
    """No answer: the workspace is down, or the connection broke."""


@dataclass(frozen=True)
class Access:
    """Where the workspace is and how to enter it."""

    host: str
    token: str
    retry_seconds: float = DEFAULT_RETRY_SECONDS
    requests_per_second: float = 0.0  # 0 means no limit


def loopback_url(host: str) -> SplitResult:
    """Parse a host and raise ValueError unless it names this machine."""
    url = urlsplit(host if "://" in host else f"https://{host}")
    name = url.hostname or ""
    try:
        loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        loopback = name == "localhost"
    if url.scheme not in ("http", "https") or not loopback:
        raise ValueError(
            f"the local provider talks to this machine only, and {host!r} is not on loopback; "
            "use http://127.0.0.1:<port>, or the official provider for a real workspace"
        )
    return url


@dataclass(frozen=True)
class _Setback:
    """A failed attempt: the error, the pause the server asks for, and whether another attempt is safe or of use."""

    error: Exception
    wait: float | None = None
    harmless: bool = False  # the server did nothing, so even a create may be sent again
    final: bool = False


class Client:
    """One workspace; threads may share it."""

    def __init__(self, access: Access) -> None:
        self._url = loopback_url(access.host)
        self._access = access
        self._local = threading.local()
        self._rate_lock = threading.Lock()
        self._me_lock = threading.Lock()
        self._next_slot = 0.0
        self._me: Object | None = None
        self.host = f"{self._url.scheme}://{self._url.netloc}"

    def get(self, path: str, /, **query: object) -> Object:
        """GET and return the answer."""
        return self._call("GET", path, query=query)

    def get_list(self, path: str) -> list[Object]:
        """GET an answer that is a list."""
        answer: Any = self._call("GET", path)
        return list(answer)

    def post(self, path: str, body: Object, *, repeatable: bool = True) -> Object:
        """POST and return the answer; repeatable says that sending it twice does no harm."""
        return self._call("POST", path, body, repeatable=repeatable)

    def put(self, path: str, body: Object) -> Object:
        """PUT and return the answer."""
        return self._call("PUT", path, body)

    def patch(self, path: str, body: Object, /, **query: object) -> Object:
        """PATCH and return the answer."""
        return self._call("PATCH", path, body, query=query)

    def delete(self, path: str, /, **query: object) -> Object:
        """DELETE; an object that is already gone is fine."""
        try:
            return self._call("DELETE", path, query=query)
        except ApiError as failure:
            if failure.missing:
                return {}
            raise

    def me(self) -> Object:
        """Return the current user, asked once per process."""
        with self._me_lock:
            if self._me is None:
                self._me = self.get("/api/2.0/preview/scim/v2/Me")
            return self._me

    def _call(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        *,
        query: dict[str, object] | None = None,
        repeatable: bool = True,
    ) -> Object:
        target = f"{path}?{urlencode(query)}" if query else path
        payload = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + self._access.retry_seconds
        for attempt in itertools.count(1):
            outcome = self._attempt(method, target, payload, fresh=not repeatable or attempt > 1)
            if not isinstance(outcome, _Setback):
                return outcome
            backoff = min(2.0, 0.1 * 2**attempt) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
            pause = backoff if outcome.wait is None else outcome.wait
            if not (repeatable or outcome.harmless) or outcome.final or time.monotonic() + pause > deadline:
                raise outcome.error
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _attempt(self, method: str, target: str, payload: bytes | None, *, fresh: bool) -> Object | _Setback:
        try:
            status, answer, wait = self._send(method, target, payload, fresh=fresh)
        except ConnectionRefusedError as error:
            text = f"no workspace answers at {self.host} ({error.strerror}): is it running?"
            return _Setback(UnreachableError(text), harmless=True)
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            return _Setback(UnreachableError(f"{method} {target} at {self.host} got no answer: {reason}"))
        if status < 400:
            return _parse(answer)
        busy = status in (429, 503)
        return _Setback(_failure(status, answer, target), wait, harmless=busy, final=not busy)

    def _send(self, method: str, target: str, payload: bytes | None, *, fresh: bool) -> tuple[int, bytes, float | None]:
        self._keep_rate()
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        # A kept connection may just have been closed by the server. What must not be sent twice gets a new one,
        # so that a reset can only mean that the request itself was cut.
        if connection is not None and fresh:
            connection.close()
        if connection is None:
            connection = self._local.connection = self._connect()
        headers = {
            "Authorization": f"Bearer {self._access.token}",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        try:
            connection.request(method, target, payload, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        after = response.headers.get("Retry-After", "")
        return response.status, answer, float(after) if after.isdigit() else None

    def _connect(self) -> http.client.HTTPConnection:
        name, timeout = self._url.hostname or "", 60
        if self._url.scheme == "http":
            return http.client.HTTPConnection(name, self._url.port or 80, timeout=timeout)
        return http.client.HTTPSConnection(
            name, self._url.port or 443, timeout=timeout, context=ssl.create_default_context()
        )

    def _keep_rate(self) -> None:
        if self._access.requests_per_second <= 0:
            return
        with self._rate_lock:
            slot = max(time.monotonic(), self._next_slot)
            self._next_slot = slot + 1 / self._access.requests_per_second
        time.sleep(max(0.0, slot - time.monotonic()))


def _parse(answer: bytes) -> Object:
    body: Object = json.loads(answer) if answer.strip() else {}
    return body


def _failure(status: int, answer: bytes, path: str) -> ApiError:
    try:
        body = json.loads(answer)
    except ValueError:
        body = {}
    message = body.get("message") if isinstance(body, dict) else None
    if status in (401, 403) and not message:
        message = "the token was not accepted"
    code = str(body.get("error_code", "")) if isinstance(body, dict) else ""
    return ApiError(status, code, str(message or f"HTTP {status} from {path}"))
