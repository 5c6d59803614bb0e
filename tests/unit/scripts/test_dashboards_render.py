"""Dashboards as files: what a definition says, what a tile shows, and that nothing of it is taken for markup."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from infra import dashboards
from infra.environments import LOCAL
from lakehouse import questions, thresholds
from scripts.answers import Answer, Column, Value
from scripts.dashboards import command, definition, letters, picture
from scripts.dashboards.content import Chart, Figure, Grid, Words, content
from scripts.dashboards.definition import Board, Tile
from scripts.dashboards.look import TONES
from scripts.errors import CommandError

SQL = Path(__file__).resolve().parents[3] / "sql"
AT = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)
LINK = "http://127.0.0.1:1/dashboards/d&1"
EVIL = '<script>alert("x")</script> & <b>'


def widget(kind: str, *columns: str, title: str = "Tile", **query: Any) -> dict[str, Any]:
    fields = [{"fieldName": column, "displayName": column} for column in columns]
    encodings: dict[str, Any] = {"columns": fields}
    if kind == "counter":
        encodings = {"value": fields[0]}
    elif kind in ("bar", "line"):
        scale = {"type": "temporal" if kind == "line" else "categorical"}
        encodings = {"x": {**fields[0], "scale": scale}, "y": {"fields": fields[1:]}}
    asked = {"datasetName": "d", "fields": [], "disaggregated": True, **query}
    spec = {"widgetType": kind, "encodings": encodings, "frame": {"showTitle": True, "title": title}}
    return {"name": "w", "queries": [{"name": "main_query", "query": asked}], "spec": spec}


def board(*widgets: dict[str, Any], title: str = "Board") -> Board:
    layout = [
        {"widget": each, "position": {"x": 0, "y": 4 * row, "width": 12, "height": 4}}
        for row, each in enumerate(widgets)
    ]
    datasets = [{"name": "d", "queryLines": ["select *\n", "from t\n"]}]
    pages = [{"name": "p", "layoutVersion": "GRID_V1", "layout": layout}]
    return definition.read(title, json.dumps({"datasets": datasets, "pages": pages}))


def answer(*rows: tuple[Value, ...], **columns: str) -> Answer:
    return Answer(tuple(Column(name, kind) for name, kind in columns.items()), rows)


def compose(drawn: Board, said: Answer) -> command.Rendered:
    return command.compose(drawn, {tile.statement: said for tile in drawn.tiles}, "local", AT, LINK)


def only(drawn: Board) -> Tile:
    (tile,) = drawn.tiles
    return tile


@pytest.mark.parametrize("name", sorted(file.stem for file in (SQL / "dashboards").glob("*.toml")))
def test_every_dashboard_of_ours_is_understood(name: str) -> None:
    spec = dashboards.load_all(SQL / "dashboards", questions.load_all(SQL / "queries"), thresholds.load())[name]
    drawn = definition.read(spec.title, json.dumps(spec.lakeview(LOCAL.catalog)))
    assert [tile.title for tile in drawn.tiles] == [tile.title for tile in spec.tiles]
    assert [tuple(field.name for field in tile.fields) for tile in drawn.tiles] == [tile.columns for tile in spec.tiles]
    assert len(drawn.statements()) == len(spec.statements)
    assert all(sum(tile.width for tile in row) <= definition.GRID for row in drawn.rows())


def test_an_unknown_widget_is_an_error_that_names_dashboard_and_tile() -> None:
    with pytest.raises(
        CommandError, match="dashboard 'Board': tile 'Map of sales': widget 'choropleth-map' is none of"
    ):
        board(widget("choropleth-map", "a", title="Map of sales"))


@pytest.mark.parametrize("text", ["[]", "{", '{"pages": [{"layout": [{}]}]}', '{"pages": []}'])
def test_a_definition_that_is_none_names_the_dashboard(text: str) -> None:
    with pytest.raises(CommandError, match="dashboard 'Board': "):
        definition.read("Board", text)


def test_a_widget_that_was_grouped_by_hand_asks_what_it_shows() -> None:
    fields = [{"name": "sum(a)", "expression": "SUM(`a`)"}]
    tile = only(board(widget("counter", "sum(a)", fields=fields, disaggregated=False)))
    assert tile.statement == "SELECT SUM(`a`) AS `sum(a)`\nFROM (\nselect *\nfrom t\n)\nGROUP BY ALL\nORDER BY ALL"


def test_tiles_show_what_their_widgets_are() -> None:
    said = answer(("Stale", 2), status="STRING", stale_tables="LONG")
    assert content(only(board(widget("counter", "stale_tables"))), said) == Figure("2", "bad")
    grid = content(only(board(widget("table", "status", "stale_tables"))), said)
    assert isinstance(grid, Grid)
    assert [(cell.text, cell.tone, cell.right) for cell in grid.rows[0]] == [
        ("Stale", "warn", False),
        ("2", "bad", True),
    ]
    chart = content(only(board(widget("bar", "status", "stale_tables"))), said)
    assert isinstance(chart, Chart)
    assert chart.points == [("Stale", 2.0, "stale_tables")]


@pytest.mark.parametrize("kind", definition.WIDGETS)
def test_a_tile_without_rows_says_so(kind: str) -> None:
    drawn = board(widget(kind, "day", "a"))
    said = answer(day="DATE", a="LONG")
    assert content(only(drawn), said) == Words("no rows")
    assert "no rows" in compose(drawn, said).html


def test_a_line_of_nothing_but_gaps_has_no_rows() -> None:
    said = answer(("2026-03-10", None), day="DATE", a="LONG")
    assert content(only(board(widget("line", "day", "a"))), said) == Words("no rows")


def test_a_tile_that_cannot_be_asked_shows_why_and_is_named() -> None:
    rendered = compose(board(widget("table", "a", title="Ages")), Answer(problem="no table <t>"))
    assert rendered.problems == ["tile 'Ages': no table <t>"]
    assert "could not be asked: no table &lt;t&gt;" in rendered.html
    renamed = compose(board(widget("table", "a", title="Ages")), answer((1,), b="LONG"))
    assert renamed.problems == ["tile 'Ages': the dataset returns no column a"]


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_nothing_that_came_from_the_workspace_is_markup() -> None:
    widgets = [widget(kind, "name", "a", title=EVIL) for kind in ("counter", "table", "bar")]
    drawn = board(*widgets, title=EVIL)
    said = answer((EVIL, 1), name="STRING", a="LONG")
    rendered = compose(drawn, said)
    page = Tags(rendered.html)
    assert not {"script", "b", "img", "iframe"} & set(page.tags)
    assert page.links == [LINK]
    assert not re.search(r"url\(|@import", rendered.html)
    contents = {tile: content(tile, said) for tile in drawn.tiles}
    ElementTree.fromstring(picture.svg(drawn, contents, EVIL, AT, LINK))  # well-formed, or this raises


def test_the_picture_shows_what_is_wrong_in_red() -> None:
    drawn = board(widget("counter", "status"), widget("line", "day", "a"), widget("bar", "status", "a"))
    image = {}
    for word in ("Critical", "Healthy"):
        said = answer((word, "2026-03-09", 1), (word, "2026-03-10", 2), status="STRING", day="DATE", a="LONG")
        image[word] = Image.open(io.BytesIO(compose(drawn, said).png)).convert("RGB")
    grounds = {tone: tuple(bytes.fromhex(TONES[tone][1][1:])) for tone in ("bad", "good")}
    counts = {word: {c: n for n, c in each.getcolors(1 << 24) or []} for word, each in image.items()}
    assert counts["Critical"].get(grounds["bad"], 0) > 100_000
    assert counts["Healthy"].get(grounds["good"], 0) > 100_000
    assert grounds["bad"] not in counts["Healthy"]
    assert image["Critical"].width == 2480
    assert 1000 < image["Critical"].height < 2000


def test_a_long_table_is_cut_in_the_picture_and_whole_in_the_file() -> None:
    drawn = board(widget("table", "name"))
    said = answer(*[(f"row-{number}",) for number in range(picture.ROWS + 5)], name="STRING")
    rendered = compose(drawn, said)
    assert "and 5 more rows" in rendered.svg
    assert f"row-{picture.ROWS + 4}" in rendered.html


def test_text_is_broken_where_it_fits_and_cut_where_it_does_not() -> None:
    assert letters.lines("one two three", 50, 13, 3) == ["one two", "three"]
    assert letters.lines("one two three four five six", 50, 13, 1) == ["one tw…"]
    assert letters.fit("w" * 100, 50, 13).endswith("w…")
    assert sum(letters.shares([10, 500, 700], 600)) == pytest.approx(600)
    assert letters.shares([10, 500, 700], 600)[0] == 10


def test_names_are_those_of_the_repository() -> None:
    assert set(command.known([])) >= {"operations", "data_quality", "ml_models"}
    assert command.known(["operations"]) == {"operations": "Operations"}
    with pytest.raises(CommandError, match="Dashboard 'moon': expected data_quality, ml_models, operations"):
        command.known(["moon"])


@pytest.mark.parametrize(("names", "expected"), [([], "no dashboards"), (["[local] Operations"] * 2, "2 dashboards")])
def test_what_is_not_deployed_or_deployed_twice_is_told(names: list[str], expected: str) -> None:
    listed = [SimpleNamespace(dashboard_id="1", display_name=name) for name in names]
    client: Any = SimpleNamespace(lakeview=SimpleNamespace(list=lambda: listed))
    with pytest.raises(CommandError, match=expected):
        command.deployed(client, LOCAL, "Operations")


def test_a_dashboard_is_linked_where_people_open_it() -> None:
    assert command.page_url("http://127.0.0.1:8765", "d") == "http://127.0.0.1:8765/dashboards/d"
    assert command.page_url("https://adb-1.azuredatabricks.net/", "d") == (
        "https://adb-1.azuredatabricks.net/sql/dashboardsv3/d"
    )
