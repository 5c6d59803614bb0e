"""A dashboard as one picture: SVG that is laid out here, and the PNG made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

import vl_convert

from scripts.dashboards import charts, letters
from scripts.dashboards.content import Chart, Content, Figure, Grid, Words
from scripts.dashboards.definition import GRID, Board, Tile
from scripts.dashboards.look import FONT, GAP, GREY, INK, LINE, MARGIN, PADDING, PAPER, TILE, TONES, WIDTH
from scripts.words import Cell, Tone

ROWS = 40  # a picture is looked at, not scrolled; the HTML file has them all
SCALE = 2.0

_HEAD, _TITLE, _FIGURE, _LINE = 64, 26, 48, 18
_CELL, _CELL_GAP, _ROW = 13, 18, 10
_CELL_LINES = 3
_PILL = 8


def png(drawn: str) -> bytes:
    """Return an SVG as a PNG of twice the size of its pixels, for sharp screens."""
    return bytes(vl_convert.svg_to_png(drawn, scale=SCALE))


def svg(board: Board, contents: Mapping[Tile, Content], environment: str, at: datetime, link: str) -> str:
    """Return the dashboard as SVG: rows of tiles, each row as high as its tallest tile."""
    said = f"environment {environment} · as of {at:%Y-%m-%d %H:%M}, all times UTC · {link}"
    parts = [_text(MARGIN, 44, board.title, 24, bold=True), _text(MARGIN, 66, said, 14, GREY)]
    y = MARGIN + _HEAD
    for row in board.rows():
        bodies = {tile: _body(contents[tile], _inner(tile)) for tile in row}
        height = _TITLE + 2 * PADDING + max(tall for _, tall in bodies.values())
        parts += [_tile(tile, contents[tile], bodies[tile][0], y, height) for tile in row]
        y += height + GAP
    height = y - GAP + MARGIN
    ground = f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>'
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}{"".join(parts)}</svg>'


def chart_width(tile: Tile) -> int:
    """Return the width of a chart in its tile."""
    return _inner(tile)


def _column() -> float:
    return (WIDTH - 2 * MARGIN + GAP) / GRID


def _inner(tile: Tile) -> int:
    return int(tile.width * _column() - GAP - 2 * PADDING)


def _tile(tile: Tile, content: Content, body: str, y: float, height: float) -> str:
    x, width = MARGIN + tile.column * _column(), tile.width * _column() - GAP
    ink, ground = TONES[_tone(content)]
    title = letters.fit(tile.title, width - 2 * PADDING, 15)
    frame = f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" rx="6" fill="{ground}" stroke="{LINE}"/>'
    head = _text(x + PADDING, y + PADDING + 12, title, 14, ink, bold=True)
    return f'{frame}{head}<g transform="translate({x + PADDING:.1f},{y + PADDING + _TITLE})">{body}</g>'


def _tone(content: Content) -> Tone:
    if isinstance(content, Words):
        return "bad" if content.failed else ""
    return content.tone if isinstance(content, Figure) else ""


def _body(content: Content, width: float) -> tuple[str, int]:
    """Return what stands below a tile's title, and its height."""
    if isinstance(content, Figure):
        text = letters.fit(content.text, width, 36)
        return _text(0, 34, text, 34, TONES[content.tone][0], bold=True), _FIGURE
    if isinstance(content, Grid):
        return _table(content, width)
    if isinstance(content, Chart):
        return charts.svg(content, int(width)), charts.HEIGHT
    said = f"could not be asked: {content.text}" if content.failed else content.text
    broken = letters.lines(said, width, 14, 6)
    colour = TONES["bad"][0] if content.failed else GREY
    return "".join(_text(0, 14 + _LINE * n, line, 14, colour) for n, line in enumerate(broken)), _LINE * len(broken)


def _table(grid: Grid, width: float) -> tuple[str, int]:
    rows = grid.rows[:ROWS]
    widths = letters.shares([_wanted(grid.heads, rows, place) for place in range(len(grid.heads))], width)
    parts, y = [], 0
    for row in (grid.heads, *rows):
        cells = [letters.lines(c.text, w - _CELL_GAP, _CELL, _CELL_LINES) for c, w in zip(row, widths, strict=True)]
        height = _LINE * max(map(len, cells)) + _ROW
        parts.append(_row(row, cells, widths, y, GREY if row is grid.heads else INK))
        y += height
        parts.append(f'<path d="M0,{y} H{width:.1f}" stroke="{LINE}"/>')
    if len(grid.rows) > ROWS:
        parts.append(_text(0, y + _LINE, f"and {len(grid.rows) - ROWS:,} more rows", _CELL, GREY))
        y += _LINE + _ROW
    return "".join(parts), y


def _wanted(heads: Sequence[Cell], rows: Sequence[Sequence[Cell]], place: int) -> float:
    texts = [heads[place].text, *(row[place].text for row in rows)]
    toned = any(row[place].tone for row in rows)
    return max(letters.width(text, _CELL) for text in texts) + _CELL_GAP + (3 * _PILL if toned else 0)


def _row(row: Sequence[Cell], cells: Sequence[Sequence[str]], widths: Sequence[float], y: float, colour: str) -> str:
    parts, x = [], 0.0
    for cell, broken, room in zip(row, cells, widths, strict=True):
        ink, ground = TONES[cell.tone] if cell.tone else (colour, TILE)
        at = x + room - _CELL_GAP if cell.right else x + (_PILL if cell.tone else 0)
        if cell.tone:
            long = letters.width(broken[0], _CELL) * 1.04
            left = (at - long if cell.right else at) - _PILL
            pill = f'x="{left:.1f}" y="{y + 4}" width="{long + 2 * _PILL:.1f}" height="20" rx="10"'
            parts.append(f'<rect {pill} fill="{ground}"/>')
        for n, line in enumerate(broken):
            baseline = y + _LINE + _LINE * n
            parts.append(_text(at, baseline, line, _CELL, ink, bold=bool(cell.tone), right=cell.right))
        x += room
    return "".join(parts)


def _text(
    x: float, y: float, text: str, size: int, colour: str = INK, *, bold: bool = False, right: bool = False
) -> str:
    style = f'font-family="{FONT}" font-size="{size}" fill="{colour}"'
    style += ' font-weight="700"' if bold else ""
    style += ' text-anchor="end"' if right else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
