"""How wide text is in the picture's font, near enough to lay tables out and to break lines."""

from __future__ import annotations

from collections.abc import Sequence

_NARROW, _WIDE = frozenset("iIjlft.,:;|'!()[]/- r"), frozenset("mwMW@%")


def width(text: str, size: float) -> float:
    """Return the width of a line in pixels."""
    return size * sum(0.33 if c in _NARROW else 0.86 if c in _WIDE else 0.68 if c.isupper() else 0.56 for c in text)


def lines(text: str, room: float, size: float, most: int) -> list[str]:
    """Break text into lines that fit; what is left after the last is an ellipsis."""
    broken: list[str] = [""]
    for word in text.split():
        longer = f"{broken[-1]} {word}".strip()
        if width(longer, size) <= room or not broken[-1]:
            broken[-1] = longer
        else:
            broken.append(word)
    kept = broken[:most]
    cut = len(broken) > most
    return [fit(line + (" …" if cut and line is kept[-1] else ""), room, size) for line in kept]


def fit(text: str, room: float, size: float) -> str:
    """Return text that fits on one line, its end an ellipsis when some is left out."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def shares(wanted: Sequence[float], room: float) -> list[float]:
    """Share the room of a row among its columns: narrow ones get what they want, wide ones what is left."""
    if sum(wanted) <= room:
        return [one + (room - sum(wanted)) / len(wanted) for one in wanted]
    given = list(wanted)
    open_places = set(range(len(wanted)))
    while open_places:
        left = (room - sum(given[place] for place in range(len(wanted)) if place not in open_places)) / len(open_places)
        modest = {place for place in open_places if wanted[place] <= left}
        if not modest:
            for place in open_places:
                given[place] = left
            break
        open_places -= modest
    return given
