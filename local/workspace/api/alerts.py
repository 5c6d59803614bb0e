"""/api/2.0/alerts: alerts v2, with their own query, schedule and subscriptions."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.routing import Route

from local.alerts import condition
from local.alerts.evaluations import KIND, Evaluations
from local.errors import invalid
from local.jobs import destinations
from local.jobs.schedule import quartz_trigger
from local.services import Services
from local.workspace.call import Call, page, route
from local.workspace.clock import timestamp
from local.workspace.collection import Collection, masked
from local.workspace.tree import PREFIX, Tree, clean

EVALUATED = frozenset({"state", "last_evaluated_at"})
COMPUTED = frozenset({"id", "create_time", "update_time", "lifecycle_state", "owner_user_name", "effective_run_as"})


def routes(services: Services, evaluations: Evaluations) -> list[Route]:
    """Create, get, list, update by a mask in the query, delete; the schedule is followed at once."""
    alerts = _Alerts(services, evaluations)
    return [
        route("POST", "/api/2.0/alerts", alerts.create),
        route("GET", "/api/2.0/alerts", alerts.listing),
        route("GET", "/api/2.0/alerts/{id}", alerts.get),
        route("PATCH", "/api/2.0/alerts/{id}", alerts.update),
        route("DELETE", "/api/2.0/alerts/{id}", alerts.delete),
    ]


class _Alerts:
    # The provider takes the answer for its state: an optional field that was not sent must not come back, not even "".

    def __init__(self, services: Services, evaluations: Evaluations) -> None:
        self._evaluations = evaluations
        self._user = services.user
        self._tree = Tree(services.store, services.root)
        self._objects = Collection(services.store, KIND, "Alert with ID '{}' does not exist.")

    def create(self, call: Call) -> dict[str, Any]:
        key, now = str(uuid.uuid4()), timestamp()
        computed = {
            "id": key,
            "create_time": now,
            "update_time": now,
            "lifecycle_state": "ACTIVE",
            "owner_user_name": self._user,
        }
        alert = self._objects.put(key, self._checked(call.body) | computed)
        self._evaluations.follow(alert)
        return alert

    def get(self, call: Call) -> dict[str, Any]:
        return self._objects.require(call.path["id"])

    def listing(self, call: Call) -> dict[str, Any]:
        return page(call, self._objects.all(), "alerts")

    def update(self, call: Call) -> dict[str, Any]:
        key = call.path["id"]
        with self._objects.store.write():
            old = self._objects.require(key)
            new = self._checked(masked(old, call.body, call.text("update_mask")))
            kept = {name: old[name] for name in COMPUTED if name in old}
            found = {name: old["evaluation"][name] for name in EVALUATED if name in old["evaluation"]}
            kept["evaluation"] = new["evaluation"] | found
            alert = self._objects.put(key, new | kept | {"update_time": timestamp()})
        self._evaluations.follow(alert)
        return alert

    def delete(self, call: Call) -> None:
        with self._objects.store.write():
            self._objects.delete(call.path["id"])
            self._evaluations.forget(call.path["id"])

    def _checked(self, body: dict[str, Any]) -> dict[str, Any]:
        fields = Call({}, {}, body)
        for name in ("display_name", "query_text", "warehouse_id"):
            fields.text(name)
        evaluation = fields.mapping("evaluation")
        condition.check(evaluation)
        self._check_notification(evaluation.get("notification") or {})
        schedule = Call({}, {}, fields.mapping("schedule"))
        quartz_trigger(schedule.text("quartz_cron_schedule"), schedule.text("timezone_id"))
        given = {name: value for name, value in body.items() if name not in COMPUTED}
        given["evaluation"] = {name: value for name, value in evaluation.items() if name not in EVALUATED}
        parent = fields.optional("parent_path")
        if parent is None:
            return given
        self._tree.require_folder(parent)
        return given | {"parent_path": PREFIX + clean(parent)}

    def _check_notification(self, notification: dict[str, Any]) -> None:
        pause = notification.get("retrigger_seconds") or 0
        if not isinstance(pause, int) or pause < 0:
            raise invalid(f"retrigger_seconds must be a whole number from 0, not {pause!r}")
        subscriptions = notification.get("subscriptions") or []
        for item in subscriptions:
            if bool(item.get("user_email")) == bool(item.get("destination_id")):
                raise invalid("A subscription must have exactly one of user_email and destination_id")
        people = [item["user_email"] for item in subscriptions if item.get("user_email")]
        destinations.check_addresses("evaluation.notification.subscriptions", people)
        named = [item["destination_id"] for item in subscriptions if item.get("destination_id")]
        destinations.check(self._objects.store, "evaluation.notification.subscriptions", named)
