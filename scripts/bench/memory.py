"""The most memory that a process and all below it hold at once."""

from __future__ import annotations

import threading

import psutil

_EVERY_SECONDS = 0.5
_MEGABYTE = 1024 * 1024


class Peak:
    """Looks twice a second while its block lasts, at this process where none is named.

    Resident memory: pages that two processes share count twice.
    """

    def __init__(self, *pids: int) -> None:
        self.megabytes = 0.0
        self._roots = [psutil.Process(pid) for pid in pids or (None,)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak", daemon=True)

    def __enter__(self) -> Peak:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._look()

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
