"""Statements that wait for a driver, against a driver that starts when the test says so."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from local.engine.client import DriverUnavailable
from local.engine.supervisor import DriverProcess
from local.errors import ApiError
from local.warehouse.waiting import Waiting

STATEMENT = {"id": "s", "sql": "SELECT 1"}


class StartingDriver:
    """A driver as its callers see it: not there, until `ready` is set."""

    def __init__(self, *, started: bool = True) -> None:
        self.started = started
        self.ready = threading.Event()
        self.calls: list[Any] = []

    def wait_ready(self, timeout: float) -> None:
        if not self.ready.wait(min(timeout, 0.01)):
            raise DriverUnavailable("The driver is starting.")

    def client(self) -> StartingDriver:
        if not self.ready.is_set():
            raise DriverUnavailable("The driver is starting.")
        return self

    def call(self, *call: Any) -> None:
        self.calls.append(call)


def waiting_on(driver: StartingDriver, ready_seconds: float = 60) -> Waiting:
    return Waiting(cast(DriverProcess, driver), ready_seconds)


def test_a_driver_that_is_ready_gets_the_statement_at_once() -> None:
    driver = StartingDriver()
    driver.ready.set()
    waiting = waiting_on(driver)
    waiting.submit(STATEMENT, 0)
    assert driver.calls == [("POST", "/statements", STATEMENT)]
    assert waiting.answer("s") is None
    assert waiting.cancel("s") is False


def test_a_statement_is_handed_over_once_when_the_driver_is_ready() -> None:
    driver = StartingDriver()
    waiting = waiting_on(driver)
    waiting.submit(STATEMENT, 0)
    assert waiting.answer("s") == {"state": "PENDING"}
    entered = threading.Thread(target=waiting.submit, args=({**STATEMENT, "id": "t"}, 60))
    entered.start()
    driver.ready.set()
    entered.join(10)
    assert not entered.is_alive(), "it returns as soon as the driver has the statement"
    assert waiting.answer("t") is None
    _until(lambda: waiting.answer("s") is None)
    assert sorted(call[2]["id"] for call in driver.calls) == ["s", "t"]


def test_a_statement_cancelled_while_it_waits_never_runs() -> None:
    driver = StartingDriver()
    waiting = waiting_on(driver)
    waiting.submit(STATEMENT, 0)
    assert waiting.cancel("s") is True
    driver.ready.set()
    _until(lambda: not [thread for thread in threading.enumerate() if thread.name == "s"])
    assert waiting.answer("s") == {"state": "CANCELED"}
    assert driver.calls == []


def test_a_driver_that_never_comes_fails_the_statement() -> None:
    waiting = waiting_on(StartingDriver(), ready_seconds=0.05)
    waiting.submit(STATEMENT, 10)
    answer = waiting.answer("s")
    assert answer is not None
    assert (answer["state"], answer["error"]["message"]) == ("FAILED", "The driver is starting.")


def test_without_a_driver_nothing_waits() -> None:
    waiting = waiting_on(StartingDriver(started=False))
    with pytest.raises(ApiError) as refused:
        waiting.submit(STATEMENT, 10)
    assert (refused.value.status, refused.value.error_code) == (400, "INVALID_STATE")
    assert waiting.answer("s") is None


def _until(condition: Any) -> None:
    ended = threading.Event()
    for _ in range(500):
        if condition():
            return
        ended.wait(0.01)
    raise AssertionError("not within 5 s")
