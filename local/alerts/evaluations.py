"""Evaluates alerts: on their schedules, their queries by the Spark driver, each time once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any

from local.alerts import condition
from local.alerts.condition import Result, Verdict
from local.alerts.history import Evaluation, History
from local.alerts.policy import notifies
from local.alerts.telling import tell
from local.engine.client import DriverUnavailable
from local.errors import ApiError
from local.jobs.attempts import Stop
from local.jobs.clock import Clock
from local.jobs.compute import require_warehouse
from local.jobs.driver import follow
from local.jobs.outbox import Outbox
from local.jobs.schedule import quartz_trigger
from local.jobs.states import Outcome
from local.jobs.timers import Timers
from local.services import Services

KIND = "alertsv2"
ROW_LIMIT = 100_000
_AT_ONCE = 2  # of the driver's time, beside the jobs
_STOP_SECONDS = 10
_STOPPED = Outcome("CANCELED", "The workspace is stopping.")
_LOG = logging.getLogger(__name__)


class Evaluations:
    """The alerts of one workspace, alive between `start` and `stop`."""

    def __init__(self, services: Services, timers: Timers, clock: Clock, outbox: Outbox) -> None:
        self.history = History(services.store)
        self._services = services
        self._timers = timers
        self._clock = clock
        self._outbox = outbox
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="alert")
        self._lock = threading.Lock()
        self._at_work: dict[str, tuple[Stop, Future[None]]] = {}
        self._stopping = False

    def start(self) -> None:
        """Follow the schedules of all alerts; a time that passed meanwhile is not made up for."""
        for key, alert in self._services.store.list(KIND):
            try:
                self.follow(alert)
            except ApiError as error:  # kept before schedules were checked; the others must not suffer
                _LOG.error("Alert %s is not followed: %s", key, error.message)

    def stop(self) -> None:
        """Cancel what is being evaluated: it leaves no trace. A driver that does not let go is waited for 10 s."""
        with self._lock:
            self._stopping = True
            at_work = list(self._at_work.values())
        for stop, _ in at_work:
            stop.request(_STOPPED)
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait([future for _, future in at_work], timeout=_STOP_SECONDS)

    def follow(self, alert: Mapping[str, Any]) -> None:
        """Evaluate an alert when its schedule says so, from now on."""
        schedule = alert["schedule"]
        paused = schedule.get("pause_status") == "PAUSED"
        trigger = None if paused else quartz_trigger(schedule["quartz_cron_schedule"], schedule["timezone_id"])
        self._clock.set(f"alert {alert['id']}", trigger, lambda due: self._begin(alert["id"], due))

    def forget(self, alert_id: str) -> None:
        """Stop following an alert and drop its history."""
        self._clock.set(f"alert {alert_id}", None, lambda _: None)
        self.history.forget(alert_id)

    @property
    def busy(self) -> bool:
        """Whether an evaluation is under way."""
        with self._lock:
            return bool(self._at_work)

    def _begin(self, alert_id: str, due: datetime) -> None:
        with self._lock:
            if self._stopping:
                return
            if alert_id in self._at_work:
                _LOG.warning("Alert %s is still being evaluated: %s is left out", alert_id, due.isoformat())
                return
            stop = Stop()
            self._at_work[alert_id] = stop, self._pool.submit(self._work, alert_id, due, stop)

    def _work(self, alert_id: str, due: datetime, stop: Stop) -> None:
        try:
            self.evaluate(alert_id, due, stop)
        except Exception:  # noqa: BLE001 — the pool would keep it to itself
            _LOG.exception("Alert %s could not be evaluated", alert_id)
        finally:
            with self._lock:
                del self._at_work[alert_id]

    def evaluate(self, alert_id: str, due: datetime, stop: Stop) -> None:
        """Evaluate an alert for one time of its schedule, record it and tell its subscribers; all or nothing."""
        time = int(due.timestamp() * 1000)
        alert = self._services.store.get(KIND, alert_id)
        if alert is None or self.history.has(alert_id, time):
            return
        result: Result | None = None
        try:
            result = self._result(alert, time, stop)
            verdict = condition.evaluate(alert["evaluation"], result)
        except (condition.EvaluationError, DriverUnavailable) as error:
            verdict = Verdict("ERROR", message=str(error))
        except ApiError as error:
            verdict = Verdict("ERROR", message=error.message)
        if stop.outcome is None:
            self._record(alert_id, time, verdict, result)

    def _result(self, alert: Mapping[str, Any], time: int, stop: Stop) -> Result:
        require_warehouse(self._services.store, alert["warehouse_id"])
        key = f"alert-{alert['id']}-{time}"
        body = {"id": key, "sql": alert["query_text"], "parameters": {}, "row_limit": ROW_LIMIT}
        body |= {"catalog": None, "schema": None}
        answer = follow(self._services.driver, "statements", key, body, stop)
        if answer["state"] != "SUCCEEDED":
            raise condition.EvaluationError((answer.get("error") or {}).get("message") or "The query was cancelled.")
        return Result(answer.get("columns") or [], answer.get("rows") or [], bool(answer.get("truncated")))

    def _record(self, alert_id: str, time: int, verdict: Verdict, result: Result | None) -> None:
        """Write state, history and messages in one transaction: after a kill all are there, or none."""
        store = self._services.store
        with store.write():
            alert = store.get(KIND, alert_id)
            if alert is None:  # deleted while its query ran
                return
            settings = alert["evaluation"].get("notification") or {}
            tells = notifies(verdict.state, time, self.history.of(alert_id), settings)
            now = self._timers.now()
            evaluation = Evaluation(
                alert_id=alert_id,
                due=time,
                evaluated_at=int(now.timestamp() * 1000),
                run_as=_run_as(alert),
                state=verdict.state,
                value=verdict.value,
                threshold=verdict.threshold,
                message=verdict.message,
                notified=tells,
            )
            if not self.history.add(evaluation):
                return
            seen = {"state": verdict.state, "last_evaluated_at": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
            store.put(KIND, alert_id, {**alert, "evaluation": {**alert["evaluation"], **seen}})
            if tells:
                tell(self._services, self._outbox, alert, verdict, result, evaluation.evaluated_at)


def _run_as(alert: Mapping[str, Any]) -> str:
    given = alert.get("run_as") or {}
    name = given.get("user_name") or given.get("service_principal_name") or alert.get("run_as_user_name")
    return str(name or alert["owner_user_name"])
