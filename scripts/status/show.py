"""A picture in a terminal, or as plain text that stays the same for whatever reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.console import say
from scripts.status.picture import Picture, Section
from scripts.words import Cell

_STYLES = {"bad": "bold red", "warn": "yellow", "good": "green", "": ""}
_BANNERS = {"bad": "bold white on red", "warn": "bold black on yellow", "good": "bold white on green", "": "bold"}


def show(picture: Picture, console: Console) -> None:
    """Print a picture: colours and tables in a terminal, else plain text."""
    if not console.is_terminal:
        say(console, plain(picture))
        return
    banner = Text.assemble((f" {picture.verdict.text} ", _BANNERS[picture.verdict.tone]), " ", picture.headline)
    console.print(banner, highlight=False)
    for section in picture.sections:
        console.print()
        console.print(_table(section) if section.rows else _instead(section), highlight=False)
    console.print()
    console.print(picture.footer, style="dim", highlight=False, markup=False)


def plain(picture: Picture) -> str:
    """Return a picture as text: verdict first, columns padded, no colour, nothing cut."""
    lines = [f"{picture.verdict.text}  {picture.headline}"]
    for section in picture.sections:
        lines += ["", section.title]
        lines += _columns(section) if section.rows else [f"  {section.instead.text}"]
    return "\n".join([*lines, "", picture.footer])


def _columns(section: Section) -> list[str]:
    rows = [[Cell(head, right=cell.right) for head, cell in zip(section.heads, section.rows[0], strict=True)]]
    rows += [list(row) for row in section.rows]
    widths = [max(len(row[place].text) for row in rows) for place in range(len(section.heads))]
    return ["  " + "  ".join(map(_padded, row, widths)).rstrip() for row in rows]


def _padded(cell: Cell, width: int) -> str:
    return cell.text.rjust(width) if cell.right else cell.text.ljust(width)


def _instead(section: Section) -> Text:
    return Text.assemble((section.title, "bold"), "  ", (section.instead.text, _STYLES[section.instead.tone]))


def _table(section: Section) -> Table:
    table = Table(title=section.title, title_justify="left", title_style="bold", box=None, header_style="dim")
    for head, cell in zip(section.heads, section.rows[0], strict=True):
        table.add_column(head, justify="right" if cell.right else "left", overflow="fold")
    for row in section.rows:
        table.add_row(*(Text(cell.text, style=_STYLES[cell.tone]) for cell in row))
    return table
