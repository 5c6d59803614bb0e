"""Who may do what: each group or identity, wider or narrower."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.review.families.generic import opening
from scripts.review.fields import differences
from scripts.review.plan import UNKNOWN, Change
from scripts.review.story import Line, Story

# From least to most; a level that is not here is compared with nothing and counts as wider.
_ORDER = (
    "",
    "READ",
    "CAN_READ",
    "CAN_VIEW",
    "CAN_USE",
    "CAN_ATTACH_TO",
    "CAN_MONITOR",
    "CAN_QUERY",
    "CAN_RUN",
    "CAN_RESTART",
    "CAN_MANAGE_RUN",
    "WRITE",
    "CAN_EDIT",
    "MANAGE",
    "CAN_MANAGE",
    "IS_OWNER",
)
_CONTROL = {"WRITE", "CAN_EDIT", "MANAGE", "CAN_MANAGE", "IS_OWNER"}
_EVERYBODY = {"users", "account users"}
_PRINCIPALS = (("group_name", "group"), ("user_name", "user"), ("service_principal_name", "service principal"))


def describe(change: Change) -> Story:
    """Say whose access to one object changes."""
    where = change.key.replace("-", " ", 1)
    before, after = _levels(change.before), _levels(change.after)
    if change.kind == "destroyed":
        return Story((Line(f"{where}: nobody is named any more: {', '.join(before) or 'nobody was'}"),))
    if change.kind == "added" and UNKNOWN in change.after.values():
        return Story(tuple(_of_new(where, after)))
    lines = [Line(line.text, "") if change.kind == "replaced" else line for line in _opening(change)]
    lines += [_line(where, who, before.get(who, ""), after.get(who, "")) for who in _changed(before, after)]
    if change.kind == "changed":
        others = (found for found in differences(change.before, change.after) if "access_control" not in found.path)
        lines += [Line(f"{where} {found.words}") for found in others]
    return Story(tuple(lines))


def describe_secret_acl(change: Change) -> Story:
    """Say whose access to a secret scope changes."""
    before, after = _acl(change.before), _acl(change.after)
    where = f"secret scope {change.before.get('scope') or change.after.get('scope')}"
    lines = [_line(where, who, before.get(who, ""), after.get(who, "")) for who in _changed(before, after)]
    return Story(tuple(lines) or (Line(f"{where}: access is set again, the same as before"),))


def _opening(change: Change) -> list[Line]:
    return [] if change.kind in ("added", "destroyed") and _levels(change.after or change.before) else opening(change)


def _of_new(where: str, levels: Mapping[str, str]) -> list[Line]:
    """Access to what is new itself is nobody's gain, unless it is everybody's."""
    everybody = [who for who in levels if who.partition(" ")[2] in _EVERYBODY]
    told = ", ".join(f"{who} {level}" for who, level in levels.items())
    return [Line(f"{where}, new: {told}", "wider-control" if everybody else "")]


def _acl(side: Mapping[str, Any]) -> dict[str, str]:
    return {f"principal {side['principal']}": str(side.get("permission"))} if side.get("principal") else {}


def _levels(side: Mapping[str, Any]) -> dict[str, str]:
    """Return the highest level by who has it."""
    levels: dict[str, str] = {}
    for entry in side.get("access_control") or []:
        for attribute, word in _PRINCIPALS:
            if entry.get(attribute):
                who, level = f"{word} {entry[attribute]}", str(entry.get("permission_level"))
                levels[who] = max(levels.get(who, ""), level, key=_rank)
    return levels


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [who for who in dict.fromkeys([*before, *after]) if before.get(who) != after.get(who)]


def _rank(level: str) -> int:
    return _ORDER.index(level) if level in _ORDER else len(_ORDER)


def _line(where: str, who: str, before: str, after: str) -> Line:
    wider = _rank(after) > _rank(before)
    text = f"{where}: {who}: {before or '(nothing)'} → {after or '(nothing)'}: {'wider' if wider else 'narrower'}"
    if not wider:
        return Line(text)
    strong = after in _CONTROL or who.partition(" ")[2] in _EVERYBODY
    return Line(text, "wider-control" if strong else "wider-permission")
