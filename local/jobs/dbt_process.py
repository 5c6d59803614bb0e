"""The processes of dbt tasks, each a copy of one that has imported dbt already: importing it takes three seconds."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

REPOSITORY = Path(__file__).resolve().parents[2]
KEPT: Sequence[str] = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
INTERRUPT_SECONDS = 5.0  # dbt needs one to cancel its queries; those of one that is killed the warehouse ends after 10
_KILLED = -signal.SIGKILL  # as subprocess says it


@dataclass
class DbtProcess:
    """One task's process: `wait` returns its exit code, `end` ends it with all it has started."""

    pid: int
    _wanted: int  # it dies when this end closes
    _status: IO[bytes]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> int:
        """Wait for the end."""
        said = self._status.readline()
        with self._lock:
            self._over.set()
        os.close(self._wanted)
        self._status.close()
        return int(said) if said.strip() else _KILLED

    def end(self) -> None:
        """Interrupt dbt, which then cancels what the warehouse runs for it; kill one that does not leave."""
        self._send(os.kill, signal.SIGINT)
        if not self._over.wait(INTERRUPT_SECONDS):
            self._send(os.killpg, signal.SIGKILL)

    def _send(self, send: Callable[[int, int], None], number: int) -> None:
        with self._lock:
            if not self._over.is_set():  # else its id may be somebody else's by now
                with suppress(ProcessLookupError):
                    send(self.pid, number)


class DbtProcesses:
    """Starts processes of dbt tasks; the one that they are copies of is started with the first, and anew when gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._original: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def start(self, order: Mapping[str, Any], log: IO[bytes]) -> DbtProcess:
        """Start one with an order, as `dbt_child` reads it, and a log."""
        text = json.dumps(order).encode() + b"\n"
        with self._lock:
            # One that was idle for long may be leaving just now, with the order in its hands.
            found = self._ask(text, log) or self._ask(text, log)
        if found is None:
            raise OSError("no process for dbt: it could not be imported, or there is no memory; see workspace.log")
        return found

    def close(self) -> None:
        """Let the original go; tasks that run have their own life."""
        with self._lock:
            self._leave()

    def _ask(self, text: bytes, log: IO[bytes]) -> DbtProcess | None:
        """Hand in an order; None when there was nobody to take it."""
        orders = self._reach()
        wanted_reader, wanted = os.pipe()
        status, status_writer = os.pipe()
        answer = os.fdopen(status, "rb")
        try:
            sent = socket.send_fds(orders, [text], [wanted_reader, log.fileno(), status_writer])
            orders.sendall(text[sent:])
        except OSError:
            pass
        finally:
            os.close(wanted_reader)
            os.close(status_writer)
        pid = answer.readline()
        if pid.strip():
            return DbtProcess(int(pid), wanted, answer)
        os.close(wanted)
        answer.close()
        self._leave()
        return None

    def _reach(self) -> socket.socket:
        if self._orders is None or self._original is None or self._original.poll() is not None:
            self._leave()
            self._orders, theirs = socket.socketpair()
            with theirs:
                self._original = subprocess.Popen(
                    [sys.executable, "-m", "local.jobs.dbt_child", str(theirs.fileno())],
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
        return self._orders

    def _leave(self) -> None:
        if self._orders is not None:
            self._orders.close()
        if self._original is not None:
            self._original.kill()
            self._original.wait()
        self._orders = self._original = None


@functools.cache
def processes() -> DbtProcesses:
    """Return the processes of this server."""
    found = DbtProcesses()
    atexit.register(found.close)
    return found


def _environment() -> dict[str, str]:
    """Return what the original needs to import dbt; each copy has the environment of its task instead."""
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",  # the child leaves without winding its pools down
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
