"""What is said of one change: lines in words, each with the risk rule it meets, and diffs of code."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One sentence about a change; `rule` is an id of scripts.review.risk.RULES, or nothing."""

    text: str
    rule: str = ""


@dataclass(frozen=True)
class Diff:
    """A unified diff of code; `lines` without their line ends."""

    title: str
    lines: tuple[str, ...]

    @property
    def added(self) -> int:
        """Lines that are new."""
        return sum(line.startswith("+") and not line.startswith("+++") for line in self.lines)

    @property
    def removed(self) -> int:
        """Lines that go."""
        return sum(line.startswith("-") and not line.startswith("---") for line in self.lines)


@dataclass(frozen=True)
class Story:
    """Everything said of one change."""

    lines: tuple[Line, ...]
    diffs: tuple[Diff, ...] = ()


# Beyond this a diff says that much changed and the pull request itself is the place to read it.
_DIFF_LINES = 400
_DIFF_INPUT = 4000  # lines of a file; difflib takes quadratic time on what has no line in common


def unified(title: str, before: str, after: str) -> Diff:
    """Return the unified diff of two texts with three lines of context, at most 400 lines long."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > _DIFF_INPUT:
        return Diff(title, (f"  too long to compare here: {len(old):,} lines before, {len(new):,} after",))
    lines = [line.rstrip("\n") for line in difflib.unified_diff(old, new, "before", "after", lineterm="", n=3)]
    if len(lines) > _DIFF_LINES:
        rest = len(lines) - _DIFF_LINES
        lines = [*lines[:_DIFF_LINES], f"  … {rest:,} more lines of this diff"]
    return Diff(title, tuple(lines))
