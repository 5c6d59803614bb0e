"""One line for each answered request: what was asked, how it ended, which client asked."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestLog:
    """ASGI middleware; a line is a JSON object and is in the file before its answer leaves."""

    def __init__(self, app: ASGIApp, path: Path) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note the status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"])
            await send(message)

        await self._app(scope, receive, noting)

    def _note(self, scope: Scope, status: int) -> None:
        # Neither query nor body: they may hold what nobody should read in a log.
        line = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "agent": Headers(scope=scope).get("user-agent", ""),
        }
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
