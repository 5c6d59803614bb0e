"""Keeps one Spark driver process running."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.engine.client import DriverClient, DriverUnavailable
from local.errors import ApiError

STOP_SECONDS = 15.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_REPOSITORY = Path(__file__).resolve().parents[2]
Catalogs = Callable[[], Mapping[str, Sequence[str]]]
_log = logging.getLogger(__name__)


class DriverProcess:
    """Starts the driver in the background, starts another when it dies, stops it with `stop`.

    `known_catalogs` says which catalogs and schemas there are; a new driver hears it before its client is handed out.
    """

    def __init__(self, root: Path, internal_url: str, token: str, known_catalogs: Catalogs) -> None:
        self.log = root / "log" / "driver.log"
        self._command = [sys.executable, "-m", "local.engine", "--root", str(root), "--internal-url", internal_url]
        self._token = token
        self._known_catalogs = known_catalogs
        self._catalogs_changed = False
        self._changed = threading.Condition()
        self._client: DriverClient | None = None
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="driver-supervisor", daemon=True)

    def start(self) -> None:
        """Start the driver; returns at once."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def wait_ready(self, timeout: float) -> None:
        """Wait until the driver answers, else raise DriverUnavailable."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._client is not None or self._stopping.is_set(), timeout):
                raise DriverUnavailable(f"The Spark driver was not ready within {timeout:.0f} s: see {self.log}.")
        self.client()

    def client(self) -> DriverClient:
        """Return the client of the running driver, else raise DriverUnavailable."""
        client = self._client
        if client is None:
            if not self.started:
                raise DriverUnavailable("The Spark driver was not started: run the workspace without --no-driver.")
            state = "stopped" if self._stopping.is_set() else "starting"
            raise DriverUnavailable(f"The Spark driver is {state}: see {self.log}.")
        return client

    def catalogs(self, catalogs: Mapping[str, Sequence[str]]) -> None:
        """Tell the driver which catalogs and schemas there are; one that is not running hears it when it is ready."""
        with self._changed:
            client = self._client
            self._catalogs_changed = True
        if client is not None:
            # One that dies meanwhile is followed by another, which is told everything.
            with contextlib.suppress(DriverUnavailable):
                client.put_catalogs(catalogs)

    @property
    def started(self) -> bool:
        """Whether a driver was asked for at all."""
        return self._thread.ident is not None

    @property
    def pid(self) -> int | None:
        """Process id of the driver, or None when there is none."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """Stop the driver; returns when it is gone."""
        self._stopping.set()
        process = self._process
        if process is not None:
            _end(process)
        if self.started:
            self._thread.join(STOP_SECONDS)

    def _supervise(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            if self._serve_once():
                pause = _FIRST_PAUSE_SECONDS
            if not self._stopping.is_set():
                _log.warning("the Spark driver ended; starting another in %.1f s, see %s", pause, self.log)
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _serve_once(self) -> bool:
        """Run one driver to its end; return whether it became ready."""
        with self.log.open("a") as log:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=_REPOSITORY
            )
        with process:
            self._process = process
            if self._stopping.is_set():
                _end(process)
            try:
                client = self._greet(process)
                self._introduce(client)
                process.wait()
            except (DriverUnavailable, ApiError, OSError) as error:
                _log.error("%s", error)
                _end(process)
                return False
            finally:
                self._withdraw()
        client.close()
        return True

    def _greet(self, process: subprocess.Popen[str]) -> DriverClient:
        assert process.stdin is not None  # noqa: S101 (both are pipes)
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(f"{self._token}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise DriverUnavailable(f"The Spark driver ended before it was ready: see {self.log}.")
        return DriverClient(int(json.loads(line)["port"]), self._token, self.log)

    def _introduce(self, client: DriverClient) -> None:
        """Tell a new driver all catalogs, then offer it to everyone; a catalog made meanwhile is told as well."""
        told = False
        while not told:
            with self._changed:
                self._catalogs_changed = False
            client.put_catalogs(self._known_catalogs())
            with self._changed:
                if not self._catalogs_changed:
                    told = True
                    self._client = client
                    self._changed.notify_all()

    def _withdraw(self) -> None:
        with self._changed:
            self._client = None
            self._changed.notify_all()


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the driver to stop, and kill it when it does not."""
    with contextlib.suppress(OSError):
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
