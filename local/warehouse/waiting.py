"""Statements sent while the driver starts: PENDING, as on a warehouse that starts for them."""

from __future__ import annotations

import threading
import time
from typing import Any

from local.engine.client import DriverUnavailable
from local.engine.supervisor import DriverProcess
from local.errors import ApiError

# A driver needs 20 s, on a busy machine several times that; one that died is started again meanwhile.
_READY_SECONDS = 300.0
_GLANCE_SECONDS = 5.0


class _Entry:
    """One statement that waits, or that ended waiting."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"state": "PENDING"}
        self.over = threading.Event()


class Waiting:
    """Hands statements to the driver as soon as there is one."""

    def __init__(self, driver: DriverProcess, ready_seconds: float = _READY_SECONDS) -> None:
        self._driver = driver
        self._ready_seconds = ready_seconds
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def submit(self, body: dict[str, Any], seconds: float) -> None:
        """Hand a statement over, or let it wait for the driver; return at the latest after `seconds`."""
        try:
            self._driver.client().call("POST", "/statements", body)
        except DriverUnavailable as error:
            require_started(self._driver, error)
        else:
            return
        entry = self._entries[body["id"]] = _Entry()
        threading.Thread(target=self._hand_over, args=(body, entry), name=body["id"], daemon=True).start()
        entry.over.wait(seconds)

    def answer(self, key: str) -> dict[str, Any] | None:
        """Return the state of a statement that the driver never got, else None."""
        entry = self._entries.get(key)
        return None if entry is None else entry.answer

    def cancel(self, key: str) -> bool:
        """Cancel a statement that still waits; return whether it was one that the driver never got."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.answer["state"] == "PENDING":
                entry.answer = {"state": "CANCELED"}
                entry.over.set()
        return entry is not None

    def _hand_over(self, body: dict[str, Any], entry: _Entry) -> None:
        try:
            self._wait(entry)
            with self._lock:
                if entry.answer["state"] == "PENDING":
                    self._driver.client().call("POST", "/statements", body)
                    del self._entries[body["id"]]
        except (DriverUnavailable, ApiError) as error:
            entry.answer = {"state": "FAILED", "error": {"message": str(error), "sqlstate": "08001"}}
        entry.over.set()

    def _wait(self, entry: _Entry) -> None:
        deadline = time.monotonic() + self._ready_seconds
        while not entry.over.is_set():
            try:
                self._driver.wait_ready(_GLANCE_SECONDS)
            except DriverUnavailable:
                if time.monotonic() > deadline:
                    raise
            else:
                return


def require_started(driver: DriverProcess, error: DriverUnavailable) -> None:
    """Refuse what needs a driver where none was asked for: it would be waited for in vain."""
    if not driver.started:
        raise ApiError(400, "INVALID_STATE", str(error)) from None
