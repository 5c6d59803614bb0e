"""Text of a plan as Markdown that shows it and does nothing else."""

from __future__ import annotations

import html
import re

# An underscore inside a word marks nothing up.
_SPECIAL = re.compile(r"([\\`*{}\[\]#|~!]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_MENTION = re.compile(r"(?<![\w])@(?=[\w-])")
_REFERENCE = re.compile(r"\\#(?=\d)")
_TICKS = re.compile(r"`+")
_LONGEST = 300  # characters of one sentence; longer names are cut, the JSON has them whole


def escaped(text: str, longest: int = _LONGEST) -> str:
    """Return a text for running Markdown, tables and summaries: no markup, HTML, mention or reference comes out of it.

    An empty comment parts `@` from its name: GitHub looks for mentions after it has read entities and backslashes.
    """
    text = " ".join(text.split())
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    text = _SPECIAL.sub(_marked, html.escape(text, quote=False))
    return _REFERENCE.sub(r"\\#<!-- -->", _MENTION.sub("@<!-- -->", text))


def _marked(found: re.Match[str]) -> str:
    """A function: expanding a template instead takes more than twice as long, and a large plan has many texts."""
    return f"\\{found[0]}"


def code(text: str, longest: int = _LONGEST) -> str:
    """Return a text as a code span outside tables; one with backticks gets a longer fence."""
    text = " ".join(text.split()) or " "
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    return f"{fence} {text} {fence}" if len(fence) > 1 else f"{fence}{text}{fence}"


def block(lines: tuple[str, ...], language: str) -> str:
    """Return lines as a fenced block that nothing inside can close."""
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def details(summary: str, body: str) -> str:
    """Return a part that opens on a click; `summary` must be escaped."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
