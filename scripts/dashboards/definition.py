"""A Lakeview definition read into tiles: what each shows, where it lies and the statement behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.errors import CommandError

GRID = 12
WIDGETS = ("counter", "table", "bar", "line")

_OLD_GRID = 6  # columns of a layout that names no version


@dataclass(frozen=True)
class Field:
    """A column of the answer and what it is called on the tile."""

    name: str
    label: str


@dataclass(frozen=True)
class Tile:
    """One widget: a counter or table shows `fields`, a chart the first of them across and the others up."""

    kind: str
    title: str
    statement: str
    fields: Sequence[Field]
    temporal: bool
    row: int
    column: int
    width: int


@dataclass(frozen=True)
class Board:
    """One dashboard: its tiles in reading order."""

    title: str
    tiles: Sequence[Tile]

    def rows(self) -> list[list[Tile]]:
        """Return the tiles that stand side by side, from the top."""
        return [[tile for tile in self.tiles if tile.row == row] for row in sorted({tile.row for tile in self.tiles})]

    def statements(self) -> dict[str, str]:
        """Return the statements to run, each once however many tiles show it, by themselves."""
        return {tile.statement: tile.statement for tile in self.tiles}


def read(title: str, content: str) -> Board:
    """Return the dashboard of a definition; CommandError names the dashboard, and the tile that cannot be drawn."""
    try:
        return Board(title, _tiles(title, json.loads(content)))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        message = f"dashboard '{title}': its definition is not as Lakeview writes it: {type(error).__name__} {error}"
        raise CommandError(message) from error


def _tiles(title: str, definition: Mapping[str, Any]) -> list[Tile]:
    datasets = {item["name"]: item for item in definition.get("datasets") or []}
    tiles, above = [], 0
    for page in definition.get("pages") or []:
        factor = 1 if page.get("layoutVersion") == "GRID_V1" else GRID // _OLD_GRID
        layout = sorted(page.get("layout") or [], key=lambda item: (item["position"]["y"], item["position"]["x"]))
        for item in layout:
            tiles.append(_tile(title, item["widget"], item["position"], datasets, above, factor))
        above += max((item["position"]["y"] + item["position"]["height"] for item in layout), default=0)
    if not tiles:
        raise CommandError(f"dashboard '{title}': has no tile")
    return tiles


def _tile(
    title: str,
    widget: Mapping[str, Any],
    position: Mapping[str, int],
    datasets: Mapping[str, Any],
    above: int,
    factor: int,
) -> Tile:
    spec = widget.get("spec") or {}
    frame = spec.get("frame") or {}
    name = str(frame.get("title") or widget.get("name", ""))
    kind = str(spec.get("widgetType") or ("text" if {"multilineTextboxSpec", "textbox_spec"} & set(widget) else "none"))
    if kind not in WIDGETS:
        raise CommandError(f"dashboard '{title}': tile '{name}': widget '{kind}' is none of {', '.join(WIDGETS)}")
    encodings = spec["encodings"]
    fields = tuple(_fields(kind, encodings))
    if len(fields) < (2 if kind in ("bar", "line") else 1):
        raise CommandError(f"dashboard '{title}': tile '{name}': names too few columns for a {kind}")
    return Tile(
        kind=kind,
        title=name,
        statement=_statement(widget["queries"][0]["query"], datasets),
        fields=fields,
        temporal=((encodings.get("x") or {}).get("scale") or {}).get("type") == "temporal",
        row=above + position["y"],
        column=min(GRID - 1, position["x"] * factor),
        width=min(GRID, position["width"] * factor),
    )


def _fields(kind: str, encodings: Mapping[str, Any]) -> list[Field]:
    if kind == "counter":
        found = [encodings["value"]]
    elif kind == "table":
        found = list(encodings["columns"])
    else:
        y = encodings["y"]
        found = [encodings["x"], *(y.get("fields") or [y])]
    return [Field(item["fieldName"], str(item.get("displayName") or item["fieldName"])) for item in found]


def _statement(query: Mapping[str, Any], datasets: Mapping[str, Any]) -> str:
    """Return what a widget asks: its dataset, grouped when somebody made it so by hand."""
    dataset = datasets[query["datasetName"]]
    sql = ("".join(dataset.get("queryLines") or []) or str(dataset["query"])).strip().rstrip(";")
    fields = query.get("fields") or []
    plain = all(item["expression"] == f"`{item['name']}`" for item in fields)
    if not fields or (plain and query.get("disaggregated")):
        return sql
    picked = ", ".join(f"{item['expression']} AS `{item['name'].replace('`', '``')}`" for item in fields)
    wrapped = f"SELECT {picked}\nFROM (\n{sql}\n)"
    return wrapped if query.get("disaggregated") else f"{wrapped}\nGROUP BY ALL\nORDER BY ALL"
