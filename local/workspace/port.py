"""One loopback port that speaks plain HTTP and TLS."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from local.workspace.root import RootError

HOST = "127.0.0.1"
TLS_HANDSHAKE = 0x16  # the first byte of every TLS connection, and of no HTTP request
PATIENCE_SECONDS = 30.0  # for the first byte, and for the handshake

log = logging.getLogger(__name__)


def bind(port: int) -> socket.socket:
    """Listen on loopback; 0 picks a free port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(256)
    except (OSError, OverflowError) as error:
        listener.close()
        raise RootError(f"cannot listen on {HOST}:{port}: {error}; choose another --port, or 0 for any") from None
    listener.setblocking(False)
    return listener


class DualServer(uvicorn.Server):
    """uvicorn, but each connection is plain or TLS as its first byte says."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        context: ssl.SSLContext,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._listener = listener
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in good order on SIGTERM and SIGINT; uvicorn's own way would then die of the signal."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept."""
        await super().startup(sockets=[])
        self._spawn(self._accept())
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, then let uvicorn close what is open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()
        await super().shutdown(sockets=[])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError as error:  # out of descriptors: others must close first
                log.error("cannot accept a connection: %s", error)
                await asyncio.sleep(0.2)
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._spawn(self._serve_connection(connection))

    async def _serve_connection(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            first = await asyncio.wait_for(_peek(connection), PATIENCE_SECONDS)
            secure = first[:1] == bytes([TLS_HANDSHAKE])
            if not first:
                raise ConnectionError("closed before the first byte")
            await loop.connect_accepted_socket(
                self._protocol,
                connection,
                ssl=self._context if secure else None,
                ssl_handshake_timeout=PATIENCE_SECONDS if secure else None,
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError; the client's fault, not ours
            log.debug("connection dropped: %s", error)
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


async def _peek(connection: socket.socket) -> bytes:
    """Return the first byte without taking it; empty when the client closed."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)
