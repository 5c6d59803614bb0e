"""Markdown as GitHub shows it: tables, code, anchors of headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a `|` or a line break in a cell would end it and is written otherwise."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Return text in the type of code."""
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    """Return several texts in the type of code, or a dash for none."""
    return ", ".join(code(text) for text in texts) or "-"


def anchor(heading: str) -> str:
    """Return the fragment under which GitHub finds a heading."""
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return plain.replace(" ", "-")


def mermaid(lines: Iterable[str]) -> str:
    """Return a picture that GitHub draws."""
    return "\n".join(["```mermaid", *lines, "```"])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
