"""Work for the Spark driver: wait for one that answers, hand it in, follow it without polling, cancel when asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from local.engine.client import DriverClient, DriverNotReached, DriverUnavailable
from local.engine.supervisor import DriverProcess
from local.errors import ApiError
from local.jobs.attempts import Stop

READY_SECONDS = 300  # a driver that died needs about 20 s to be there again, on a busy machine up to 120
WAIT_SECONDS = 20
CANCEL_SECONDS = 60
_GLANCE_SECONDS = 2
_NOTICE_SECONDS = 0.1


def follow(driver: DriverProcess, kind: str, key: str, body: Mapping[str, Any], stop: Stop) -> dict[str, Any]:
    """Run one piece of work (`notebook-runs` or `statements`) to its end and return the driver's last answer."""
    client = _hand_in(driver, f"/{kind}", body, stop)
    if client is None:
        return {"state": "CANCELED"}
    path = f"/{kind}/{key}"
    stop.on_request(lambda: _cancel(client, path))
    asked_at: float | None = None
    while (answer := _poll(client, path))["state"] == "RUNNING":
        if stop.outcome is not None:
            asked_at = asked_at or time.monotonic()
            if time.monotonic() - asked_at > CANCEL_SECONDS:
                raise DriverUnavailable(f"The Spark driver did not cancel {path} in {CANCEL_SECONDS} s.")
    return answer


def _hand_in(driver: DriverProcess, path: str, body: Mapping[str, Any], stop: Stop) -> DriverClient | None:
    """Give work to the driver and return its client, None when told to stop first.

    One that has just died is offered until its end is noticed. It takes nothing, so the next one is asked.
    """
    deadline = time.monotonic() + READY_SECONDS
    while (client := _ready(driver, stop)) is not None:
        try:
            client.call("POST", path, dict(body))
        except DriverNotReached:
            if time.monotonic() > deadline:
                raise
            time.sleep(_NOTICE_SECONDS)
        else:
            break
    return client


def _ready(driver: DriverProcess, stop: Stop) -> DriverClient | None:
    """Return the driver's client once it answers, None when told to stop first."""
    deadline = time.monotonic() + READY_SECONDS
    # A driver without a process was never started: nothing to wait for.
    while driver.pid is not None and stop.outcome is None and time.monotonic() < deadline:
        try:
            driver.wait_ready(_GLANCE_SECONDS)
        except DriverUnavailable:
            continue
        break
    return driver.client() if stop.outcome is None else None


def _poll(client: DriverClient, path: str) -> dict[str, Any]:
    try:
        return client.call("GET", f"{path}?wait={WAIT_SECONDS}", timeout=WAIT_SECONDS + 30)
    except ApiError as error:
        if error.status == 404:  # another driver than the one that took the work
            raise DriverUnavailable(f"The Spark driver died, and {path} with it.") from None
        raise


def _cancel(client: DriverClient, path: str) -> None:
    try:
        client.call("DELETE", path)
    except (DriverUnavailable, ApiError):
        return  # the poll that runs beside this meets the same error and ends the attempt
