from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.environments import ENVIRONMENTS
from local.workspace.api import secrets, workspace
from scripts.session import Session
from tests.local.jobs import harness

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Desk:
    """An operator at a workspace: types commands, reads what they say."""

    workspace: harness.Workspace
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)

    def session(self, environment: str = "local", as_json: bool = True, terminal: bool = False) -> Session:
        for said in (self.out, self.err):
            said.seek(0)
            said.truncate()
        out, err = Console(file=self.out, width=200), Console(file=self.err, width=200, force_terminal=terminal)
        return Session(ENVIRONMENTS[environment], self.workspace.client, as_json, out, err)

    @property
    def answer(self) -> Any:
        return json.loads(self.out.getvalue())

    def job(self, key: str, *tasks: Any, environment: str = "local", **settings: Any) -> int:
        return self.workspace.job(*tasks, name=ENVIRONMENTS[environment].display_name(key), **settings)

    def started(self) -> list[str]:
        """Return the keys of the tasks that ran, in the order they started."""
        return [task for what, task, _ in self.workspace.driver.log if what == "start"]

    def forget(self) -> None:
        self.workspace.driver.log.clear()

    def variables(self) -> Mapping[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("DATABRICKS_")},
            "DATABRICKS_HOST": self.workspace.url,
            "DATABRICKS_TOKEN": harness.TOKEN,
            "DATABRICKS_AUTH_TYPE": "pat",
        }

    def typed(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start `ecom` as an operator would."""
        return subprocess.Popen(
            [sys.executable, "-m", "scripts", *arguments],
            cwd=ROOT,
            env={**self.variables(), **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A workspace with jobs, files and secrets whose notebooks do what their JSON says."""
    with harness.serving(
        tmp_path / "root",
        harness.FakeDriver(),
        more=lambda services: [*workspace.routes(services), *secrets.routes(services)],
    ) as served:
        yield Desk(served)
