"""Widgets as what their template shows: a number, a table, a chart, or the words why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.pages.code import markdown
from local.pages.figures import figure
from local.pages.lakeview import Widget
from local.pages.statements import Answer
from local.pages.words import is_numeric

CHARTS = frozenset({"bar", "line", "area", "scatter", "pie"})
NARROW = 300  # of a phone's 390, what the tile leaves
_ALARMING = frozenset({"critical", "failed", "error", "stale", "very stale", "triggered", "unhealthy"})
_HEALTHY = frozenset({"healthy", "ok", "good", "fresh", "success", "normal", "excellent"})


def tile(widget: Widget, answer: Answer | None) -> dict[str, Any]:
    """Return a form and what its template needs; anything that cannot be drawn is a tile with its problem."""
    if widget.kind == "text":
        return {"form": "text", "text": markdown(widget.text, top=3)}
    if widget.kind == "filter":
        return {"form": "filter"}
    if answer is None:
        return _problem("This tile names a dataset that the dashboard does not have.")
    if answer.problem:
        return _problem(answer.problem)
    missing = [name for name in _fields(widget) if name not in answer.names]
    if missing:
        return _problem(f"The dataset returns no column {', '.join(missing)}, only {', '.join(answer.names)}.")
    if widget.kind == "table":
        return _table(widget, answer)
    if widget.kind not in CHARTS | {"counter"}:
        return _problem(f"The local workspace does not draw widgets of type {widget.kind or 'none'}.")
    if not answer.rows:
        return _problem("The dataset has no rows.")
    return _counter(widget, answer) if widget.kind == "counter" else _chart(widget, answer)


def tone(text: str) -> str:
    """Return the kind of a word that dashboards use for a state; most words have none."""
    word = text.strip().lower().replace("_", " ")
    return "bad" if word in _ALARMING else "good" if word in _HEALTHY else ""


def _fields(widget: Widget) -> list[str]:
    """Return the columns that the encodings name, in order."""
    found = []
    for encoding in widget.encodings.values():
        for item in encoding if isinstance(encoding, list) else [encoding, *(encoding.get("fields") or [])]:
            if item.get("fieldName"):
                found.append(str(item["fieldName"]))
    return found


def _problem(text: str) -> dict[str, Any]:
    return {"form": "problem", "problem": text}


def _counter(widget: Widget, answer: Answer) -> dict[str, Any]:
    value, target = widget.encodings.get("value") or {}, widget.encodings.get("target") or {}
    if "fieldName" not in value:
        return _problem("This counter names no column.")
    record = answer.records()[0]
    shown, against = record[value["fieldName"]], record.get(target.get("fieldName", ""))
    return {
        "form": "counter",
        "value": None if shown is None else figure(shown, value.get("format")),
        # The title of a tile says what it counts; the name of a column repeats it at best.
        "label": value.get("displayName") or ("" if widget.title else value["fieldName"]),
        "target": None if against is None else figure(against, target.get("format") or value.get("format")),
        "tone": tone(shown or ""),
    }


def _table(widget: Widget, answer: Answer) -> dict[str, Any]:
    columns = widget.encodings.get("columns") or [{"fieldName": name} for name in answer.names]
    types = {str(column["name"]): str(column.get("type_name", "")) for column in answer.columns}
    heads = [(_head(column), is_numeric(types[column["fieldName"]])) for column in columns]
    rows = [[_cell(record[column["fieldName"]], column, types) for column in columns] for record in answer.records()]
    return {"form": "table", "heads": heads, "rows": rows, "truncated": answer.truncated}


def _head(column: Mapping[str, Any]) -> str:
    return str(column.get("displayName") or column.get("title") or column["fieldName"])


def _cell(value: str | None, column: Mapping[str, Any], types: Mapping[str, str]) -> tuple[str | None, str]:
    """Return what a cell shows and the tone of it."""
    if value is None or not is_numeric(types[column["fieldName"]]):
        return value, tone(value or "")
    return figure(value, column.get("format")), ""


def _chart(widget: Widget, answer: Answer) -> dict[str, Any]:
    from local.pages.charts import draw, unnamed  # Altair takes a second to import: at the first chart, not at start

    needed = unnamed(widget)
    if needed:
        return _problem(f"This chart names no column for {needed}.")
    try:
        return {"form": "chart", "wide": draw(widget, answer), "narrow": draw(widget, answer, width=NARROW)}
    except ValueError as error:
        return _problem(f"The values cannot be drawn: {error}.")
