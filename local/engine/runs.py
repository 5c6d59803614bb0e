"""Notebook runs: queued, run on threads of their own, cancelled."""

from __future__ import annotations

import ctypes
import logging
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pyspark import InheritableThread
from pyspark.sql import SparkSession

from local.engine.cells import NotebookError
from local.engine.dbutils import Context, DbUtils, NotebookExit
from local.engine.failure import Failure, failure_of
from local.engine.imports import WorkspaceImports
from local.engine.internal import Internal
from local.engine.notebook import Execution, Notebook
from local.engine.output import Output, current_output
from local.engine.sessions import Sessions

# Two fill two cores: five ingests take 20 s two at a time, 24 s one by one, and more at once only grow memory.
CONCURRENT_RUNS = 2
# A Python thread cannot be killed: one that sits in a C call is left behind after this and ends when the call returns.
CANCEL_PATIENCE_SECONDS = 10.0
_INTERRUPT_EVERY_SECONDS = 1.0
# What an orchestrator has read by then; a run's page stays on disk.
_REMEMBERED = 1000

State = Literal["RUNNING", "SUCCEEDED", "FAILED", "CANCELED"]
_log = logging.getLogger(__name__)


class RunCanceled(BaseException):
    """Raised inside the thread of a cancelled run."""


@dataclass(frozen=True)
class Host:
    """What notebook runs need from the driver."""

    root: Path
    sessions: Sessions
    imports: WorkspaceImports
    internal: Internal


@dataclass(frozen=True)
class Request:
    """One run that somebody asked for."""

    key: str
    notebook: Notebook
    parameters: Mapping[str, str]
    context: Context


@dataclass
class Frame:
    """One notebook of a run on its thread: the run's own, or one started by `dbutils.notebook.run`."""

    tag: str
    left: threading.Event = field(default_factory=threading.Event)
    session: SparkSession | None = None
    thread: int | None = None
    exit_value: str | None = None
    error: BaseException | None = None
    failure: Failure | None = None


