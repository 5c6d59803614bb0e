"""How risky a plan is: one table of rules, each met by lines of the review; nothing is weighed by feeling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from scripts.review.story import Line

Level = Literal["none", "low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("none", "low", "medium", "high")


@dataclass(frozen=True)
class Rule:
    """One way to be risky."""

    level: Level
    text: str


RULES: Mapping[str, Rule] = {
    # What cannot be taken back.
    "data-loss": Rule("high", "data loss"),
    "run-history": Rule("high", "loses run history"),
    "secrets-lost": Rule("high", "secret values are lost"),
    # What nobody will notice.
    "alert-gone": Rule("high", "an alert is deleted"),
    "alert-paused": Rule("high", "an alert is paused"),
    "weaker-alert": Rule("medium", "weaker alert"),
    "recipient-removed": Rule("medium", "somebody is no longer told"),
    # Who may do what, as whom.
    "wider-control": Rule("high", "wider permission: may change or manage, or is everybody"),
    "wider-permission": Rule("medium", "wider permission"),
    "run-as": Rule("high", "runs as another identity"),
    "cluster-policy": Rule("medium", "cluster policy changes"),
    "destroy-allowed": Rule("medium", "deleting it with what is in it becomes possible"),
    # What runs when, and how it fails.
    "schedule-on": Rule("medium", "schedule switched on"),
    "schedule-off": Rule("medium", "schedule switched off"),
    "schedule-moved": Rule("low", "runs at another time"),
    "retry-removed": Rule("medium", "fewer retries"),
    "timeout-removed": Rule("medium", "no timeout any more"),
    "task-removed": Rule("medium", "a task is removed"),
    # The rest.
    "policy-failed": Rule("high", "policy failed"),
    "gone": Rule("medium", "something is deleted"),
    "replaced": Rule("medium", "something is deleted and created again"),
    "code": Rule("low", "code changes"),
    "changed": Rule("low", "configuration changes"),
}


@dataclass(frozen=True)
class Reason:
    """A rule that is met, and the lines that meet it."""

    rule: str
    level: Level
    text: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Risk:
    """The highest level of its reasons."""

    level: Level
    reasons: tuple[Reason, ...]


def assess(lines: Iterable[Line], changes: int) -> Risk:
    """Return the risk of all lines of a plan; a plan with changes and no rule met is low, one without is none."""
    met: dict[str, list[str]] = {}
    for line in lines:
        if line.rule:
            met.setdefault(line.rule, []).append(line.text)
    if changes and not met:
        met["changed"] = [f"{changes} change{'' if changes == 1 else 's'}, none of which meets another rule"]
    reasons = [Reason(rule, RULES[rule].level, RULES[rule].text, tuple(texts)) for rule, texts in met.items()]
    reasons.sort(key=lambda reason: (-LEVELS.index(reason.level), list(RULES).index(reason.rule)))
    return Risk(reasons[0].level if reasons else "none", tuple(reasons))
