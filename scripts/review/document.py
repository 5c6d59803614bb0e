"""A review as JSON: everything the comment says, and what did not fit there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scripts.review.cost import Cost
from scripts.review.markdown import verdict
from scripts.review.review import Item, Review


def document(review: Review) -> dict[str, Any]:
    """Return the review as a JSON object; moments are ISO texts in UTC."""
    facts = asdict(review.facts)
    facts["state"] = {"lineage": facts.pop("lineage"), "serial": facts.pop("serial")}
    facts["planned_at"] = review.facts.planned_at.isoformat()
    return {
        **facts,
        "verdict": verdict(review),
        "exit_code": review.exit_code,
        "counts": dict(review.counts),
        "risk": {"level": review.risk.level, "reasons": [asdict(reason) for reason in review.risk.reasons]},
        "changes": [_item(item) for item in review.items],
        "next_runs": [
            {
                "job": each.job,
                "before": [at.isoformat() for at in each.before],
                "after": [at.isoformat() for at in each.after],
            }
            for each in review.next_runs
        ],
        "cost": {
            "currency": "USD",
            "per": "30 days",
            "prices_checked": review.prices_checked,
            "before": _cost(review.cost_before),
            "after": _cost(review.cost_after),
        },
        "policies": None if review.policies is None else [asdict(each) for each in review.policies],
        "diffs": [{"title": diff.title, "lines": list(diff.lines)} for diff in review.diffs],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "address": item.change.address,
        "previous_address": item.change.previous_address or None,
        "type": item.change.type,
        "kind": item.change.kind,
        "lines": [{"text": line.text, "rule": line.rule or None} for line in item.lines],
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "expected": round(cost.expected, 2),
        "at_most": round(cost.at_most, 2),
        "parts": {name: round(usd, 2) for name, usd in cost.parts.items()},
        "not_counted": list(cost.unknown),
    }
