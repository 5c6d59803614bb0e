"""A proxy that stands between any client and any HTTP server, records what passes, and does harm on request.

with through(workspace.host) as proxy:
    proxy.inject(Fault(Status(503), path="/api/2.2/jobs/create", times=2), Fault(Drop(), "POST", after=True))
    ...  # the client talks to proxy.host
    proxy.heal()
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_OF_ONE_CONNECTION = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Status:
    """The answer is this status, with Retry-After where seconds are given."""

    code: int
    retry_after: int | None = None


@dataclass(frozen=True)
class Latency:
    """The request, or its answer, is late."""

    seconds: float


@dataclass(frozen=True)
class Drop:
    """The connection is reset."""


@dataclass(frozen=True)
class Hold:
    """The request, or its answer, waits until the test lets it go on; `arrived` counts those that wait."""

    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)


Harm = Status | Latency | Drop | Hold


@dataclass(frozen=True)
class Fault:
    """One harm to the requests whose whole method and path with query match, before or after they take effect."""

    harm: Harm
    method: str = ".*"
    path: str = ".*"
    times: int | None = 1  # None: until healed
    skip: int = 0  # so many matching requests pass unharmed first
    after: bool = False


@dataclass(frozen=True)
class Request:
    """One request that reached the proxy; `status` is what the server said, None when it was never asked."""

    method: str
    path: str
    status: int | None
    body: Any


class Proxy:
    """What the test sees of a running proxy."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.requests: list[Request] = []
        self.errors: list[BaseException] = []
        self._faults: list[tuple[Fault, list[int]]] = []  # with the number of matches so far
        self._lock = threading.Lock()

    def inject(self, *faults: Fault) -> None:
        """Add faults; of those that match a request at one stage, the first that is not used up acts."""
        with self._lock:
            self._faults += [(fault, [0]) for fault in faults]

    def heal(self) -> None:
        """Forget every fault, and let go what is held."""
        with self._lock:
            held = [fault.harm for fault, _ in self._faults if isinstance(fault.harm, Hold)]
            self._faults.clear()
        for hold in held:
            hold.go_on.set()

    def harm(self, method: str, path: str, *, after: bool) -> Harm | None:
        """Return what is to happen to a request at this stage, and count it."""
        with self._lock:
            for fault, matches in self._faults:
                used_up = fault.times is not None and matches[0] >= fault.skip + fault.times
                fits = re.fullmatch(fault.method, method) and re.fullmatch(fault.path, path)
                if used_up or fault.after is not after or not fits:
                    continue
                matches[0] += 1
                if matches[0] > fault.skip:
                    return fault.harm
        return None


@contextlib.contextmanager
def through(target: str) -> Iterator[Proxy]:
    """Run a proxy to an http:// address; whatever goes wrong inside it is raised at the end."""
    proxy = Proxy("")
    server = _Server(proxy, target.removeprefix("http://"))
    proxy.host = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.heal()
        server.shutdown()
        thread.join()
        server.server_close()
    if proxy.errors:
        raise ExceptionGroup("the proxy failed", [error for error in proxy.errors if isinstance(error, Exception)])


def storm(seed: int, *, requests: int) -> list[Fault]:
    """Return two or three faults of any kind, each once or twice, scattered over about so many requests."""
    dice = random.Random(seed)
    # A 503 says that nothing was done. What may have been done answers 500, or not at all.
    menu: list[tuple[Harm, bool]] = [
        (Status(429, retry_after=0), False),
        (Status(429), False),
        (Status(503), False),
        (Status(500), False),
        (Status(500), True),
        (Drop(), False),
        (Drop(), True),
        (Latency(0.2), False),
        (Latency(0.2), True),
    ]
    drawn = [dice.choice(menu) for _ in range(dice.randint(2, 3))]
    return [Fault(harm, skip=dice.randrange(requests), times=dice.randint(1, 2), after=after) for harm, after in drawn]


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a held request must not outlive its test

    def __init__(self, proxy: Proxy, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.target = target

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what went wrong; that the client is gone is no error, it may have been killed."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.proxy.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self._suffer(after=False)
        status = None
        if answer is None:
            try:
                answer = self._ask(body)
            except (OSError, http.client.HTTPException):
                # Nobody behind the proxy, or one that died at its answer: the client sees what it would without us.
                self._reset()
                return
            status = answer[0]
        self.server.proxy.requests.append(Request(self.command, self.path, status, _parsed(body)))
        if status is not None:
            answer = self._suffer(after=True) or answer
        if answer == _NO_ANSWER:
            self._reset()
        else:
            self._answer(*answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

    def _suffer(self, *, after: bool) -> _Answer | None:
        """Let the harm of this stage happen; return the answer that it puts in place of the server's."""
        match self.server.proxy.harm(self.command, self.path, after=after):
            case Status(code, retry_after):
                headers = {"Content-Type": "application/json"}
                headers |= {} if retry_after is None else {"Retry-After": str(retry_after)}
                return code, headers, b'{"error_code": "INJECTED", "message": "injected"}'
            case Drop():
                return _NO_ANSWER
            case Latency(seconds):
                time.sleep(seconds)
            case Hold(arrived, go_on):
                arrived.release()
                go_on.wait()
        return None

    def _ask(self, body: bytes) -> _Answer:
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_CONNECTION}
        connection.request(self.command, self.path, body or None, headers)
        response = connection.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _OF_ONE_CONNECTION}
        answer = response.status, kept, response.read()
        connection.close()
        return answer

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """Close without the courtesies of TCP, so that the client gets a reset and not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        pass


_Answer = tuple[int, dict[str, str], bytes]
_NO_ANSWER: _Answer = (0, {}, b"")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body  # a file's content, for one
