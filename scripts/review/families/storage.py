"""Catalogs, schemas, volumes, tables: what holds data."""

from __future__ import annotations

from scripts.review.families.generic import opening
from scripts.review.fields import differences
from scripts.review.plan import Change
from scripts.review.story import Line, Story


def describe(change: Change) -> Story:
    """Say what changes of a thing that holds data; deleting one loses it."""
    lines = opening(change, "data-loss", "data-loss")
    if change.kind in ("changed", "replaced"):
        for found in differences(change.before, change.after):
            allows = found.path == "force_destroy" and found.after is True
            lines.append(Line(f"{change.title} {found.words}", "destroy-allowed" if allows else ""))
    return Story(tuple(lines))
