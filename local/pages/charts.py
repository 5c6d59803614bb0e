"""Charts of Lakeview widgets: Altair for the specification, vl-convert for the SVG, colours from the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup, escape

from local.pages.lakeview import Widget
from local.pages.statements import Answer

_HEIGHT = 240
_COLUMN = 98  # of the page's width, per column of the grid
_AXIS = 110  # what the axis and the tile take of it
_NARROWEST = 240
_MARKS: dict[str, dict[str, Any]] = {
    "bar": {"type": "bar"},  # round ends would be cut out with clip paths, whose ids repeat on a page
    "line": {"type": "line", "point": {"size": 36, "filled": True}, "strokeWidth": 2},
    "area": {"type": "area", "opacity": 0.6},
    "scatter": {"type": "point", "filled": True},
    "pie": {"type": "arc", "innerRadius": 50},
}
# Custom properties of the stylesheet: one picture serves light and dark.
_COLOURS = [f"var(--series-{number})" for number in range(1, 9)]
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": "inherit",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 160,
        "labelOverlap": True,
    },
    "axisX": {"grid": False},
    "legend": {"labelColor": "currentColor", "titleColor": "currentColor", "labelFontSize": 12, "orient": "top"},
}


_ORDERS = {"x": "x", "x-reversed": "-x", "y": "y", "y-reversed": "-y"}  # Lakeview's words in Vega's


def unnamed(widget: Widget) -> str:
    """Return which channel of a chart names no column, or nothing when all do."""
    return next((channel for channel in _channels_of(widget) if not _fields(widget, channel)), "")


def draw(widget: Widget, answer: Answer, width: int = 0) -> Markup:
    """Return the chart as SVG, as wide as its tile unless told; several measures become one series each."""
    points = _points(widget, answer)
    chart = alt.Chart(alt.Data(values=points), mark=_MARKS[widget.kind]).encode(**_encoding(widget, points))
    room = width or max(_NARROWEST, widget.width * _COLUMN - _AXIS)
    spec = {**chart.properties(width=room, height=_HEIGHT).to_dict(), "config": _CONFIG}
    label = f"{widget.title or 'Chart'}: {widget.kind} of {len(points)} values"
    svg = vl_convert.vegalite_to_svg(spec)
    # Vega escapes what it is given; without fixed measures the picture follows its tile.
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))  # noqa: S704


def _channels_of(widget: Widget) -> tuple[str, str]:
    return ("color", "angle") if widget.kind == "pie" else ("x", "y")


def _fields(widget: Widget, channel: str) -> list[Mapping[str, Any]]:
    encoding = widget.encodings.get(channel) or {}
    return encoding.get("fields") or ([encoding] if encoding.get("fieldName") else [])


def _points(widget: Widget, answer: Answer) -> list[dict[str, Any]]:
    """Return one record per mark: where it stands, its value, its series."""
    across, up = _channels_of(widget)
    x = _fields(widget, across)[0]["fieldName"]
    measures = {item["fieldName"]: _label(item) for item in _fields(widget, up)}
    split = next((item["fieldName"] for item in _fields(widget, "color")), None)
    records = answer.records()
    if _scale(widget) == "temporal":
        records = sorted((one for one in records if one[x] is not None), key=lambda one: _moment(one[x]))
    return [
        {"x": one[x], "y": _number(one[field]), "series": one[split] if split else label}
        for one in records
        for field, label in measures.items()
    ]


def _encoding(widget: Widget, points: list[dict[str, Any]]) -> dict[str, Any]:
    series = {"type": "nominal", "title": None, "sort": None, "scale": alt.Scale(range=_COLOURS)}
    if widget.kind == "pie":
        return {"theta": alt.Theta("y", type="quantitative", stack=True), "color": alt.Color("series", **series)}
    many = len({point["series"] for point in points}) > 1
    measures = _fields(widget, "y")
    encoding = {
        "x": _x(widget, points),
        "y": alt.Y("y", type="quantitative", title=_label(measures[0]) if len(measures) == 1 else None),
        "color": alt.Color("series", legend=alt.Legend() if many else None, **series),
    }
    if widget.kind == "bar" and many and (widget.layout == "group" or len(measures) > 1):
        encoding["xOffset"] = alt.XOffset("series", type="nominal", sort=None)
    return encoding


def _x(widget: Widget, points: list[dict[str, Any]]) -> alt.X:
    """Return the axis across; moments lie on a line of time, but bars of them side by side."""
    encoding, kind = widget.encodings["x"], _scale(widget)
    title = _label(_fields(widget, "x")[0])
    if kind == "temporal":
        written = _time_format([_moment(point["x"]) for point in points])
        for point in points:
            at = _moment(point["x"])
            point["x"] = f"{at:{written}}" if widget.kind == "bar" else int(at.timestamp() * 1000)
        if widget.kind != "bar":
            return alt.X("x", type="temporal", title=title, scale=alt.Scale(type="utc"), axis=alt.Axis(format=written))
    if kind == "quantitative":
        return alt.X("x", type="quantitative", title=title)
    order = _ORDERS.get(((encoding.get("scale") or {}).get("sort") or {}).get("by", ""))
    return alt.X("x", type="nominal", title=title, sort=order, axis=alt.Axis(labelAngle=0))


def _scale(widget: Widget) -> str:
    return str(((widget.encodings.get("x") or {}).get("scale") or {}).get("type", "categorical"))


def _moment(text: str | None) -> datetime:
    at = datetime.fromisoformat(text or "")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _time_format(moments: list[datetime]) -> str:
    """Return the shortest format that tells the moments apart."""
    if any((at.hour, at.minute, at.second) != (0, 0, 0) for at in moments):
        return "%d %b %H:%M"
    return "%d %b" if len({at.year for at in moments}) == 1 else "%Y-%m-%d"


def _label(item: Mapping[str, Any]) -> str:
    return str(item.get("displayName") or item.get("fieldName", ""))


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
