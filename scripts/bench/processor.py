"""The processor time that a process and all below it take: a busy machine adds little, whatever the clock says."""

from __future__ import annotations

import bisect
import time

import psutil

from scripts.bench.sampling import Sampling


class Meter(Sampling):
    """Adds up; `between` tells what was used from one moment to another.

    What a process uses in the last half second before it ends is not seen.
    """

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._root = psutil.Process(pid)
        self._used: dict[tuple[int, float], float] = {}
        self._moments: list[float] = []
        self._totals: list[float] = []

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

    def _look(self) -> None:
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                times = process.cpu_times()
                self._used[process.pid, process.create_time()] = times.user + times.system
            except psutil.Error:  # it has just ended: what was seen of it stays
                continue
        self._moments.append(time.time())
        self._totals.append(sum(self._used.values()))
