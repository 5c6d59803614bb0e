"""A dashboard as one HTML file: style and pictures inside, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape

from scripts.dashboards import charts
from scripts.dashboards.content import Chart, Content, Figure, Grid, Words
from scripts.dashboards.definition import Board, Tile
from scripts.dashboards.look import FONT, GAP, GREY, INK, LINE, MARGIN, PADDING, PAPER, TILE, TONES, WIDTH
from scripts.dashboards.picture import chart_width
from scripts.words import Cell

_STYLE = f"""
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: {MARGIN}px; max-width: {WIDTH}px; background: {PAPER}; color: {INK};
  font: 14px/1.45 {FONT}; }}
header {{ margin-bottom: {GAP}px; }}
h1 {{ margin: 0; font-size: 24px; }}
header p {{ margin: 2px 0 0; color: {GREY}; }}
a {{ color: inherit; }}
main {{ display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: {GAP}px; }}
section {{ grid-area: var(--row) / var(--column) / auto / span var(--width); padding: {PADDING}px;
  background: {TILE}; border: 1px solid {LINE}; border-radius: 6px; overflow-x: auto; }}
h2 {{ margin: 0 0 8px; font-size: 14px; font-weight: 600; }}
.figure {{ margin: 0; font-size: 34px; font-weight: 700; line-height: 1.2; }}
table {{ border-collapse: collapse; width: 100%; }}
th {{ padding: 4px 8px; color: {GREY}; font-weight: normal; text-align: left; border-bottom: 1px solid {LINE}; }}
td {{ padding: 4px 8px; border-bottom: 1px solid {LINE}; vertical-align: top; overflow-wrap: anywhere; }}
.right {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
td span {{ padding: 1px 7px; border-radius: 9px; font-weight: 600; white-space: nowrap; }}
.words {{ margin: 0; color: {GREY}; }}
svg {{ display: block; max-width: 100%; height: auto; }}
@media (max-width: 800px) {{ section {{ grid-area: auto / 1 / auto / -1; }} }}
@media print {{ body {{ background: none; }} section {{ break-inside: avoid; }} }}
""" + "".join(
    f".{tone} {{ color: {letters}; background: {ground}; }}\n" for tone, (letters, ground) in TONES.items() if tone
)


def page(board: Board, contents: Mapping[Tile, Content], environment: str, at: datetime, link: str) -> str:
    """Return the whole file; everything that came from the workspace is escaped."""
    rows = enumerate(board.rows(), start=1)
    tiles = "\n".join(_tile(tile, contents[tile], number) for number, row in rows for tile in row)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(board.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{escape(board.title)}</h1>
<p>environment {escape(environment)} · as of {at:%Y-%m-%d %H:%M}, all times UTC ·
<a href="{escape(link)}">open in the workspace</a></p>
</header>
<main>
{tiles}
</main>
</body>
</html>
"""


def _tile(tile: Tile, content: Content, row: int) -> str:
    tone = ""
    if isinstance(content, Figure):
        tone, body = content.tone, f'<p class="figure">{escape(content.text)}</p>'
    elif isinstance(content, Grid):
        body = _table(content)
    elif isinstance(content, Chart):
        label = escape(f"{tile.title}: {content.kind} chart of {len(content.points)} values")
        picture = charts.svg(content, chart_width(tile))
        body = picture.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    else:
        tone, body = "bad" if content.failed else "", _words(content)
    place = f"--row: {row}; --column: {tile.column + 1}; --width: {tile.width}"
    return f'<section class="{tone}" style="{place}">\n<h2>{escape(tile.title)}</h2>\n{body}\n</section>'


def _words(words: Words) -> str:
    said = f"could not be asked: {words.text}" if words.failed else words.text
    return f'<p class="words">{escape(said)}</p>'


def _table(grid: Grid) -> str:
    heads = "".join(f"<th{_side(cell)}>{escape(cell.text)}</th>" for cell in grid.heads)
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in grid.rows)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    return f"<td{_side(cell)}>" + (f'<span class="{cell.tone}">{text}</span>' if cell.tone else text) + "</td>"


def _side(cell: Cell) -> str:
    return ' class="right"' if cell.right else ""
