"""What a task runner is given and what it gives back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.jobs.ledger import JobRun, TaskRun
from local.jobs.states import Outcome


class Stop:
    """A request to end an attempt: asked once, from any thread; the outcome says why."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._actions: list[Callable[[], None]] = []
        self._outcome: Outcome | None = None
        self._asked = threading.Event()

    @property
    def outcome(self) -> Outcome | None:
        """Why the attempt must end, or None while it may go on."""
        return self._outcome

    def request(self, outcome: Outcome) -> None:
        """Ask to end; the first reason stays. Actions run on a thread of their own: they may block on the network."""
        with self._lock:
            if self._outcome is not None:
                return
            self._outcome = outcome
            actions = list(self._actions)
        self._asked.set()
        if actions:
            threading.Thread(target=lambda: [action() for action in actions], name="stop", daemon=True).start()

    def on_request(self, action: Callable[[], None]) -> None:
        """Have an action run when the end is asked for; at once if it was already."""
        with self._lock:
            self._actions.append(action)
            asked = self._outcome is not None
        if asked:
            action()

    def wait(self, seconds: float) -> bool:
        """Sleep until the end is asked for; return whether it was."""
        return self._asked.wait(seconds)


@dataclass(frozen=True)
class Attempt:
    """One task attempt with its references resolved."""

    job_run: JobRun
    task_run: TaskRun
    task: dict[str, Any]
    stop: Stop
    report: Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Ending:
    """A runner's result: the outcome and what `runs/get-output` shows."""

    outcome: Outcome
    output: dict[str, Any] = field(default_factory=dict)


Runner = Callable[[Attempt], Ending]
