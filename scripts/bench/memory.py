"""The most memory that a process and all below it hold at once."""

from __future__ import annotations

import psutil

from scripts.bench.sampling import Sampling

_MEGABYTE = 1024 * 1024


class Peak(Sampling):
    """Looks at this process where none is named.

    Resident memory: pages that two processes share count twice.
    """

    def __init__(self, *pids: int) -> None:
        super().__init__()
        self.megabytes = 0.0
        self._roots = [psutil.Process(pid) for pid in pids or (None,)]

    def _look(self) -> None:
        tree = {process for root in self._roots for process in _tree(root)}
        self.megabytes = max(self.megabytes, sum(map(_resident, tree)) / _MEGABYTE)


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:  # it has just ended
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
