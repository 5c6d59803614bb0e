"""Alerts: threshold and its direction, clock, recipients, question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.review import clock
from scripts.review.families.generic import opening
from scripts.review.fields import Difference, differences, first, value_words
from scripts.review.plan import Change
from scripts.review.story import Diff, Line, Story, unified

_SIGNS = {
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": "≥",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "≤",
    "EQUAL": "=",
    "NOT_EQUAL": "≠",
    "IS_NULL": "is null",
    "IS_NOT_NULL": "is not null",
}
_OWN_WORDS = ("schedule", "query_text", "custom_description", "evaluation.threshold", "evaluation.comparison_operator")
_SUBSCRIPTIONS = "evaluation.notification.subscriptions"


def describe(change: Change) -> Story:
    """Say what changes of an alert."""
    lines = opening(change, "alert-gone")
    if change.kind == "added":
        block = first(change.after.get("schedule"))
        state = f"evaluated {clock.spoken(block)}" if clock.live(block) else "its schedule is paused"
        lines.append(Line(f"alert {change.key} triggers when {_condition(change.after)}; {state}"))
    if change.kind not in ("changed", "replaced"):
        return Story(tuple(lines))
    lines += [*_threshold(change), *_clock(change)]
    for found in differences(change.before, change.after):
        if not found.path.startswith(_OWN_WORDS):
            lines.append(_line(change, found))
    diffs = [diff for attribute in ("query_text", "custom_description") if (diff := _text(change, attribute))]
    lines += [Line(f"alert {change.key}: {diff.title.rpartition(' ')[2]} changes", "code") for diff in diffs]
    return Story(tuple(lines), tuple(diffs))


def _evaluation(side: Mapping[str, Any]) -> Mapping[str, Any]:
    return first(side.get("evaluation"))


def _limit(side: Mapping[str, Any]) -> Any:
    threshold = first(_evaluation(side).get("threshold"))
    value = first(threshold.get("value"))
    known = (value.get(kind) for kind in ("double_value", "string_value", "bool_value"))
    return next((each for each in known if each is not None), first(threshold.get("column")).get("name"))


def _condition(side: Mapping[str, Any]) -> str:
    source = first(_evaluation(side).get("source"))
    operator = str(_evaluation(side).get("comparison_operator"))
    measured = f"{source.get('aggregation') or 'first'} of {source.get('name')}"
    return f"{measured} {_SIGNS.get(operator, operator)} {value_words(_limit(side))}"


def _threshold(change: Change) -> list[Line]:
    was, now = _limit(change.before), _limit(change.after)
    old, new = (str(_evaluation(side).get("comparison_operator")) for side in (change.before, change.after))
    if old != new:
        return [
            Line(
                f"alert {change.key} triggers when {_condition(change.before)} → {_condition(change.after)}:"
                " it asks something else",
                "weaker-alert",
            )
        ]
    if was == now:
        return []
    verdict = _direction(new, was, now)
    text = f"alert {change.key} threshold {_SIGNS.get(new, new)} {value_words(was)} → {value_words(now)}: {verdict}"
    return [Line(text, "" if verdict == "stricter" else "weaker-alert")]


def _direction(operator: str, was: Any, now: Any) -> str:
    """Above a limit, a higher one hears less; below one, a lower one does; what cannot be ordered may be weaker."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (was, now))
    if not numbers or not operator.startswith(("GREATER", "LESS")):
        return "other, perhaps weaker"
    return "weaker" if (now > was) == operator.startswith("GREATER") else "stricter"


def _clock(change: Change) -> list[Line]:
    before, after = first(change.before.get("schedule")), first(change.after.get("schedule"))
    lines = []
    if clock.live(before) and not clock.live(after):
        lines.append(Line(f"alert {change.key} is paused: it tells nobody", "alert-paused"))
    if clock.live(after) and not clock.live(before):
        lines.append(Line(f"alert {change.key} is switched on", "schedule-on"))
    if clock.spoken(before) != clock.spoken(after):
        lines.append(Line(f"alert {change.key} is evaluated {clock.spoken(before)} → {clock.spoken(after)}"))
    return lines


def _line(change: Change, found: Difference) -> Line:
    if found.path.startswith(_SUBSCRIPTIONS):
        who = value_words(first(found.before or found.after).get("user_email") or found.before or found.after)
        if found.after is None:
            return Line(f"alert {change.key} no longer tells {who}: weaker", "recipient-removed")
        if found.before is None:
            return Line(f"alert {change.key} tells {who} too")
    if found.path == "evaluation.empty_result_state" and found.after == "OK":
        return Line(
            f"alert {change.key} takes an empty result as OK, before {value_words(found.before)}", "weaker-alert"
        )
    return Line(f"alert {change.key} {found.words}")


def _text(change: Change, attribute: str) -> Diff | None:
    was, now = str(change.before.get(attribute) or ""), str(change.after.get(attribute) or "")
    word = {"query_text": "query", "custom_description": "message"}[attribute]
    return unified(f"alert {change.key} {word}", was, now) if was != now else None
