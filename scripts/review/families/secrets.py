"""Secret scopes and secrets: names only, never a value."""

from __future__ import annotations

from scripts.review.families.generic import opening
from scripts.review.fields import differences
from scripts.review.plan import Change
from scripts.review.story import Line, Story


def describe(change: Change) -> Story:
    """Say what changes of a secret scope or of a secret."""
    lines = opening(change, "secrets-lost", "secrets-lost")
    if change.kind in ("changed", "replaced"):
        lines += [Line(f"{change.title} {found.words}") for found in differences(change.before, change.after)]
    return Story(tuple(lines))
