"""Room in a comment: what comes first gets it, what does not fit is counted and pointed to, never silently dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

_REST = 160  # characters kept for the sentence about what did not fit


def fitting(entries: Sequence[str], room: int, rest: Callable[[int], str]) -> str:
    """Return as many entries as fit, a line each, and `rest(count)` for the others."""
    if sum(map(len, entries)) + len(entries) <= room:
        return "\n".join(entries)
    room -= _REST
    taken: list[str] = []
    for entry in entries:
        if len(entry) + 1 > room:
            break
        taken.append(entry)
        room -= len(entry) + 1
    return "\n".join([*taken, rest(len(entries) - len(taken))])


def by_type(addresses: Sequence[tuple[str, str]], room: int, shown: Callable[[str], str], rest: str) -> str:
    """Return one line per type, with its count and as many names as fit; room is dealt out evenly to the types.

    `addresses` are pairs of type and name, most dangerous first; the counts are there however little room is left.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for type_name, name in addresses:
        groups[type_name].append(name)
    lines = []
    left = room
    for place, (type_name, names) in enumerate(groups.items()):
        share = left // (len(groups) - place)
        head = f"- {shown(type_name)} {len(names):,}: "
        line, count = head, 0
        for name in names:
            piece = f"{', ' if count else ''}{shown(name)}"
            if len(line) + len(piece) + len(rest) + 30 > share:
                break
            line, count = line + piece, count + 1
        if count < len(names):
            line += f"{' ' if count else ''}… and {len(names) - count:,} more {rest}"
        lines.append(line)
        left -= len(line) + 1
    return "\n".join(lines)
