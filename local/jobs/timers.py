"""Callbacks at points in time, on one thread that sleeps until the next one is due."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

_LOG = logging.getLogger(__name__)


class Timers:
    """What time it is, and a heap of callbacks; a callback must be quick."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = itertools.count()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is not yet due never fires."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def after(self, seconds: float, callback: Callable[[], None]) -> None:
        """Have a callback run once, so many seconds from now."""
        with self._condition:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._sequence), callback))
            self._condition.notify()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._stopping and (not self._heap or self._heap[0][0] > time.monotonic()):
                    self._condition.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                if self._stopping:
                    return
                callback = heapq.heappop(self._heap)[2]
            try:
                callback()
            except Exception:  # noqa: BLE001 — one failing callback must not take the other timers with it
                _LOG.exception("A timer failed")