class NotebookRun:
    """A run from its request to its end."""

    def __init__(self, host: Host, request: Request) -> None:
        self.request = request
        self.state: State = "RUNNING"
        self.settled = threading.Event()
        name = str(request.context.task_run_id or request.key)
        self.output = Output(host.root / "runs" / name / "output.html", request.notebook.path)
        self._host = host
        self._frame = Frame(request.key)
        self._children: list[Frame] = []
        self._canceled = False
        self._lock = threading.Lock()

    def answer(self) -> dict[str, Any]:
        """Return the run as the driver's clients see it."""
        failure = self._frame.failure if self.state == "FAILED" else None
        exit_value = self._frame.exit_value if self.state == "SUCCEEDED" else None
        return {
            "state": self.state,
            "exit_value": exit_value,
            "error": failure and self.output.redact(failure.error),
            "error_trace": failure and self.output.redact(failure.trace),
            "output_path": str(self.output.path),
        }

    def execute(self) -> None:
        """Run the notebook; return when the run has ended or was given up after a cancellation."""
        with self._lock:
            if self._canceled:
                return
            self._start(self._frame, self.request.notebook, self.request.parameters)
        self.settled.wait()

    def cancel(self) -> None:
        """Cancel the run; safe to repeat."""
        with self._lock:
            if self._canceled or self.settled.is_set():
                return
            self._canceled = True
            started = self._frame.thread is not None
        if not started:
            self._settle("CANCELED")
            return
        threading.Thread(target=self._drive_out, args=(self._frame,), name="cancel-run", daemon=True).start()

    def _start(self, frame: Frame, notebook: Notebook, parameters: Mapping[str, str]) -> None:
        work = InheritableThread(target=self._work, args=(frame, notebook, parameters), name=frame.tag, daemon=True)
        work.start()
        frame.thread = work.ident

    def _work(self, frame: Frame, notebook: Notebook, parameters: Mapping[str, str]) -> None:
        current_output.set(self.output)
        try:
            self._run_cells(frame, notebook, parameters)
        except RunCanceled as error:
            frame.error = error
        finally:
            frame.left.set()
            if frame is self._frame:
                self._settle("CANCELED" if self._canceled else "FAILED" if frame.error else "SUCCEEDED")

    def _run_cells(self, frame: Frame, notebook: Notebook, parameters: Mapping[str, str]) -> None:
        sessions = self._host.sessions
        sessions.pool(self.request.key)
        sessions.tag(frame.tag)
        cells: Mapping[str, int] = {}
        try:
            with self._host.imports.run(notebook.folder):
                frame.session = sessions.new()
                execution = Execution(frame.session, self._dbutils(notebook, parameters), self.output, self._find)
                cells = execution.cells
                execution.run(notebook)
        except NotebookExit as leave:
            frame.exit_value = self.output.redact(leave.value)
        except BaseException as error:  # noqa: BLE001 (whatever a notebook raises, SystemExit too, is its result)
            frame.error = error
            frame.failure = failure_of(error, cells)
            self.output.error(frame.failure.trace)
        finally:
            _stop_streams(frame.session)

    def _dbutils(self, notebook: Notebook, parameters: Mapping[str, str]) -> DbUtils:
        def run_notebook(path: str, timeout_seconds: int, arguments: Mapping[str, str]) -> str:
            return self._run_child(notebook.neighbour(path), timeout_seconds, arguments)

        volumes = self._host.root / "volumes"
        return DbUtils(volumes, self._host.internal, self.output, self.request.context, parameters, run_notebook)

    def _find(self, path: str) -> tuple[str, str] | None:
        return self._host.internal.notebook(path)

    def _run_child(self, path: str, timeout_seconds: int, arguments: Mapping[str, str]) -> str:
        found = self._find(path)
        if found is None:
            raise NotebookError(f"dbutils.notebook.run: there is no notebook {path}.")
        child = Frame(f"{self.request.key}/{len(self._children) + 1}")
        self._children.append(child)
        self._start(child, Notebook(path, *found), arguments)
        if not child.left.wait(timeout_seconds or None):
            threading.Thread(target=self._drive_out, args=(child,), name="cancel-child", daemon=True).start()
            raise TimeoutError(f"dbutils.notebook.run: {path} did not end within {timeout_seconds} s.")
        if child.error is not None:
            reason = child.failure.error if child.failure else "canceled"
            raise NotebookError(f"dbutils.notebook.run: {path} failed: {reason}") from child.error
        return child.exit_value or ""

    def _drive_out(self, frame: Frame) -> None:
        """Cancel Spark jobs, stop streams and interrupt Python, again and again until the thread has left."""
        began = time.monotonic()
        interrupted = began

        def press() -> None:
            nonlocal interrupted
            frames = [frame, *self._children] if frame is self._frame else [frame]
            for each in frames:
                _stop_streams(each.session)
            now = time.monotonic()
            if now - interrupted > _INTERRUPT_EVERY_SECONDS or interrupted == began:
                interrupted = now
                for each in frames:
                    _interrupt(each)
            if frame is self._frame and now - began > CANCEL_PATIENCE_SECONDS and self._settle("CANCELED"):
                _log.warning("run %s: its thread does not return from a C call; left behind", self.request.key)

        self._host.sessions.cancel(frame.tag, frame.left, press)
        if frame is self._frame:
            # The interruption may have met the thread just as it was settling.
            self._settle("CANCELED")

    def _settle(self, state: State) -> bool:
        with self._lock:
            if self.settled.is_set():
                return False
            if state == "CANCELED":
                self.output.error("The run was canceled.\n")
            self.output.save()
            self.state = state
            self.settled.set()
            return True


class NotebookRuns:
    """The queue of notebook runs and the runs that ended lately."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._runs: dict[str, NotebookRun] = {}
        self._queue: queue.SimpleQueue[NotebookRun] = queue.SimpleQueue()
        self._lock = threading.Lock()
        for number in range(CONCURRENT_RUNS):
            threading.Thread(target=self._serve, name=f"notebook-slot-{number}", daemon=True).start()

    def submit(self, request: Request) -> None:
        """Queue a run; a key that is known already is the same run."""
        with self._lock:
            if request.key in self._runs:
                return
            run = NotebookRun(self._host, request)
            self._runs[request.key] = run
            ended = [key for key, old in self._runs.items() if old.settled.is_set()]
            for key in ended[: max(0, len(self._runs) - _REMEMBERED)]:
                del self._runs[key]
        self._queue.put(run)

    def get(self, key: str) -> NotebookRun | None:
        """Return a run, or None."""
        return self._runs.get(key)

    def cancel_all(self, seconds: float) -> None:
        """Cancel everything and wait a while for it to end."""
        running = [run for run in list(self._runs.values()) if not run.settled.is_set()]
        for run in running:
            run.cancel()
        deadline = time.monotonic() + seconds
        for run in running:
            run.settled.wait(max(0.0, deadline - time.monotonic()))

    def _serve(self) -> None:
        while True:
            self._queue.get().execute()


def _interrupt(frame: Frame) -> None:
    if frame.thread is not None and not frame.left.is_set():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(frame.thread), ctypes.py_object(RunCanceled))


def _stop_streams(session: SparkSession | None) -> None:
    for stream in session.streams.active if session is not None else ():
        stream.stop()
