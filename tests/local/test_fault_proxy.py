"""The tool that does harm does exactly the harm it is asked for."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults import Drop, Fault, Hold, Latency, Proxy, Status, storm, through


@dataclass(frozen=True)
class Backend:
    """A server that counts its effects, behind a proxy."""

    proxy: Proxy
    effects: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.proxy.host.removeprefix("http://"), timeout=10)
        try:
            connection.request(method, path, b"{}" if method == "POST" else None)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@pytest.fixture
def backend() -> Iterator[Backend]:
    effects: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            effects.append(f"{self.command} {self.path}")
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with through(f"http://127.0.0.1:{server.server_port}") as proxy:
        yield Backend(proxy, effects)
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_injected_is_nothing_changed(backend: Backend) -> None:
    assert backend.ask("POST", "/a?b=c") == (200, b"ok")
    assert backend.effects == ["POST /a?b=c"]
    assert [(r.method, r.path, r.status, r.body) for r in backend.proxy.requests] == [("POST", "/a?b=c", 200, {})]


def test_a_status_comes_so_many_times_where_it_fits_and_without_effect(backend: Backend) -> None:
    backend.proxy.inject(Fault(Status(503), "POST", "/a.*", times=2, skip=1))
    assert [backend.ask("POST", "/a1")[0] for _ in range(4)] == [200, 503, 503, 200]
    backend.proxy.inject(Fault(Status(429), "GET"))
    assert backend.ask("POST", "/a")[0] == 200
    assert backend.ask("GET", "/b")[0] == 429
    assert len(backend.effects) == 3
    assert [request.status for request in backend.proxy.requests] == [200, None, None, 200, 200, None]


def test_a_status_after_the_effect_hides_it(backend: Backend) -> None:
    backend.proxy.inject(Fault(Status(500), after=True))
    assert backend.ask("POST", "/a")[0] == 500
    assert backend.effects == ["POST /a"]


@pytest.mark.parametrize("after", [False, True])
def test_a_dropped_connection_is_a_reset(backend: Backend, after: bool) -> None:
    backend.proxy.inject(Fault(Drop(), after=after))
    with pytest.raises(ConnectionResetError):
        backend.ask("GET", "/a")
    assert len(backend.effects) == after
    assert backend.ask("GET", "/a")[0] == 200


def test_a_held_request_waits_to_be_let_go(backend: Backend) -> None:
    hold = Hold()
    backend.proxy.inject(Fault(hold, after=True))
    asking = threading.Thread(target=backend.ask, args=("POST", "/a"))
    asking.start()
    assert hold.arrived.acquire(timeout=10)
    assert backend.effects == ["POST /a"]
    assert asking.is_alive()
    backend.proxy.heal()
    asking.join(10)
    assert not asking.is_alive()


def test_latency_is_added_and_healing_ends_what_was_to_last(backend: Backend) -> None:
    backend.proxy.inject(Fault(Latency(1), times=None))
    started = time.monotonic()
    backend.ask("GET", "/a")
    assert time.monotonic() - started >= 1
    backend.proxy.heal()
    started = time.monotonic()
    backend.ask("GET", "/a")
    assert time.monotonic() - started < 1


def test_a_server_that_is_gone_looks_gone() -> None:
    with through("http://127.0.0.1:1") as proxy, pytest.raises(ConnectionResetError):
        Backend(proxy).ask("GET", "/a")


def test_a_proxy_that_fails_says_so() -> None:
    def fail() -> None:
        with through("http://127.0.0.1:1") as proxy:
            proxy.inject(Fault(Status("no number")))  # type: ignore[arg-type]
            with pytest.raises(http.client.RemoteDisconnected):
                Backend(proxy).ask("GET", "/a")

    with pytest.raises(ExceptionGroup, match="the proxy failed"):
        fail()


def test_a_storm_is_its_seed() -> None:
    storms = [storm(seed, requests=20) for seed in range(50)]
    assert storms == [storm(seed, requests=20) for seed in range(50)]
    harms = {(fault.harm, fault.after) for faults in storms for fault in faults}
    assert len(harms) == 9, "fifty storms have every harm"
    assert all(2 <= len(faults) <= 3 for faults in storms)
