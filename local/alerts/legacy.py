"""Legacy alerts: a column of a saved query's first row against a threshold, evaluated by SQL tasks of jobs alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.alerts import condition
from local.alerts.condition import Result, Verdict
from local.alerts.history import Evaluation, History
from local.alerts.policy import notifies
from local.alerts.telling import tell
from local.errors import invalid, not_found
from local.jobs.outbox import Outbox
from local.services import Services
from local.store import Store

KIND = "alerts"
CURRENT_KIND = "alertsv2"
FAILED = "ERROR"  # what the condition says when there is no answer; legacy alerts are UNKNOWN then
UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Asked:
    """How a task has an alert evaluated: by which query, on which warehouse, and whom it tells."""

    query_text: str
    warehouse_id: str
    subscriptions: Sequence[Mapping[str, Any]] = ()
    paused: bool = False


class LegacyAlerts:
    """The legacy alerts of one workspace, as those who evaluate them need them."""

    def __init__(self, services: Services, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self.history = History(services.store)
        self._services = services
        self._outbox = outbox
        self._now = now

    def require(self, alert_id: str) -> dict[str, Any]:
        """Return an alert; refuse one that is not there, is an alert v2, or can never be evaluated."""
        alert = self._services.store.get(KIND, alert_id)
        if alert is None:
            raise _refusal(self._services.store, alert_id)
        condition.check(_evaluation(alert))
        return alert

    def evaluate(self, alert_id: str, asked: Asked, result: Result) -> Verdict:
        """Evaluate an alert on the rows of its query, keep what was found and tell; an ERROR is kept as UNKNOWN."""
        verdict = condition.evaluate(_evaluation(self.require(alert_id)), result)
        self._keep(alert_id, asked, verdict, result)
        return verdict

    def fail(self, alert_id: str, asked: Asked, message: str) -> None:
        """Keep that the query of an alert failed; the task that asked tells of it."""
        self._keep(alert_id, asked, Verdict(FAILED, message=message), None)

    def _keep(self, alert_id: str, asked: Asked, verdict: Verdict, result: Result | None) -> None:
        """Write state, history and messages in one transaction: after a kill all are there, or none."""
        store = self._services.store
        with store.write():
            alert = store.get(KIND, alert_id)
            if alert is None:  # deleted while its query ran
                return
            past = self.history.of(alert_id)
            now = self._now()
            shown = _as_current(alert, asked)
            evaluated_at = int(now.timestamp() * 1000)
            due = max(evaluated_at, past[0].due + 1) if past else evaluated_at
            state = UNKNOWN if verdict.state == FAILED else verdict.state
            heard = bool(asked.subscriptions) and not asked.paused
            tells = heard and notifies(state, due, past, shown["evaluation"]["notification"])
            self.history.add(
                Evaluation(
                    alert_id=alert_id,
                    due=due,
                    evaluated_at=evaluated_at,
                    run_as=self._services.user,
                    state=state,
                    value=verdict.value,
                    threshold=verdict.threshold,
                    message=verdict.message,
                    notified=tells,
                )
            )
            seen = {"trigger_time": now.strftime("%Y-%m-%dT%H:%M:%SZ")} if state == "TRIGGERED" else {}
            store.put(KIND, alert_id, {**alert, "state": state, **seen})
            if tells:
                tell(self._services, self._outbox, shown, verdict, result, evaluated_at)


def _refusal(store: Store, alert_id: str) -> Exception:
    if store.get(CURRENT_KIND, alert_id) is not None:
        return invalid(
            f"Alert {alert_id} is an alert v2, which a sql_task cannot name:"
            " name a legacy alert (/api/2.0/sql/alerts), or let the schedule of this one evaluate it."
        )
    return not_found(
        f"Alert {alert_id} does not exist: name the id of a legacy alert, as /api/2.0/sql/alerts lists them."
    )


def _evaluation(alert: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition of a legacy alert in the words of an alert v2: both are judged by the same rules."""
    said = alert["condition"]
    return {
        "source": {"name": ((said.get("operand") or {}).get("column") or {}).get("name")},
        "comparison_operator": said.get("op"),
        "threshold": said.get("threshold"),
        "empty_result_state": said.get("empty_result_state") or UNKNOWN,
    }


def _as_current(alert: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Return a legacy alert as an alert v2 that tells whom the task tells: both send the same messages."""
    people = [{"user_email": item["user_name"]} for item in asked.subscriptions if item.get("user_name")]
    named = [{"destination_id": item["destination_id"]} for item in asked.subscriptions if item.get("destination_id")]
    notification = {
        "subscriptions": [*people, *named],
        "notify_on_ok": alert.get("notify_on_ok"),
        "retrigger_seconds": alert.get("seconds_to_retrigger"),
    }
    return {
        "id": alert["id"],
        "display_name": alert["display_name"],
        "owner_user_name": alert["owner_user_name"],
        "query_text": asked.query_text,
        "warehouse_id": asked.warehouse_id,
        "custom_summary": alert.get("custom_subject"),
        "custom_description": alert.get("custom_body"),
        "evaluation": {**_evaluation(alert), "notification": notification},
    }
