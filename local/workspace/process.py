"""Start the server as a process of its own and wait until it answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 60.0  # Spark and running tasks end first


class WorkspaceError(Exception):
    """The server did not start, or did not stop; the message says what it said last."""


@dataclass(frozen=True)
class RunningWorkspace:
    """A server that answers; also a context manager that stops it."""

    host: str
    token: str = field(repr=False)
    ca_file: Path
    root: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self.process.pid

    def stop(self) -> None:
        """End the server and its driver, in good order if it can."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise WorkspaceError(f"the workspace of {self.root} did not stop in {STOP_SECONDS:.0f} s; killed") from None
        finally:
            if self.process.stdin is not None:
                self.process.stdin.close()

    def __enter__(self) -> RunningWorkspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(root: Path, port: int = 0, arguments: Sequence[str] = (), detach: bool = False) -> RunningWorkspace:
    """Serve `root`; further arguments go to `python -m local.workspace` as they are (`--no-driver`).

    Detached, the server outlives this process and hears no Ctrl-C of its terminal; else it ends with it, killed or not.
    """
    root = root.resolve()
    arguments = (*arguments, *(() if detach else ("--leave-with-stdin",)))
    command = [sys.executable, "-m", "local.workspace", "--root", str(root), "--port", str(port), *arguments]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            # Notebooks must find the modules that were deployed, not those of whoever starts the server.
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdin=subprocess.DEVNULL if detach else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=detach,
        )
        try:
            where = _wait(root, process)
        except BaseException as error:
            process.kill()
            process.communicate()
            if isinstance(error, WorkspaceError):
                errors.seek(max(0, errors.seek(0, os.SEEK_END) - 2000))
                said = errors.read().decode(errors="replace").strip() or f"nothing; see {root}/log/workspace.log"
                raise WorkspaceError(f"{error}; it said: {said}") from None
            raise
    token = (root / "token").read_text().strip()
    return RunningWorkspace(where, token, root / "tls" / "cert.pem", root, process)


def _wait(root: Path, process: subprocess.Popen[bytes]) -> str:
    """Return the address once server.json is of this very process."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise WorkspaceError(f"the workspace of {root} ended with code {process.returncode} before it was ready")
        server_file = root / "server.json"
        if server_file.exists():
            said = json.loads(server_file.read_text())
            if said["pid"] == process.pid:
                return str(said["host"])
        time.sleep(0.03)
    raise WorkspaceError(f"the workspace of {root} was not ready after {START_SECONDS:.0f} s")
