"""Rules for alerts: one that cannot fire, or that nobody hears, is worse than none."""

from __future__ import annotations

from infra.policies.plan import UNKNOWN, Resource, blocks
from infra.policies.rule import Faults, Rule, expect, given

_ALERT = ("databricks_alert_v2",)
_STATES = ("OK", "TRIGGERED", "ERROR")


class AlertIsHeard(Rule):
    """An alert has a recipient."""

    number = 42
    title = "Alerts have a recipient"
    severity_word = "HIGH"
    kinds = _ALERT
    reason = "An alert without a subscription changes colour on a page that nobody has open."
    fix = "Add evaluation.notification.subscriptions."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        notes = [note for each in resource.blocks("evaluation") for note in blocks(each, "notification")]
        heard = [found for note in notes for found in blocks(note, "subscriptions")]
        heard = [each for each in heard if given(each.get("user_email")) or given(each.get("destination_id"))]
        unknown = any(note.get("subscriptions") is UNKNOWN for note in notes)
        if not heard:
            yield None if unknown else "nobody is subscribed"


class EmptyResultIsSaid(Rule):
    """What an empty answer means is said."""

    number = 43
    title = "Alerts say what an empty result means"
    severity_word = "HIGH"
    kinds = _ALERT
    reason = "Left out, an empty table is UNKNOWN: neither triggered nor well, and nobody is told."
    fix = "Set evaluation.empty_result_state to TRIGGERED or ERROR, or to OK where rows are violations."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for evaluation in resource.blocks("evaluation"):
            state = evaluation.get("empty_result_state")
            yield from expect(state, lambda word: word in _STATES, f"empty_result_state is {state}")


class AlertColumnIsNotRenamed(Rule):
    """The column that is compared exists."""

    number = 44
    title = "Alerts compare the column under its own name"
    severity_word = "HIGH"
    kinds = _ALERT
    reason = "With a display name the service compares a column that is not there, and the alert stays OK for ever."
    fix = "Leave evaluation.source.display out."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for evaluation in resource.blocks("evaluation"):
            for source in blocks(evaluation, "source"):
                name = source.get("name")
                shown = source.get("display")
                fault = f"display {shown} is not the column {name}"
                yield from expect(None if shown == name else shown, lambda text: not text, fault)


class AlertSchedule(Rule):
    """An alert looks at a time that is said, in UTC."""

    number = 45
    title = "Alert schedules are in UTC and say whether they run"
    severity_word = "MEDIUM"
    kinds = _ALERT
    reason = "Where pause_status is left out, an alert that somebody switched off looks the same as one that runs."
    fix = "Set schedule.timezone_id = UTC and schedule.pause_status."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        schedules = resource.blocks("schedule")
        if not schedules and resource.get("schedule") is not UNKNOWN:
            yield "there is no schedule: the alert never looks"
        for schedule in schedules:
            zone = schedule.get("timezone_id")
            yield from expect(zone, lambda name: name in ("UTC", "Etc/UTC"), f"timezone_id is {zone}")
            if not given(schedule.get("pause_status")):
                yield "pause_status is left out"


class AlertNamesRunbook(Rule):
    """An alert says what to do."""

    number = 46
    title = "Alerts name their runbook section"
    severity_word = "LOW"
    kinds = _ALERT
    reason = "Whoever is woken at night needs the next step, not the number."
    fix = "Name runbook.md#<section> or a link in custom_description."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        text = resource.get("custom_description")
        return expect(text, lambda said: "runbook" in str(said).lower(), "custom_description names no runbook")


class AlertHasThreshold(Rule):
    """An alert compares with a number."""

    number = 47
    title = "Alerts have a threshold"
    severity_word = "HIGH"
    kinds = _ALERT
    reason = "Compared with nothing, every answer is fine."
    fix = "Set evaluation.threshold.value, or use IS_NULL or IS_NOT_NULL."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for evaluation in resource.blocks("evaluation"):
            if evaluation.get("comparison_operator") in ("IS_NULL", "IS_NOT_NULL"):
                continue
            limits = [
                limit for each in blocks(evaluation, "threshold") for limit in (each.get("value"), each.get("column"))
            ]
            values = [value for each in limits for value in (each.values() if isinstance(each, dict) else [each])]
            if all(value is None for value in values):
                yield None if evaluation.get("threshold") is UNKNOWN else "there is no threshold"


RULES = (
    AlertIsHeard(),
    EmptyResultIsSaid(),
    AlertColumnIsNotRenamed(),
    AlertSchedule(),
    AlertNamesRunbook(),
    AlertHasThreshold(),
)
