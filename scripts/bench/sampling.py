"""Figures of processes that nobody keeps: they are looked at again and again while work goes on."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Self

_EVERY_SECONDS = 0.5


class Sampling(ABC):
    """Looks at once, twice a second while its block lasts, and a last time at its end."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sampling", daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._look()

    @abstractmethod
    def _look(self) -> None:
        """Take down what can be seen now."""
