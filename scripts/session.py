"""One command's dealings with one environment: its client, where it speaks, how it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from rich.console import Console

from infra.environments import Environment
from scripts import connection
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
            self.out.print(json.dumps(said), markup=False, highlight=False, soft_wrap=True, emoji=False)
        elif text:
            self.out.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)

    def tell(self, text: str, style: str = "") -> None:
        """Say something on the way; it is no part of the answer."""
        self.err.print(text, style=style, markup=False, highlight=False, soft_wrap=True, emoji=False)


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
