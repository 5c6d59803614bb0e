"""Plans that no stack of ours has: made by hand for limits and nasty names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.review import prices
from scripts.review.facts import Facts, PolicyResult
from scripts.review.review import Review, review

FACTS = Facts(
    environment="prod",
    stack="prod",
    digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    commit="0b5d1c7e9a3f4e2d8c6b7a5f1e3d2c4b6a798081",
    dirty=True,
    lineage="5d1c9a52-6d0c-4a0e-9d9d-1b2c3d4e5f60",
    serial=7,
    terraform="1.9.8",
    provider="1.99.0",
    planned_at=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
)


def entry(
    address: str, actions: list[str], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, **change: Any
) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    whole = {"actions": actions, "before": before, "after": after, **change}
    return {"address": address, "mode": "managed", "type": kind, "name": name, "change": whole}


def reviewed(entries: Iterable[Mapping[str, Any]], policies: tuple[PolicyResult, ...] | None = None) -> Review:
    return review({"resource_changes": list(entries)}, FACTS, prices.load(), policies)
