"""One command's dealings with one environment: its client, where it speaks, how it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from rich.console import Console

from infra.environments import Environment
from scripts import connection
from scripts.console import say, say_json
from scripts.errors import CommandError


@dataclass(frozen=True)
class Session:
    """An environment, its workspace, and two voices: `out` for the answer, `err` for what is said meanwhile."""

    env: Environment
    client: WorkspaceClient
    as_json: bool
    out: Console
    err: Console

    def answer(self, said: Mapping[str, Any], text: str = "") -> None:
        """Print the answer: one JSON object where that is wanted, else the text."""
        if self.as_json:
            say_json(self.out, said)
        elif text:
            say(self.out, text)

    def tell(self, text: str, style: str = "") -> None:
        """Say something on the way; it is no part of the answer."""
        say(self.err, text, style)


def begin(environment: str, as_json: bool) -> Session:
    """Return a session with the workspace of an environment; CommandError when there is none."""
    env = connection.environment(environment)
    return Session(env, connection.connect(env), as_json, Console(), Console(stderr=True))


@contextmanager
def asking(client: WorkspaceClient) -> Iterator[None]:
    """Turn what the workspace refuses, or its silence, into one line."""
    try:
        yield
    except (DatabricksError, OSError, TimeoutError) as error:
        raise CommandError(f"Workspace {client.config.host}: {connection.first_line(error)}") from error
