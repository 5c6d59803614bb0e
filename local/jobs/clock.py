"""The clock: calls what is due, once for each time of an unpaused schedule."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.errors import ApiError
from local.jobs.schedule import Trigger
from local.jobs.timers import Timers

SHORTEST = timedelta(seconds=10)  # between two runs of one schedule whatever its seconds say, as documented
_LOOK = timedelta(seconds=60)  # the wall clock may be set, or the machine sleep, while a timer waits
_TICK = timedelta(microseconds=1)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Armed:
    key: str
    trigger: Trigger
    fire: Callable[[datetime], object]


class Clock:
    """Fires schedules; a time that passes while the workspace is down or asleep is not made up for."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._lock = threading.Lock()
        self._armed: dict[str, _Armed] = {}

    def set(self, key: str, trigger: Trigger | None, fire: Callable[[datetime], object]) -> None:
        """Call `fire` with each time of a trigger from now on, or never again; replaces what the key had."""
        with self._lock:
            self._armed.pop(key, None)
            if trigger is None:
                return
            armed = self._armed[key] = _Armed(key, trigger, fire)
        self._arm(armed, self._timers.now())

    def _arm(self, armed: _Armed, after: datetime) -> None:
        due = armed.trigger.next_after(after)
        if due is not None:
            self._wait(armed, due)

    def _wait(self, armed: _Armed, due: datetime) -> None:
        now = self._timers.now()
        delay = min(due - now, _LOOK)
        self._timers.after(max(0.0, delay.total_seconds()), lambda: self._look(armed, due, now))

    def _look(self, armed: _Armed, due: datetime, before: datetime) -> None:
        with self._lock:
            if self._armed.get(armed.key) is not armed:
                return
        now = self._timers.now()
        if now >= due:
            self._fire(armed, due, late=now - due)
            self._arm(armed, max(now, due + SHORTEST - _TICK))
        elif now < before:
            self._arm(armed, now)  # the wall clock was set back: earlier times lie ahead again
        else:
            self._wait(armed, due)

    def _fire(self, armed: _Armed, due: datetime, late: timedelta) -> None:
        if late > _LOOK:
            _LOG.warning("%s missed %s: the machine slept, or its clock was set", armed.key, due.isoformat())
            return
        try:
            armed.fire(due)
        except ApiError as error:
            _LOG.error("The schedule of %s started nothing: %s", armed.key, error.message)
