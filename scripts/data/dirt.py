"""Dirty lines: what real deliveries get wrong, each on an extra line, so that good trade stays whole."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lakehouse.sources import Source
from scripts.data.files import format_row

# One line in 250 is what makes every kind appear within a month of a small shop.
SHARE = 0.004


@dataclass(frozen=True)
class BadLine:
    """A line that is wrong on purpose, why, and which layer has to notice: bronze quarantines, silver leaves out."""

    text: str
    reason: str
    layer: str


def soil(source: Source, rows: list[dict[str, str | None]], rng: random.Random) -> list[str | BadLine]:
    """Return the rows as lines with bad lines strewn between them."""
    lines: list[str | BadLine] = []
    for row in rows:
        lines.append(format_row(source, row))
        if rng.random() < SHARE:
            lines.append(_bad_line(source, row, rng))
    return lines


def _bad_line(source: Source, row: dict[str, str | None], rng: random.Random) -> BadLine:
    kind = rng.choice(_KINDS[source.name])
    line = format_row(source, row)
    if kind == "duplicate":
        return BadLine(line, kind, "silver")
    if kind == "missing key":
        return BadLine(format_row(source, {**row, source.key[0]: ""}), kind, "bronze")
    if kind == "broken JSON":
        return BadLine(line[: rng.randint(2, len(line) - 2)], kind, "bronze")
    if kind == "wrong column count":
        return BadLine(line + ",?" if rng.random() < 0.5 else line.rsplit(",", 1)[0], kind, "bronze")
    column, value = _GARBAGE[source.name]
    # A key of its own: a broken copy must not compete with the good row of the same key.
    fresh = {
        source.key[-1]: f"{9000 + rng.randrange(1000)}" if source.name == "order_items" else f"X{rng.randrange(10**9)}"
    }
    return BadLine(format_row(source, {**row, **fresh, column: value}), kind, "silver")


_KINDS: dict[str, tuple[str, ...]] = {
    "customers": ("duplicate", "missing key", "wrong column count"),
    "products": ("duplicate", "missing key", "wrong column count", "bad number"),
    "orders": ("duplicate", "missing key", "wrong column count", "bad timestamp"),
    "order_items": ("duplicate", "missing key", "wrong column count", "bad number"),
    "web_events": ("duplicate", "missing key", "broken JSON", "bad timestamp"),
}
_GARBAGE: dict[str, tuple[str, str]] = {
    "products": ("unit_price", "n/a"),
    "orders": ("order_timestamp", "31/02/20x6"),
    "order_items": ("quantity", "1O"),
    "web_events": ("event_timestamp", "yesterday"),
}
