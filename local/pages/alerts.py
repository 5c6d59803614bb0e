"""Alerts: what each watches, when, whom it tells, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route

from local.alerts.history import History
from local.errors import not_found
from local.jobs.schedule import quartz_trigger
from local.pages.code import coloured
from local.pages.page import Page, Site, Visit
from local.pages.words import State, alert_state, next_after, schedule
from local.store import Store

_SIGNS = {
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "≤",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": "≥",
    "EQUAL": "=",
    "NOT_EQUAL": "≠",
    "IS_NULL": "is null",
    "IS_NOT_NULL": "is not null",
}
_SHOWN = 50  # evaluations


@dataclass(frozen=True)
class Alert:
    """An alert of either kind, in words."""

    key: str
    name: str
    state: State
    condition: str
    empty: str
    evaluated: str | int | None
    timing: str
    paused: bool
    due: int | None
    body: dict[str, Any]

    @property
    def url(self) -> str:
        """Its page."""
        return f"/alerts/{self.key}"

    @property
    def subject(self) -> str:
        """What its messages are headed with; the two kinds have a name each for it."""
        return str(self.body.get("custom_summary") or self.body.get("custom_subject") or "")

    @property
    def text(self) -> str:
        """What its messages say."""
        return str(self.body.get("custom_description") or self.body.get("custom_body") or "")


def read_alerts(store: Store) -> list[Alert]:
    """Return all alerts: what calls for somebody first, then by name."""
    found = [_current(key, body) for key, body in store.list("alertsv2")]
    history = History(store)
    found += [_legacy(key, body, history) for key, body in store.list("alerts")]
    return sorted(found, key=lambda alert: (not alert.state.bad, alert.name.lower()))


def routes(site: Site, store: Store) -> list[Route]:
    """All alerts, one alert with its evaluations."""
    history = History(store)

    def listing(_: Visit) -> Page:
        return Page("alerts.html", "Alerts", {"alerts": read_alerts(store)})

    def one(visit: Visit) -> Page:
        key = visit.path["id"]
        current, legacy = store.get("alertsv2", key), store.get("alerts", key)
        if current is None and legacy is None:
            raise not_found(f"There is no alert {key}: it was deleted, or never existed.")
        alert = _current(key, current) if current is not None else _legacy(key, legacy or {}, history)
        query = store.get("queries", alert.body["query_id"]) if "query_id" in alert.body else None
        text = alert.body.get("query_text") or (query or {}).get("query_text", "")
        content = {
            "alert": alert,
            "query": query,
            "code": coloured(text, "sql"),
            "told": _told(store, alert.body),
            "evaluations": [(alert_state(one.state), one) for one in history.of(key, _SHOWN)],
        }
        return Page("alert.html", alert.name, content)

    return [site.get("/alerts", listing), site.get("/alerts/{id}", one)]


def _current(key: str, body: dict[str, Any]) -> Alert:
    evaluation, timing = body["evaluation"], body["schedule"]
    source = evaluation["source"]
    column = f"{source['aggregation']}({source['name']})" if source.get("aggregation") else source["name"]
    return Alert(
        key,
        body["display_name"],
        alert_state(evaluation.get("state", "")),
        _condition(column, evaluation["comparison_operator"], evaluation.get("threshold")),
        evaluation.get("empty_result_state", ""),
        evaluation.get("last_evaluated_at"),
        schedule(timing["quartz_cron_schedule"], timing["timezone_id"]),
        timing.get("pause_status") == "PAUSED",
        _due(timing),
        body,
    )


def _legacy(key: str, body: dict[str, Any], history: History) -> Alert:
    condition = body["condition"]
    last = next(iter(history.of(key, 1)), None)
    column = ((condition.get("operand") or {}).get("column") or {}).get("name", "?")
    return Alert(
        key,
        body["display_name"],
        alert_state(body.get("state", "")),
        _condition(column, condition.get("op", ""), condition.get("threshold")),
        condition.get("empty_result_state", ""),
        last.evaluated_at if last else None,
        "",
        False,
        None,
        body,
    )


def _due(timing: Mapping[str, Any]) -> int | None:
    if timing.get("pause_status") == "PAUSED":
        return None
    return next_after(quartz_trigger(timing["quartz_cron_schedule"], timing["timezone_id"]))


def _condition(column: str, operator: str, threshold: Mapping[str, Any] | None) -> str:
    held = (threshold or {}).get("value") or {}
    value = next((held[key] for key in ("double_value", "string_value", "bool_value") if key in held), None)
    if value is None and (threshold or {}).get("column"):
        value = (threshold or {})["column"].get("name")
    shown = f"{value:g}" if isinstance(value, float) else value
    words = [column, _SIGNS.get(operator, operator)]
    return " ".join(words if shown is None else [*words, str(shown)])


def _told(store: Store, body: dict[str, Any]) -> list[str]:
    notification = body.get("evaluation", {}).get("notification") or {}
    names = {key: destination.get("display_name", key) for key, destination in store.list("notification-destinations")}
    subscriptions = notification.get("subscriptions") or []
    return [item.get("user_email") or names.get(item.get("destination_id", ""), "?") for item in subscriptions]
