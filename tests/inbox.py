"""A real mail server for tests, and what it has received."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

_PATIENCE_SECONDS = 30


class Inbox:
    """What a mail server has received."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[Message] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content))
        return "250 OK"

    def to(self, recipient: str) -> list[Message]:
        return [message for message in self.messages if message["To"] == recipient]

    def subjects(self, recipient: str) -> list[str]:
        return [str(message["Subject"]) for message in self.to(recipient)]

    def wait(self, count: int) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(self.messages) < count:
            assert time.monotonic() < deadline, [message["Subject"] for message in self.messages]
            time.sleep(0.02)


@contextmanager
def receiving() -> Iterator[Inbox]:
    """Run a mail server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        inbox = Inbox(free.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, ready_timeout=30)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()
