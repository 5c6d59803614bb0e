"""Alerts without a server: a driver that answers what it is told, a time that stands still; also a program to kill."""

from __future__ import annotations

import email
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

from local.alerts.evaluations import KIND, Evaluations
from local.jobs.clock import Clock
from local.jobs.compute import WAREHOUSES
from local.jobs.mail import Postman
from local.jobs.outbox import Outbox
from local.services import Services
from local.store import Store
from tests.local.simulated import SimulatedTime

START = datetime(2024, 6, 3, tzinfo=UTC)
HOURLY = {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"}


@dataclass
class Driver:
    """Answers every statement with `answer`, or raises it; holds it back while `held` is set."""

    answer: Any = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    pid: int | None = 1

    def wait_ready(self, _: float) -> None:
        pass

    def client(self) -> Driver:
        return self

    def call(self, method: str, path: str, body: Any = None, timeout: float = 0) -> dict[str, Any]:
        if method == "POST":
            self.asked.append(body)
        if method == "DELETE":
            self.cancelled.append(path)
            self.held.clear()
            return {}
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.held.is_set():
            return {"state": "RUNNING"}
        return {"state": "CANCELED"} if self.cancelled else self.answer

    def rows(self, *cells: str | None) -> None:
        column = {"name": "n", "type_name": "LONG"}
        self.answer = {"state": "SUCCEEDED", "columns": [column], "rows": [[cell] for cell in cells]}

    def fails(self, message: str) -> None:
        self.answer = {"state": "FAILED", "error": {"message": message, "sqlstate": "42P01"}}


@dataclass
class Workspace:
    """Alerts of one root, with all that they need and no server."""

    root: Path
    driver: Driver
    time: SimulatedTime

    def __post_init__(self) -> None:
        self.store = Store(self.root / "state.db")
        self.store.put(WAREHOUSES, "w", {"name": "w"})
        services = Services(self.root, self.store, "me@example.com", "http://h", self.driver, 0)  # type: ignore[arg-type]
        self.outbox = Outbox(self.store, Postman(self.root / "mail", None))
        self.evaluations = Evaluations(services, self.time, Clock(self.time), self.outbox)

    def alert(self, **changes: Any) -> dict[str, Any]:
        evaluation = {
            "source": {"name": "n", "aggregation": "SUM"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 5}},
            "notification": {"notify_on_ok": True, "subscriptions": [{"user_email": "a@x.org"}]},
        }
        body = {
            "id": "7",
            "display_name": "Many",
            "owner_user_name": "me@example.com",
            "query_text": "select n from t",
            "warehouse_id": "w",
            "evaluation": evaluation,
            "schedule": HOURLY,
        } | changes
        self.store.put(KIND, "7", body)
        self.evaluations.follow(body)
        return body

    def settle(self) -> None:
        while self.evaluations.busy:
            threading.Event().wait(0.001)

    def hours(self, count: float) -> None:
        self.time.run_until(self.time.now() + timedelta(hours=count), self.settle)

    @property
    def states(self) -> list[tuple[str, bool]]:
        return [(item.state, item.notified) for item in reversed(self.evaluations.history.of("7"))]

    @property
    def shown(self) -> dict[str, Any]:
        return (self.store.get(KIND, "7") or {})["evaluation"]

    def mails(self) -> list[Message]:
        self.outbox.start()
        self.outbox.stop()
        folder = self.root / "mail"
        found = sorted(folder.glob("*.eml")) if folder.exists() else []
        return [email.message_from_bytes(path.read_bytes()) for path in found]


def main() -> None:
    """`python -m tests.local.alerts.stand ROOT`: evaluate hour after hour, each another way, until killed."""
    stand = Workspace(Path(sys.argv[1]), Driver(), SimulatedTime(START))
    known = stand.evaluations.history.of("7", 1)
    if known:
        stand.time.sleep(datetime.fromtimestamp(known[0].due / 1000, UTC) - START)
        stand.evaluations.start()
    else:
        stand.alert(custom_summary="{{QUERY_RESULT_VALUE}}")
    stand.outbox.start()
    while True:
        hour = int((stand.time.now() - START) / timedelta(hours=1)) + 1
        stand.driver.rows(str(hour if hour % 2 else -hour))
        stand.hours(1)
        print(hour, flush=True)


if __name__ == "__main__":
    main()
