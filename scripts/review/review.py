"""A plan, its facts and its policy results as one review: pure, nothing is read or written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from scripts.review import clock, cost, risk
from scripts.review.cost import Cost
from scripts.review.facts import Facts, PolicyResult
from scripts.review.families import alert, code, compute, dashboard, generic, job, permissions, secrets, storage
from scripts.review.families.thresholds import thresholds
from scripts.review.fields import first
from scripts.review.plan import Change, read
from scripts.review.prices import Prices
from scripts.review.risk import Risk
from scripts.review.story import Diff, Line, Story

KINDS = ("destroyed", "replaced", "added", "changed", "moved", "forgotten")

_FAMILIES: Mapping[str, Callable[[Change], Story]] = {
    "databricks_job": job.describe,
    "databricks_cluster": compute.describe,
    "databricks_cluster_policy": compute.describe,
    "databricks_sql_endpoint": compute.describe,
    "databricks_permissions": permissions.describe,
    "databricks_secret_acl": permissions.describe_secret_acl,
    "databricks_secret_scope": secrets.describe,
    "databricks_secret": secrets.describe,
    "databricks_alert_v2": alert.describe,
    "databricks_dashboard": dashboard.describe,
    "databricks_notebook": code.describe,
    "databricks_workspace_file": code.describe,
    **dict.fromkeys(
        ("databricks_catalog", "databricks_schema", "databricks_volume", "databricks_sql_table"), storage.describe
    ),
}


@dataclass(frozen=True)
class Item:
    """One change with its words."""

    change: Change
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class NextRuns:
    """When a job whose clock changes starts next, as it is and as it will be; UTC."""

    job: str
    before: tuple[datetime, ...]
    after: tuple[datetime, ...]


@dataclass(frozen=True)
class Review:
    """Everything said about one plan."""

    facts: Facts
    items: tuple[Item, ...]
    diffs: tuple[Diff, ...]
    counts: Mapping[str, int]
    risk: Risk
    next_runs: tuple[NextRuns, ...]
    cost_before: Cost
    cost_after: Cost
    prices_checked: str
    policies: tuple[PolicyResult, ...] | None

    @property
    def failures(self) -> tuple[PolicyResult, ...]:
        """Policy results that failed and are not waived."""
        return tuple(each for each in self.policies or () if each.result == "failed")

    @property
    def exit_code(self) -> int:
        """0 no changes, 2 changes, 3 refused by policy."""
        return 3 if self.failures else 2 if self.items else 0


def review(plan: Mapping[str, Any], facts: Facts, prices: Prices, policies: Sequence[PolicyResult] | None) -> Review:
    """Return the review of one plan (`terraform show -json`)."""
    changes = read(plan)
    told = [(change, _story(change)) for change in changes if change.kind != "unchanged"]
    said = thresholds(changes)
    twins = _renamed(changes)
    items = tuple(
        Item(change, (*said.get(change.address, ()), *story.lines, *twins.get(change.address, ())))
        for change, story in told
    )
    failed = [
        Line(f"{each.id}: {each.title} ({each.address})", "policy-failed")
        for each in policies or ()
        if each.result == "failed"
    ]
    ordered = tuple(sorted(items, key=lambda item: KINDS.index(item.change.kind)))
    counted: Counter[str] = Counter(item.change.kind for item in items)
    day = facts.planned_at.date()
    return Review(
        facts=facts,
        items=ordered,
        diffs=_merged(chain.from_iterable(story.diffs for _, story in told)),
        counts={kind: counted[kind] for kind in KINDS},
        risk=risk.assess([*failed, *(line for item in ordered for line in item.lines)], len(items)),
        next_runs=tuple(_next_runs(changes, facts.planned_at)),
        cost_before=cost.month([(each, each.before) for each in changes if each.before], prices, day),
        cost_after=cost.month([(each, each.after) for each in changes if each.after], prices, day),
        prices_checked=prices.checked.isoformat(),
        policies=None if policies is None else tuple(policies),
    )


def _story(change: Change) -> Story:
    if change.kind == "moved":
        return Story((Line(f"{change.title} keeps everything: {change.previous_address} is now {change.address}"),))
    story = _FAMILIES.get(change.type, generic.describe)(change)
    hidden = tuple(Line(f"{change.title} {name} changes in what is hidden here") for name in change.hidden)
    moved = (Line(f"was {change.previous_address}"),) if change.previous_address else ()
    lines = (*moved, *story.lines, *hidden)
    return replace(story, lines=lines or (Line(f"{change.title} changes only in what the server fills in"),))


def _renamed(changes: Sequence[Change]) -> dict[str, tuple[Line, ...]]:
    """Return a line for each thing that goes while its like comes: what a moved block would have kept."""
    added = {_likeness(change): change.address for change in changes if change.kind == "added"}
    return {
        change.address: (Line(f"its like is added as {added[likeness]}: a moved block would keep it"),)
        for change in changes
        if change.kind == "destroyed" and (likeness := _likeness(change)) in added
    }


def _likeness(change: Change) -> tuple[str, str]:
    """Return what stays when a thing is only renamed: the tasks of a job, the content of a file, else its name."""
    side = change.after or change.before
    tasks = [str(task.get("task_key")) for task in side.get("task") or []]
    return change.type, ",".join(tasks) or str(side.get("content_base64") or change.title)


def _merged(diffs: Any) -> tuple[Diff, ...]:
    """One question stands behind many alerts and tiles: the same diff is shown once, with everything it is of."""
    titles: dict[tuple[str, ...], list[str]] = {}
    for diff in diffs:
        titles.setdefault(diff.lines, []).append(diff.title)
    return tuple(Diff(_together(names), lines) for lines, names in titles.items())


def _together(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and the same in {len(names) - 1} more"


def _next_runs(changes: Sequence[Change], now: datetime) -> Any:
    now = now.astimezone(UTC)
    for change in changes:
        if change.type != "databricks_job" or change.kind == "unchanged":
            continue
        before, after = first(change.before.get("schedule")), first(change.after.get("schedule"))
        if (clock.live(before) or clock.live(after)) and dict(before) != dict(after):
            yield NextRuns(change.title, clock.next_runs(before, now), clock.next_runs(after, now))
