"""Pictures: task graphs whose boxes stand apart, charts that say what their rows say, tiles that say why not."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.errors import ApiError
from local.jobs.ledger import TaskRun
from local.jobs.states import Outcome
from local.pages.drawing import BOX_HEIGHT, BOX_WIDTH, gantt, graph
from local.pages.lakeview import Widget, asks_of, read
from local.pages.statements import Answer
from local.pages.tiles import tile
from local.pages.words import State

DAYS = Answer(
    ({"name": "day"}, {"name": "channel"}, {"name": "net", "type_name": "DOUBLE"}),
    (
        ("2026-06-02", "web", "4"),
        ("2026-06-01", "<shop>", "2"),
        ("2026-06-01", "web", "3"),
        ("2026-06-02", "<shop>", None),
    ),
)
X, Y = {"fieldName": "day", "scale": {"type": "temporal"}}, {"fieldName": "net", "displayName": "Net"}


def widget(kind: str, layout: str = "", **encodings: Any) -> Widget:
    return Widget(kind, "Net <by> day", "", 6, encodings, layout=layout)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 11), max_size=3), min_size=1, max_size=12))
def test_boxes_stand_apart_and_right_of_what_they_wait_for(after: list[list[int]]) -> None:
    tasks = [
        {"task_key": f"t{n}", "depends_on": [{"task_key": f"t{other}"} for other in sorted(set(waits)) if other < n]}
        for n, waits in enumerate(after)
    ]
    drawn = graph(tasks, {task["task_key"]: (State("", "none"), "", "") for task in tasks})
    boxes = {box.key: box for box in drawn.boxes}
    assert len(boxes) == len(tasks)
    assert len(drawn.edges) == sum(len(task["depends_on"]) for task in tasks)
    for one, other in combinations(boxes.values(), 2):
        assert abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT
    for task in tasks:
        box = boxes[task["task_key"]]
        assert 0 <= box.x <= drawn.width - BOX_WIDTH
        assert 0 <= box.y <= drawn.height - BOX_HEIGHT
        assert all(boxes[item["task_key"]].x < box.x for item in task["depends_on"])


def test_the_gantt_is_to_scale() -> None:
    done = Outcome("SUCCESS")

    def attempt(number: int, start: int, work: int, end: int) -> TaskRun:
        return TaskRun(number, 1, f"t{number}", 0, 0, 0, {}, "TERMINATED", "", start, work, end, done)

    drawn = gantt(
        [attempt(1, 1000, 2000, 5000), attempt(2, 5000, 5000, 9000)], {1: "/1", 2: "/2"}, 9000, {1: "", 2: ""}
    )
    assert drawn is not None
    first, second = drawn.bars
    assert (first.setup / first.work, second.setup) == (pytest.approx(1 / 3), 0)
    assert second.x == pytest.approx(first.x + first.setup + first.work)
    assert [word for _, word in drawn.ticks] == ["0 s", "2 s", "4 s", "6 s", "8 s"]


def test_a_line_has_a_series_per_colour_in_the_order_of_time() -> None:
    drawn = tile(widget("line", x=X, y=Y, color={"fieldName": "channel"}), DAYS)
    assert drawn["form"] == "chart"
    point = (
        r'aria-label="day: ([^;]*); Net: ([^;]*); series: ([^"]*)" role="graphics-symbol" aria-roledescription="point"'
    )
    spoken = [("01 Jun", "2", "&lt;shop&gt;"), ("01 Jun", "3", "web"), ("02 Jun", "4", "web")]
    assert re.findall(point, drawn["wide"]) == spoken
    assert drawn["wide"].startswith('<svg role="img" aria-label="Net &lt;by&gt; day: line of 4 values"')
    for picture in (drawn["wide"], drawn["narrow"]):
        assert "<shop>" not in picture
        assert not re.search(r"(href|src)=|<script|<style|style=|\bid=", picture), "the policy of the pages forbids it"


@pytest.mark.parametrize("layout", ["", "group"])
def test_bars_are_stacked_unless_the_dashboard_groups_them(layout: str) -> None:
    drawn = tile(widget("bar", layout, x=X, y=Y, color={"fieldName": "channel"}), DAYS)
    bars = re.findall(r'aria-roledescription="bar"[^>]* d="M([\d.]+),', drawn["wide"])
    assert len(bars) >= 3
    assert (len(set(bars)) > 2) == (layout == "group")
    assert ">01 Jun<" in drawn["wide"]


def test_a_pie_has_a_slice_per_colour() -> None:
    drawn = tile(widget("pie", angle=Y, color={"fieldName": "channel"}), Answer(DAYS.columns, DAYS.rows[:2]))
    assert drawn["wide"].count('aria-roledescription="arc mark"') == 2


@pytest.mark.parametrize(
    ("kind", "encodings", "answer", "said"),
    [
        ("line", {"x": X}, DAYS, "no column for y"),
        ("pie", {"angle": Y}, DAYS, "no column for color"),
        ("counter", {}, DAYS, "no column"),
        ("line", {"x": {**X, "fieldName": "gone"}, "y": Y}, DAYS, "returns no column gone"),
        ("line", {"x": {**X, "fieldName": "channel"}, "y": Y}, DAYS, "cannot be drawn"),
        ("counter", {"value": Y}, Answer(DAYS.columns), "no rows"),
        ("sankey", {}, DAYS, "does not draw widgets of type sankey"),
        ("bar", {"x": X, "y": Y}, None, "a dataset that the dashboard does not have"),
        ("bar", {"x": X, "y": Y}, Answer(problem="no table"), "no table"),
    ],
)
def test_what_cannot_be_drawn_says_why(kind: str, encodings: dict[str, Any], answer: Answer | None, said: str) -> None:
    drawn = tile(widget(kind, **encodings), answer)
    assert drawn["form"] == "problem"
    assert said in drawn["problem"]


def test_tiles_that_pick_the_same_columns_share_a_statement() -> None:
    def raw(name: str) -> dict[str, Any]:
        fields = [{"name": name, "expression": f"`{name}`"}]
        query = {"query": {"datasetName": "d", "fields": fields, "disaggregated": True}}
        return {"queries": [query], "spec": {"widgetType": "counter", "encodings": {"value": {"fieldName": name}}}}

    summed = raw("a")
    summed["queries"][0]["query"] |= {"fields": [{"name": "sum(a)", "expression": "SUM(`a`)"}], "disaggregated": False}
    layout = [
        {"widget": body, "position": {"x": x, "y": 0, "width": 2, "height": 1}}
        for x, body in enumerate([raw("a"), raw("b"), summed])
    ]
    datasets = [{"name": "d", "queryLines": ["SELECT a, b\n", "FROM t;"]}]
    (canvas,) = read({"datasets": datasets, "pages": [{"name": "p", "layout": layout}]})
    assert [widget.width for widget in canvas.widgets] == [4, 4, 4], "a layout without a version has six columns"
    texts = [ask.sql for ask in asks_of(canvas.widgets).values()]
    assert texts[0] == "SELECT a, b\nFROM t"
    assert texts[1] == "SELECT SUM(`a`) AS `sum(a)`\nFROM (\nSELECT a, b\nFROM t\n)\nGROUP BY ALL\nORDER BY ALL"
    assert len(texts) == 2


@pytest.mark.parametrize(
    "text", ['{"pages": [{"layout": [{}]}]}', '{"pages": ["p"]}', '{"pages": 7}', '{"datasets": [1]}']
)
def test_a_dashboard_of_another_shape_is_named_as_such(text: str) -> None:
    with pytest.raises(ApiError, match="not as Lakeview writes it"):
        read(json.loads(text))
