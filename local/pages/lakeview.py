"""Lakeview JSON read into widgets, each with the statement behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.errors import invalid
from local.pages.statements import Ask

GRID = 12
_OLD_GRID = 6  # columns of a layout that names no version
ROWS = 5000


@dataclass(frozen=True)
class Widget:
    """One tile: its kind, its place, its encodings, its text or the statement it shows."""

    kind: str
    title: str
    description: str
    width: int
    encodings: Mapping[str, Any]
    text: str = ""
    ask_key: str = ""
    ask: Ask | None = None
    layout: str = ""
    defaults: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Canvas:
    """One page of a dashboard."""

    title: str
    widgets: Sequence[Widget]


def read(dashboard: Mapping[str, Any]) -> list[Canvas]:
    """Return the pages of a dashboard, tiles in reading order; ApiError when it is not as Lakeview writes it."""
    try:
        return _read(dashboard)
    except (AttributeError, KeyError, TypeError) as error:
        message = f"The content of this dashboard is not as Lakeview writes it: {type(error).__name__} {error}."
        raise invalid(message) from None


def _read(dashboard: Mapping[str, Any]) -> list[Canvas]:
    datasets = {item["name"]: item for item in dashboard.get("datasets") or []}
    canvases = []
    for page in dashboard.get("pages") or []:
        layout = sorted(page.get("layout") or [], key=lambda item: (item["position"]["y"], item["position"]["x"]))
        factor = 1 if page.get("layoutVersion") == "GRID_V1" else GRID // _OLD_GRID
        widgets = [_widget(item["widget"], min(GRID, item["position"]["width"] * factor), datasets) for item in layout]
        canvases.append(Canvas(page.get("displayName") or page.get("name", ""), widgets))
    return canvases


def asks_of(widgets: Sequence[Widget]) -> dict[str, Ask]:
    """Return the statements behind the widgets, each once however many tiles show it."""
    return {widget.ask_key: widget.ask for widget in widgets if widget.ask is not None}


def _widget(body: Mapping[str, Any], width: int, datasets: Mapping[str, Any]) -> Widget:
    text = _text(body)
    if text is not None:
        return Widget("text", "", "", width, {}, text=text)
    spec = body.get("spec") or {}
    frame, kind = spec.get("frame") or {}, str(spec.get("widgetType", ""))
    title = str(frame.get("title", "")) if frame.get("showTitle") or kind.startswith("filter-") else ""
    description = str(frame.get("description", "")) if frame.get("showDescription") else ""
    encodings = spec.get("encodings") or {}
    if kind.startswith("filter-"):
        return Widget("filter", title, description, width, encodings, defaults=_defaults(spec))
    key, ask = _ask(body, datasets)
    layout = str((spec.get("mark") or {}).get("layout", ""))
    return Widget(kind, title, description, width, encodings, ask_key=key, ask=ask, layout=layout)


def _text(body: Mapping[str, Any]) -> str | None:
    if "multilineTextboxSpec" in body:
        return "".join(body["multilineTextboxSpec"].get("lines") or [])
    return str(body["textbox_spec"]) if "textbox_spec" in body else None


def _ask(body: Mapping[str, Any], datasets: Mapping[str, Any]) -> tuple[str, Ask | None]:
    """Return the statement of a widget; one that only picks columns shares the statement of its dataset."""
    query: Mapping[str, Any] = next((item["query"] for item in body.get("queries") or []), {})
    dataset = datasets.get(query.get("datasetName", ""))
    if dataset is None:
        return "", None
    sql = ("".join(dataset.get("queryLines") or []) or str(dataset.get("query", ""))).strip().rstrip(";")
    parameters = tuple(_parameter(item) for item in dataset.get("parameters") or [])
    fields = query.get("fields") or []
    plain = all(item["expression"] == f"`{item['name']}`" for item in fields)
    if not (plain and query.get("disaggregated")) and fields:
        picked = ", ".join(f"{item['expression']} AS {_quoted(item['name'])}" for item in fields)
        sql = f"SELECT {picked}\nFROM (\n{sql}\n)"
        if not query.get("disaggregated"):
            sql += "\nGROUP BY ALL\nORDER BY ALL"  # groups come in any order, charts keep the one they get
    return f"{query['datasetName']}: {sql}", Ask(sql, parameters, dataset.get("catalog"), dataset.get("schema"), ROWS)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _parameter(item: Mapping[str, Any]) -> dict[str, Any]:
    chosen = ((item.get("defaultSelection") or {}).get("values") or {}).get("values") or []
    kind = {"INTEGER": "BIGINT", "DECIMAL": "DOUBLE", "DATE": "DATE"}.get(str(item.get("dataType")), "STRING")
    return {"name": item["keyword"], "value": chosen[0]["value"] if chosen else None, "type": kind}


def _defaults(spec: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = (((spec.get("selection") or {}).get("defaultSelection") or {}).get("values") or {}).get("values") or []
    return tuple(str(item.get("value", "")) for item in chosen)
