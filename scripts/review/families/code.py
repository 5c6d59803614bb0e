"""Notebooks and files: how much changes, and the diff itself. Their whole text is in the plan, both sides."""

from __future__ import annotations

import re

from scripts.review.families.generic import opening
from scripts.review.fields import differences
from scripts.review.plan import UNKNOWN, Change
from scripts.review.story import Line, Story, unified


def describe(change: Change) -> Story:
    """Say what changes of a notebook or a workspace file."""
    lines = opening(change)
    if change.kind not in ("changed", "replaced"):
        return Story(tuple(lines))
    others = [
        each for each in differences(change.before, change.after) if each.path not in ("content_base64", "source")
    ]
    lines += [Line(f"{change.key} {found.words}") for found in others]
    before, after = change.before.get("content_base64"), change.after.get("content_base64")
    if before == after:
        return Story(tuple(lines))
    if not isinstance(before, str) or not isinstance(after, str) or UNKNOWN in (before, after):
        return Story((*lines, Line(f"{change.key}: content changes; its text is not in the plan", "code")))
    diff = unified(_path(change), before, after)
    lines.append(Line(f"{_path(change)}: lines +{diff.added} -{diff.removed}", "code"))
    return Story(tuple(lines), (diff,))


def _path(change: Change) -> str:
    """Path below the root of the environment."""
    path = str(change.after.get("path") or change.before.get("path") or change.key)
    return re.sub(r"^/Shared/ecommerce/[^/]+/", "", path)
