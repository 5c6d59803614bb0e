"""The local workspace of this checkout: started when needed, found again when it already runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.pages.link import login_link
from local.workspace import process
from scripts.errors import CommandError
from scripts.toolchain import ROOT

HOME = ROOT / ".local" / "workspace"
STATE = ROOT / ".local" / "state"
STOP_SECONDS = 30


@dataclass(frozen=True)
class Workspace:
    """How to reach a workspace."""

    host: str
    token: str
    pid: int | None
    started: bool


def find(root: Path = HOME) -> Workspace | None:
    """Return the workspace that already serves this root, or None."""
    try:
        server = json.loads((root / "server.json").read_text())
        token = (root / "token").read_text().strip()
        answer = httpx.get(
            f"{server['host']}/api/2.0/preview/scim/v2/Me", headers={"Authorization": f"Bearer {token}"}, timeout=5
        )
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        return None  # nothing of ours answers there: never started, stopped, or killed
    return Workspace(server["host"], token, int(server["pid"]), started=False) if answer.status_code == 200 else None


def ensure(port: int, root: Path = HOME) -> Workspace:
    """Return the workspace on this root, started in the background when it does not run yet."""
    running = find(root)
    if running is not None:
        return running
    try:
        fresh = process.start(root, port=port, detach=True)
    except process.WorkspaceError as error:
        raise CommandError(str(error)) from error
    return Workspace(fresh.host, fresh.token, fresh.pid, started=True)


def page_link(root: Path = HOME) -> str:
    """Return a link that opens the pages of the running workspace once, within five minutes."""
    running = find(root)
    if running is None:
        raise CommandError("No workspace of this checkout is running: make demo starts one.")
    try:
        return login_link(running.host, running.token)
    except httpx.HTTPError as error:
        raise CommandError(f"The workspace gives no link to its pages: {error}") from error


def reset(root: Path = HOME, state: Path = STATE) -> None:
    """Stop the workspace on this root and remove all it holds, and the Terraform state that says so."""
    stop(root)
    for folder in (root, state):  # a kill in between is mended by running it again
        if folder.exists():
            shutil.rmtree(folder)


def stop(root: Path = HOME) -> bool:
    """End the workspace on this root; return whether one was running."""
    running = find(root)
    if running is None or running.pid is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(running.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    raise CommandError(f"The workspace (process {running.pid}) did not stop within {STOP_SECONDS} s.")
