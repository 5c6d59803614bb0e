"""Charts as SVG: Altair says what, vl-convert draws it, nothing is fetched and nothing runs in the file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import altair as alt
import vl_convert

from scripts.dashboards.content import Chart
from scripts.dashboards.look import FONT, GREY, INK, LINE, SERIES
from scripts.words import moment

HEIGHT = 220

_MARKS: dict[str, dict[str, Any]] = {
    "bar": {"type": "bar"},  # round ends would need clip paths, whose names repeat within a file
    "line": {"type": "line", "point": {"size": 30, "filled": True}, "strokeWidth": 2},
}
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": GREY,
        "titleColor": GREY,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 180,
        "labelOverlap": True,
    },
    "axisX": {"grid": False},
    "legend": {"labelColor": INK, "labelFontSize": 12, "orient": "top"},
}


def svg(chart: Chart, width: int) -> str:
    """Return a chart of this width, axes included."""
    points = [{"x": x, "y": height, "series": series} for x, height, series in chart.points]
    drawn = alt.Chart(alt.Data(values=points), mark=_MARKS[chart.kind]).encode(**_encoding(chart, points))
    sized = drawn.properties(width=width, height=HEIGHT, autosize={"type": "fit", "contains": "padding"})
    return str(vl_convert.vegalite_to_svg({**sized.to_dict(), "config": _CONFIG}))


def _encoding(chart: Chart, points: list[dict[str, Any]]) -> dict[str, Any]:
    many = len({point["series"] for point in points}) > 1
    colours = alt.Scale(range=list(SERIES))
    encoding = {
        "x": _x(chart, points),
        "y": alt.Y("y", type="quantitative", title=chart.up or None),
        "color": alt.Color(
            "series", type="nominal", title=None, sort=None, scale=colours, legend=alt.Legend() if many else None
        ),
    }
    if chart.kind == "bar" and many:
        encoding["xOffset"] = alt.XOffset("series", type="nominal", sort=None)
    return encoding


def _x(chart: Chart, points: list[dict[str, Any]]) -> alt.X:
    if not chart.temporal:
        return alt.X("x", type="nominal", title=chart.across, sort=None, axis=alt.Axis(labelAngle=0))
    moments = [moment(point["x"]) for point in points]
    for point, at in zip(points, moments, strict=True):
        point["x"] = int(at.timestamp() * 1000)
    # One tick a day at most: between midnights the same day would be written twice.
    axis = alt.Axis(format=_time_format(moments), tickMinStep=86400000)
    return alt.X("x", type="temporal", title=chart.across, scale=alt.Scale(type="utc"), axis=axis)


def _time_format(moments: list[datetime]) -> str:
    return "%d %b" if len({at.year for at in moments}) == 1 else "%d %b %Y"
