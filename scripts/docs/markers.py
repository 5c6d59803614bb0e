"""Generated sections of a page: what stands between two markers belongs to the generator, all else to people.

    <!-- generated: jobs -->
    …
    <!-- end -->

A section that depends on a day names it: `<!-- generated: next_runs for 2026-11-23 -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from scripts.errors import CommandError

_BEGIN = re.compile(r"<!-- generated: (?P<name>[a-z_]+)(?: for (?P<day>\d{4}-\d{2}-\d{2}))? -->")
_END = "<!-- end -->"
_LIKE_A_MARKER = re.compile(r"<!--\s*(generated|end)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Section:
    """One generated part of a page: its name, the day it was asked for, its text and the lines of its markers."""

    name: str
    day: date | None
    text: str
    begin: int
    end: int

    def marker(self) -> str:
        """Return the line that opens the section."""
        return f"<!-- generated: {self.name}{f' for {self.day}' if self.day else ''} -->"


def find(page: str, text: str) -> list[Section]:
    """Return the sections of a page in order; CommandError names the page, the line and what is wrong with a marker."""
    found: list[Section] = []
    opened: tuple[re.Match[str], int] | None = None
    fenced = False
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if opened is None and line.startswith("```"):
            fenced = not fenced  # a page may show a marker as an example
        if fenced or not _LIKE_A_MARKER.match(line.strip()):
            continue
        where = f"{page}:{number + 1}"
        if line == _END:
            if opened is None:
                raise CommandError(f"{where}: '{_END}' closes nothing; remove it or add the marker that opens it.")
            found.append(_section(page, *opened, lines, number))
            opened = None
            continue
        match = _BEGIN.fullmatch(line)
        if match is None:
            raise CommandError(
                f"{where}: {line.strip()!r} is no marker; expected '<!-- generated: <section> -->' or '{_END}'."
            )
        if opened is not None:
            raise CommandError(f"{where}: section '{opened[0]['name']}' of line {opened[1] + 1} is not closed: {_END}")
        if match["name"] in {section.name for section in found}:
            raise CommandError(f"{where}: section '{match['name']}' is on this page already; remove one of the two.")
        opened = match, number
    if opened is not None:
        raise CommandError(f"{page}:{opened[1] + 1}: section '{opened[0]['name']}' is not closed: add '{_END}'.")
    return found


def replace(text: str, sections: list[Section], write: Callable[[Section], Section]) -> str:
    """Return the page with every section written anew and every other character as it was."""
    lines = text.split("\n")
    for section in reversed(sections):
        fresh = write(section)
        lines[section.begin : section.end + 1] = [fresh.marker(), *fresh.text.split("\n"), _END]
    return "\n".join(lines)


def _section(page: str, match: re.Match[str], begin: int, lines: list[str], end: int) -> Section:
    try:
        day = date.fromisoformat(match["day"]) if match["day"] else None
    except ValueError as error:
        where = f"{page}:{begin + 1}: section '{match['name']}'"
        raise CommandError(f"{where}: {match['day']} is no day.") from error
    return Section(match["name"], day, "\n".join(lines[begin + 1 : end]), begin, end)
