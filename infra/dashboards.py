"""Dashboards as lists of tiles: a tile is a question, a kind of widget and the columns it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.documents import DocumentError, check_keys, files, read
from infra.sql_text import SqlTextError, qualify, result_columns
from lakehouse.questions import Question, literal
from lakehouse.thresholds import Thresholds

GRID_COLUMNS = 12
WIDGETS = ("counter", "table", "bar", "line")

_VERSIONS = {"counter": 2, "table": 2, "bar": 3, "line": 3}
_HEIGHTS = {"counter": 4, "table": 7, "bar": 6, "line": 6}
_TILE_KEYS = ("title", "question", "widget", "columns", "width")


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One widget. A counter shows one column, a table any number, a chart x first and then what is measured."""

    title: str
    question: str
    widget: str
    columns: tuple[str, ...]
    width: int

    def __post_init__(self) -> None:
        if self.widget not in WIDGETS:
            raise DocumentError(f"tile '{self.title}': widget: {self.widget!r} is none of {', '.join(WIDGETS)}")
        if not 1 <= self.width <= GRID_COLUMNS:
            raise DocumentError(f"tile '{self.title}': width: {self.width} is not 1 to {GRID_COLUMNS}")
        least = {"counter": 1, "table": 1, "bar": 2, "line": 2}[self.widget]
        if len(self.columns) < least or (self.widget == "counter" and len(self.columns) > 1):
            raise DocumentError(f"tile '{self.title}': columns: a {self.widget} cannot show {len(self.columns)}")


@dataclass(frozen=True, kw_only=True)
class DashboardSpec:
    """One dashboard: its tiles in reading order and the statement behind each question they show."""

    key: str
    title: str
    tiles: tuple[Tile, ...]
    titles: Mapping[str, str]
    statements: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.tiles:
            raise DocumentError("tile: a dashboard without tiles shows nothing")
        for tile in self.tiles:
            returned = result_columns(self.statements[tile.question])
            for column in tile.columns:
                if column not in returned:
                    raise DocumentError(
                        f"tile '{tile.title}': columns: question '{tile.question}' returns no '{column}',"
                        f" only {', '.join(returned)}"
                    )

    def lakeview(self, catalog: str) -> dict[str, Any]:
        """Return the dashboard as the Lakeview API stores it, tables qualified with the catalog."""
        return {
            "datasets": [
                {
                    "name": question,
                    "displayName": self.titles[question],
                    "queryLines": qualify(statement, catalog).splitlines(keepends=True),
                }
                for question, statement in self.statements.items()
            ],
            "pages": [
                {
                    "name": self.key,
                    "displayName": self.title,
                    "pageType": "PAGE_TYPE_CANVAS",
                    "layoutVersion": "GRID_V1",
                    "layout": _layout(self.tiles),
                }
            ],
        }


def load_all(folder: Path, questions: Mapping[str, Question], thresholds: Thresholds) -> dict[str, DashboardSpec]:
    """Read every dashboard of a folder by name, in order of name; errors start with the file."""
    return {file.stem: _load(file, questions, thresholds) for file in files(folder)}


def _load(file: Path, questions: Mapping[str, Question], thresholds: Thresholds) -> DashboardSpec:
    table = read(file, ("title", "tile"))
    try:
        tiles = tuple(_tile(entry) for entry in table["tile"])
        asked = list(dict.fromkeys(tile.question for tile in tiles))
        for name in asked:
            if name not in questions:
                raise DocumentError(f"question: there is no sql/queries/{name}.sql")
        return DashboardSpec(
            key=file.stem,
            title=table["title"],
            tiles=tiles,
            titles={name: questions[name].title for name in asked},
            statements={name: literal(questions[name], thresholds) for name in asked},
        )
    except (DocumentError, SqlTextError, ValueError) as error:
        raise DocumentError(f"{file}: {error}") from error


def _tile(entry: Mapping[str, Any]) -> Tile:
    check_keys(f"tile '{entry.get('title', '?')}'", entry, _TILE_KEYS)
    return Tile(**{**entry, "columns": tuple(entry["columns"])})


def _layout(tiles: tuple[Tile, ...]) -> list[dict[str, Any]]:
    """Fill rows from left to right; a tile that does not fit opens the next row."""
    layout = []
    x, y, row_height = 0, 0, 0
    for number, tile in enumerate(tiles, start=1):
        if x + tile.width > GRID_COLUMNS:
            x, y, row_height = 0, y + row_height, 0
        height = _HEIGHTS[tile.widget]
        layout.append(
            {
                "widget": _widget(f"tile-{number}", tile),
                "position": {"x": x, "y": y, "width": tile.width, "height": height},
            }
        )
        x, row_height = x + tile.width, max(row_height, height)
    return layout


def _widget(name: str, tile: Tile) -> dict[str, Any]:
    return {
        "name": name,
        "queries": [
            {
                "name": "main_query",
                "query": {
                    "datasetName": tile.question,
                    "fields": [{"name": column, "expression": f"`{column}`"} for column in tile.columns],
                    "disaggregated": True,  # questions come aggregated; a widget shows rows as they are
                },
            }
        ],
        "spec": {
            "version": _VERSIONS[tile.widget],
            "widgetType": tile.widget,
            "encodings": _encodings(tile),
            "frame": {"showTitle": True, "title": tile.title},
        },
    }


def _encodings(tile: Tile) -> dict[str, Any]:
    fields = [{"fieldName": column, "displayName": column.replace("_", " ")} for column in tile.columns]
    if tile.widget == "counter":
        return {"value": fields[0]}
    if tile.widget == "table":
        return {"columns": fields}
    scale = "temporal" if tile.widget == "line" else "categorical"
    return {
        "x": {**fields[0], "scale": {"type": scale}},
        "y": {"scale": {"type": "quantitative"}, "fields": fields[1:]},
    }
