"""Reads Markdown as the tests of the pages need it: headings, fences, code spans, links, sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.docs.markdown import anchor

ROOT = Path(__file__).resolve().parents[2]
_HEADING = re.compile(r"(#{1,6}) (.+)")
_FENCE = re.compile(r"^ *```(\w*) *\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Heading:
    """A heading with its level and the text until the next one of the same level or a higher one."""

    level: int
    text: str
    body: str


def pages() -> list[Path]:
    """Every page that people read at work."""
    found = [ROOT / "README.md", *ROOT.glob("CONTRIBUTING.md"), ROOT / "local" / "README.md"]
    return [*found, *sorted((ROOT / "docs").rglob("*.md"))]


def fences(text: str) -> list[tuple[str, str]]:
    """Language and content of each block of code."""
    return _FENCE.findall(text)


def spans(text: str) -> list[str]:
    """Each piece of code within a line."""
    return _SPAN.findall(_FENCE.sub("", text))


def links(text: str) -> list[str]:
    """The target of each link."""
    return _LINK.findall(_SPAN.sub("", _FENCE.sub("", text)))


def headings(text: str) -> list[Heading]:
    """Every heading outside blocks of code, in order."""
    lines, fenced, found = text.split("\n"), False, []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and (match := _HEADING.fullmatch(line)):
            found.append((number, len(match[1]), match[2]))
    ends = [
        next((later for later, deeper, _ in found[place + 1 :] if deeper <= level), len(lines))
        for place, (_, level, _) in enumerate(found)
    ]
    return [
        Heading(level, text, "\n".join(lines[number + 1 : end]))
        for (number, level, text), end in zip(found, ends, strict=True)
    ]


def anchors(text: str) -> set[str]:
    """The fragments a page has; GitHub numbers the second and further ones of a name."""
    seen: dict[str, int] = {}
    found = set()
    for heading in headings(text):
        name = anchor(heading.text)
        count = seen.get(name, 0)
        found.add(f"{name}-{count}" if count else name)
        seen[name] = count + 1
    return found


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that stands in a file exactly once."""
    text = file.read_text()
    assert text.count(old) == 1, f"{file}: {text.count(old)} times {old!r}"
    file.write_text(text.replace(old, new))


def steps(body: str) -> Iterator[str]:
    """Each numbered step of a section with all that belongs to it."""
    for part in re.split(r"^(?=\d+\. )", body, flags=re.MULTILINE):
        if re.match(r"\d+\. ", part):
            yield re.sub(r"^\d+\. ", "", part)
