"""The gRPC side: protocol 6 requests in, answers or diagnostics out."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from local.provider import handshake, wire
from local.provider.protocol import Provider

_SERVICE = "/tfplugin6.Provider/"
_PARENT_POLL_SECONDS = 0.2
_SERVING = wire.encode("HealthCheck.Response", {"status": 1})


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Routes by method name; bodies are bytes until the table of messages reads them."""

    def __init__(self, provider: Provider, leave: threading.Event) -> None:
        self._provider = provider
        self._leave = leave

    def service(self, details: Any) -> Any:
        method = str(details.method)
        if method.startswith(_SERVICE):
            answer = self._provider.method(method.removeprefix(_SERVICE))
            return None if answer is None else _unary(answer)
        if method == "/grpc.health.v1.Health/Check":
            return _unary(lambda _: _SERVING)
        if method == "/plugin.GRPCController/Shutdown":
            return _unary(self._shutdown)
        if method == "/plugin.GRPCStdio/StreamStdio":
            return grpc.unary_stream_rpc_method_handler(self._stdio)
        return None

    def _shutdown(self, _: bytes) -> bytes:
        self._leave.set()
        return b""

    def _stdio(self, _: bytes, context: Any) -> Iterator[bytes]:
        """Terraform listens for output here; there is none, the stream just stays open."""
        context.add_callback(self._leave.set)
        self._leave.wait()
        return iter(())


def _unary(answer: Callable[[bytes], bytes]) -> Any:
    return grpc.unary_unary_rpc_method_handler(lambda request, context: answer(request))


def serve() -> None:
    """Answer Terraform until it says goodbye or is gone; requests under way are finished either way."""
    handshake.require_terraform()
    # Ctrl-C reaches the whole process group; Terraform decides what happens to us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    leave = threading.Event()
    provider = Provider()
    with ThreadPoolExecutor(max_workers=32) as pool:
        server = grpc.server(
            pool,
            [_Handler(provider, leave)],
            options=[("grpc.max_receive_message_length", 256 << 20), ("grpc.max_send_message_length", 256 << 20)],
        )
        line = handshake.listen(server)
        server.start()
        print(line, flush=True)  # noqa: T201 - the handshake is the one line that belongs on stdout
        while not leave.wait(_PARENT_POLL_SECONDS) and os.getppid() == parent:
            pass
        leave.set()
        server.stop(grace=0.5).wait()
    provider.close()
