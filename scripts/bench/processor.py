"""The processor time that a process and all below it take: a busy machine adds little, whatever the clock says."""

from __future__ import annotations

import bisect
import threading
import time

import psutil

_EVERY_SECONDS = 0.5


class Meter:
    """Adds up twice a second while its block lasts; `between` tells what was used from one moment to another.

    What a process uses in the last half second before it ends is not seen.
    """

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._used: dict[tuple[int, float], float] = {}
        self._moments: list[float] = []
        self._totals: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="processor", daemon=True)

    def __enter__(self) -> Meter:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def between(self, start: float, end: float) -> float:
        """Return the seconds of processor between two moments, as `time.time` tells them."""
        return self._at(end) - self._at(start)

    def _at(self, moment: float) -> float:
        """Return the total at a moment, as if what was used between two looks had been used evenly."""
        place = bisect.bisect_right(self._moments, moment)
        if place == 0 or place == len(self._moments):
            return self._totals[min(place, len(self._totals) - 1)]
        (before, after), (less, more) = self._moments[place - 1 : place + 1], self._totals[place - 1 : place + 1]
        return less + (more - less) * (moment - before) / (after - before)

    def _watch(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                times = process.cpu_times()
                self._used[process.pid, process.create_time()] = times.user + times.system
            except psutil.Error:  # it has just ended: what was seen of it stays
                continue
        self._moments.append(time.time())
        self._totals.append(sum(self._used.values()))
