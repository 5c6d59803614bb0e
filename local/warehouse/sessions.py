"""Sessions of the warehouse: each has its own thread and Spark session and runs one statement at a time."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from typing import Literal

from pyspark import InheritableThread
from pyspark.sql import SparkSession

from local.engine.sessions import Sessions
from local.warehouse.failures import Failure, failure_of
from local.warehouse.results import Result

_log = logging.getLogger(__name__)

State = Literal["RUNNING", "SUCCEEDED", "FAILED", "CANCELED"]
Work = Callable[[SparkSession], Result]

# A client that was killed says nothing; one that lives asks again within a second.
POLL_GRACE = 10.0
# A client that runs a statement in the background asks when it likes.
BACKGROUND_GRACE = 120.0
# Longer than any pause between two statements of one dbt thread.
IDLE_GRACE = 1800.0
_CANCELED = Failure("The statement was cancelled. SQLSTATE: HY008", "HY008", "cancelled")


class Operation:
    """One piece of work in a session: running, or ended with a result, a failure or a cancellation."""

    def __init__(self, work: Work, grace: float) -> None:
        self.id = uuid.uuid4().hex
        self.work = work
        self.grace = grace
        self.started_at = time.time()
        self.ended_at: float | None = None
        self.state: State = "RUNNING"
        self.result: Result | None = None
        self.failure: Failure | None = None
        self.fetched = 0  # rows that the client has
        self.touched = time.monotonic()
        self.left = threading.Event()  # its thread is free again
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def settle(self, state: State, result: Result | None = None, failure: Failure | None = None) -> bool:
        """End the operation; return False if it had ended before."""
        with self._lock:
            if self.state != "RUNNING":
                return False
            self.result, self.failure, self.ended_at = result, failure, time.time()
            self.state = state
        self._ended.set()
        return True

    def wait(self, seconds: float) -> bool:
        """Wait for the end on behalf of a client; return whether it came."""
        self.touched = time.monotonic()
        ended = self._ended.wait(seconds)
        self.touched = time.monotonic()
        return ended


class Session:
    """A Spark session on a thread of its own, in a scheduler pool of its own."""

    def __init__(self, sessions: Sessions, pool: str) -> None:
        self.id = uuid.uuid4().hex
        self.pool = pool
        self.touched = time.monotonic()
        self.operations: dict[str, Operation] = {}
        self._sessions = sessions
        self._queue: queue.SimpleQueue[Operation | None] = queue.SimpleQueue()
        InheritableThread(target=self._serve, name=pool, daemon=True).start()

    def submit(self, work: Work, grace: float = POLL_GRACE) -> Operation:
        """Queue work; it runs after what was submitted before."""
        operation = Operation(work, grace)
        self.touched = time.monotonic()
        self.operations[operation.id] = operation
        self._queue.put(operation)
        return operation

    def cancel(self, operation: Operation) -> None:
        """End an operation for its client at once, and its Spark jobs as soon as Spark lets go of them."""
        if operation.settle("CANCELED", failure=_CANCELED):
            drive_out = threading.Thread(target=self._sessions.cancel, args=(operation.id, operation.left), daemon=True)
            drive_out.start()

    def drop(self, operation: Operation) -> None:
        """Forget an operation and its result, cancelling it if it still runs."""
        self.cancel(operation)
        self.operations.pop(operation.id, None)

    def close(self) -> None:
        """Cancel what runs and end the thread."""
        for operation in list(self.operations.values()):
            self.drop(operation)
        self._queue.put(None)

    def retire(self) -> None:
        """End the thread once it has done what is queued; results stay."""
        self._queue.put(None)

    def reap(self, now: float) -> bool:
        """Cancel operations whose client is gone, drop forgotten results; return whether the session itself is idle."""
        for operation in list(self.operations.values()):
            unasked = now - operation.touched
            if operation.state == "RUNNING":
                self.touched = now
                if unasked > operation.grace:
                    _log.warning("operation %s cancelled: nobody asked for it for %.0f s", operation.id, unasked)
                    self.cancel(operation)
            elif unasked > IDLE_GRACE:
                self.drop(operation)
        return now - self.touched > IDLE_GRACE

    def _serve(self) -> None:
        self._sessions.pool(self.pool)
        spark = self._sessions.new()
        while (operation := self._queue.get()) is not None:
            self._sessions.tag(operation.id)
            try:
                if operation.state == "RUNNING":
                    operation.settle("SUCCEEDED", result=operation.work(spark))
            except Exception as error:  # noqa: BLE001 - whatever a statement ends with is its client's answer
                operation.settle("FAILED", failure=failure_of(error))
            finally:
                self._sessions.untag(operation.id)
                operation.left.set()


class OpenSessions:
    """All open sessions of one driver, and the reaper that closes those whose client is gone."""

    def __init__(self, sessions: Sessions) -> None:
        self._engine = sessions
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reaper = threading.Thread(target=self._reap, name="warehouse-reaper", daemon=True)
        self._reaper.start()

    def open(self) -> Session:
        """Open a session."""
        with self._lock:
            taken = {session.pool for session in self._sessions.values()}
            # Spark never forgets a pool, so names are used again.
            pool = next(name for name in (f"warehouse-{n}" for n in itertools.count()) if name not in taken)
            session = Session(self._engine, pool)
            self._sessions[session.id] = session
        return session

    def get(self, session_id: str) -> Session | None:
        """Return an open session."""
        session = self._sessions.get(session_id)
        if session is not None:
            session.touched = time.monotonic()
        return session

    def find(self, operation_id: str) -> tuple[Session, Operation] | None:
        """Return an operation and its session."""
        for session in list(self._sessions.values()):
            operation = session.operations.get(operation_id)
            if operation is not None:
                session.touched = operation.touched = time.monotonic()
                return session, operation
        return None

    def close(self, session: Session) -> None:
        """Close one session."""
        with self._lock:
            self._sessions.pop(session.id, None)
        session.close()

    def shut_down(self) -> None:
        """Close all sessions and the reaper."""
        self._closed.set()
        for session in list(self._sessions.values()):
            self.close(session)

    def _reap(self) -> None:
        while not self._closed.wait(1.0):
            for session in list(self._sessions.values()):
                if session.reap(time.monotonic()):
                    _log.warning("session %s closed: idle", session.id)
                    self.close(session)
