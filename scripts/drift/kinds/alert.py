"""SQL alerts of the second version: the service answers with what was sent, so almost nothing is a default."""

from __future__ import annotations

from scripts.drift.compare import Body, Default, Rules
from scripts.drift.declared import Resource
from scripts.drift.kinds.job import principal
from scripts.drift.kinds.kind import Kind, by_id, plain_path

RULES = Rules(
    computed={
        "id": "given by the service",
        "create_time": "a time",
        "update_time": "a time",
        "lifecycle_state": "only active alerts are listed",
        "owner_user_name": "whoever deployed; the access list is compared instead",
        "effective_run_as": "follows run_as",
        "run_as_user_name": "the old name of run_as",
        "evaluation.state": "the outcome of the last evaluation",
        "evaluation.last_evaluated_at": "a time",
        "evaluation.notification.effective_notify_on_ok": "follows notify_on_ok",
        "evaluation.notification.effective_retrigger_seconds": "follows retrigger_seconds",
    },
    defaults={
        "evaluation.notification.notify_on_ok": Default(False, "the API's default"),
        "evaluation.notification.retrigger_seconds": Default(0, "the API's default: tell once"),
        "schedule.pause_status": Default("UNPAUSED", "the API's default"),
    },
    keys={"evaluation.notification.subscriptions": "subscriber"},
)


def desired(resource: Resource, creator: str) -> Body:
    """Return the alert as alerts/get should show it."""
    return observed(resource.arguments)


def observed(alert: Body) -> Body:
    """Return an alert with one spelling of its folder, its subscribers and its run_as."""
    body = dict(alert)
    if body.get("parent_path"):
        body["parent_path"] = plain_path(body["parent_path"])
    if "run_as" in body:
        body["run_as"] = principal(body["run_as"])
    evaluation = dict(body.get("evaluation") or {})
    if notification := dict(evaluation.get("notification") or {}):
        notification["subscriptions"] = [
            {"subscriber": each.get("user_email") or each.get("destination_id")}
            for each in notification.get("subscriptions") or []
        ]
        evaluation["notification"] = notification
    return body | {"evaluation": evaluation}


ALERT = Kind(type="databricks_alert_v2", noun="alert", rules=RULES, key=by_id, desired=desired, segment="alertsv2")
