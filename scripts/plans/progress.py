"""Steps of a command as they pass, on stderr: the answer itself is on stdout."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from scripts.console import say

Say = Callable[[str], None]


class Steps:
    """Shows the step that is under way, and each that has ended with its seconds."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, name: str) -> Iterator[Say]:
        """Time one step; the block is given a function that says how far it is, and what it came to."""
        last = ""
        started = time.monotonic()
        with self.console.status(f"{name} …") as status:

            def told(text: str) -> None:
                nonlocal last
                last = text
                status.update(f"{name}: {text} …")

            yield told
        seconds = time.monotonic() - started
        say(self.console, f"  {name:<10} {seconds:6.1f} s   {last}")
