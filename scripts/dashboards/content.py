"""What a tile shows, whether as HTML or as a picture: a figure, a table, a chart, or words in their stead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.answers import Answer, Value
from scripts.dashboards.definition import Tile
from scripts.words import Cell, Tone, tone, written

NO_ROWS = "no rows"


@dataclass(frozen=True)
class Figure:
    """One value in large letters."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Grid:
    """A table: its heads (as cells, for their side) and its rows."""

    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Chart:
    """Marks to draw: across, height, series; labels of the axes."""

    kind: str
    temporal: bool
    points: Sequence[tuple[str, float | None, str]]
    across: str
    up: str


@dataclass(frozen=True)
class Words:
    """What stands where there is nothing to show, or why it could not be asked."""

    text: str
    failed: bool = False


Content = Figure | Grid | Chart | Words


def content(tile: Tile, answer: Answer) -> Content:
    """Return what a tile shows of an answer."""
    if answer.problem:
        return Words(answer.problem, failed=True)
    if missing := [field.name for field in tile.fields if field.name not in answer.names]:
        return Words(f"the dataset returns no column {', '.join(missing)}", failed=True)
    if not answer.rows:
        return Words(NO_ROWS)
    if tile.kind == "table":
        return _grid(tile, answer)
    if tile.kind == "counter":
        name = tile.fields[0].name
        value = answer.records()[0][name]
        return Figure(written(value, _kinds(answer)[name]), tone(name, value))
    return _chart(tile, answer)


def _kinds(answer: Answer) -> dict[str, str]:
    return {column.name: column.kind for column in answer.columns}


def _grid(tile: Tile, answer: Answer) -> Grid:
    columns = {column.name: column for column in answer.columns}
    shown = [columns[field.name] for field in tile.fields]
    heads = [Cell(field.label, right=column.numeric) for field, column in zip(tile.fields, shown, strict=True)]
    rows = [
        [_cell(column.name, record[column.name], column.kind, column.numeric) for column in shown]
        for record in answer.records()
    ]
    return Grid(heads, rows)


def _cell(name: str, value: Value, kind: str, right: bool) -> Cell:
    alarming = tone(name, value)
    # Only what is wrong is marked among numbers: a column of green noughts would hide it.
    return Cell(written(value, kind), "" if right and alarming == "good" else alarming, right)


def _chart(tile: Tile, answer: Answer) -> Content:
    x, *measures = tile.fields
    records = [record for record in answer.records() if record[x.name] is not None]
    if tile.temporal:
        records.sort(key=lambda record: str(record[x.name]))
    points = [
        (str(record[x.name]), _number(record[measure.name]), measure.label)
        for record in records
        for measure in measures
    ]
    if all(height is None for _, height, _ in points):
        return Words(NO_ROWS)
    return Chart(tile.kind, tile.temporal, points, x.label, measures[0].label if len(measures) == 1 else "")


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
