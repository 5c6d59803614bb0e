"""Results in the JSON_ARRAY format of the Statement Execution API: every value is a string or null.

Nested values come from Spark as JSON text already (`SHAPE`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    NullType,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)

from local.warehouse.results import Result, Shape

SHAPE = Shape(complex_types=False)
Cell = Callable[[Any], str]
_NAMES = {"TINYINT": "BYTE", "SMALLINT": "SHORT", "BIGINT": "LONG", "VOID": "NULL"}
_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType)


def columns_of(result: Result) -> list[dict[str, Any]]:
    """Return name, position and type of each column."""
    columns = []
    for position, field in enumerate(result.fields):
        text = "VOID" if isinstance(field.type, NullType) else field.type.simpleString()
        text = text if isinstance(field.type, StructType) else text.upper()
        column = {"name": field.name, "position": position, "type_text": text, "type_name": _type_name(field.type)}
        if isinstance(field.type, DecimalType):
            column |= {"type_precision": field.type.precision, "type_scale": field.type.scale}
        if isinstance(field.type, _INTERVALS):
            column["type_interval_type"] = text.removeprefix("INTERVAL ")
        columns.append(column)
    return columns


def rows_of(result: Result, byte_limit: int | None) -> tuple[list[list[str | None]], int]:
    """Return the rows that fit a limit, all without one, and their bytes as JSON."""
    rows = _rows(result)
    total = 0
    for number, row in enumerate(rows):
        size = sum(_size(cell) for cell in row)
        if byte_limit is not None and total + size > byte_limit:
            return rows[:number], total
        total += size
    return rows, total


def _size(cell: str | None) -> int:
    # Quotes and a comma; null is a word.
    return 5 if cell is None else len(cell.encode()) + 3


def _rows(result: Result) -> list[list[str | None]]:
    if not result.fields:
        return []
    columns = []
    for field, column in zip(result.fields, result.table.columns, strict=True):
        text = _cell(field.type)
        columns.append([None if value is None else text(value) for value in column.to_pylist()])
    return [list(row) for row in zip(*columns, strict=True)]


def _type_name(kind: DataType) -> str:
    if isinstance(kind, _INTERVALS):
        return "INTERVAL"
    name = "VOID" if isinstance(kind, NullType) else kind.simpleString().partition("(")[0].partition("<")[0].upper()
    return _NAMES.get(name, name)


def _cell(kind: DataType) -> Cell:
    if isinstance(kind, BooleanType):
        return lambda value: str(value).lower()
    if isinstance(kind, (TimestampType, TimestampNTZType)):
        suffix = "Z" if isinstance(kind, TimestampType) else ""
        return lambda value: _timestamp(value) + suffix
    if isinstance(kind, BinaryType):
        return lambda value: base64.b64encode(value).decode()
    if isinstance(kind, (DoubleType, FloatType)):
        return _floating
    if isinstance(kind, DecimalType):
        return lambda value: f"{value:f}"  # str() would write small numbers with an exponent
    return str


def _timestamp(value: datetime) -> str:
    moment = value.astimezone(UTC) if value.tzinfo else value
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _floating(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(str(value), str(value))
