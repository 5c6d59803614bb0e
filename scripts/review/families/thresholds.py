"""`sql/thresholds.toml` in a plan: which number of which alert moves, and whether that hears less.

The alerts of this platform count violations inside their question, so the number that matters is not in the alert:
it is in this file, and the alert's own file says which of them it is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.review.fields import value_words
from scripts.review.plan import THRESHOLDS, Change, is_alert_file
from scripts.review.story import Line

# A measure below these is what is wrong; above all the others. The questions compare, and only they know.
BELOW = frozenset({"quality_low", "quality_stop", "quality_excellent", "model_lead"})
_UNITS = {"hours": "h", "days": "d"}


def thresholds(changes: Iterable[Change]) -> dict[str, tuple[Line, ...]]:
    """Return lines about numbers that move, by the address of the file that holds them."""
    changes = tuple(changes)
    users: dict[str, list[str]] = {}
    for change in changes:
        if is_alert_file(change.key):
            name = _table(change.after or change.before).get("threshold")
            users.setdefault(str(name), []).append(change.key.removeprefix("sql-alerts-").removesuffix("_toml"))
    return {
        change.address: tuple(_lines(_table(change.before), _table(change.after), users))
        for change in changes
        if change.key == THRESHOLDS and change.kind in ("changed", "replaced")
    }


def _table(side: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return tomllib.loads(str(side.get("content_base64") or ""))
    except tomllib.TOMLDecodeError:
        return {}  # the deploy itself refuses such a file; the diff shows it


def _lines(before: Mapping[str, Any], after: Mapping[str, Any], users: Mapping[str, list[str]]) -> Iterable[Line]:
    for name in sorted(before.keys() & after.keys()):
        was, now = before[name].get("value"), after[name].get("value")
        if was == now:
            continue
        weaker = (now < was) if name in BELOW else (now > was)
        unit = _UNITS.get(str(after[name].get("unit")), str(after[name].get("unit")))
        moved = f"{value_words(was)} → {value_words(now)} {unit}"
        verdict = "weaker" if weaker else "stricter"
        for alert in users.get(name, ()):
            yield Line(f"alert {alert} threshold {moved}: {verdict}", "weaker-alert" if weaker else "")
        if name not in users:
            alarms = after[name].get("severity") != "INFO"
            yield Line(f"threshold {name} {moved}: {verdict}", "weaker-alert" if weaker and alarms else "")
