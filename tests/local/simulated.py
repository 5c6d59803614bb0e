"""A clock that moves when it is told to."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from local.jobs.timers import Timers


class SimulatedTime(Timers):
    """Time stands still until `run_until`; what is due runs on the caller's thread, in order, at its own time."""

    def __init__(self, start: datetime) -> None:
        super().__init__()
        self._now = start
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def now(self) -> datetime:
        return self._now

    def sleep(self, duration: timedelta) -> None:
        """Let the machine sleep: the wall clock moves on, what was due in an hour still is."""
        self._now += duration
        self._due = [(moment + duration, order, callback) for moment, order, callback in self._due]

    def after(self, seconds: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self._now + timedelta(seconds=seconds), next(self._order), callback))

    def run_until(self, end: datetime, settle: Callable[[], None] = lambda: None) -> None:
        """Move on to `end`; `settle` returns when the work that callbacks started has ended: time moves on after it."""
        while self._due and self._due[0][0] <= end:
            if self._due[0][0] > self._now:
                settle()
            moment, _, callback = heapq.heappop(self._due)
            self._now = max(self._now, moment)
            callback()
        settle()
        self._now = end
