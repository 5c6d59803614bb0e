"""Dashboards show only columns that their questions return, and tiles do not overlap."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from infra.dashboards import GRID_COLUMNS, DashboardSpec, load_all
from infra.documents import DocumentError
from lakehouse import questions, thresholds
from lakehouse.questions import Question

REPOSITORY = Path(__file__).resolve().parents[3]
QUESTION = Question("ages", "Ages", "How old.", "me", "-- title: Ages\nselect day, age from gold.ages\n", ())

TILE = """
[[tile]]
title = "Ages"
question = {question!r}
widget = {widget!r}
columns = {columns}
width = {width}
"""
GOOD: dict[str, Any] = {"question": "ages", "widget": "line", "columns": ["day", "age"], "width": 6}


def load(folder: Path, *tiles: dict[str, Any], title: str = 'title = "People"') -> DashboardSpec:
    (folder / "people.toml").write_text(title + "".join(TILE.format(**{**GOOD, **tile}) for tile in tiles))
    return load_all(folder, {"ages": QUESTION}, thresholds.load())["people"]


def test_lakeview_names_fields_as_the_encodings_do(tmp_path: Path) -> None:
    page = load(tmp_path, {}, {"widget": "counter", "columns": ["age"]}, {"widget": "table"}).lakeview("cat")["pages"][
        0
    ]
    assert page["layoutVersion"] == "GRID_V1"
    for item in page["layout"]:
        widget = item["widget"]
        fields = {field["name"] for field in widget["queries"][0]["query"]["fields"]}
        assert set(names(widget["spec"]["encodings"])) == fields


def names(encodings: Any) -> list[str]:
    if isinstance(encodings, dict):
        own = [encodings["fieldName"]] if "fieldName" in encodings else []
        return own + [name for value in encodings.values() for name in names(value)]
    return [name for value in encodings for name in names(value)] if isinstance(encodings, list) else []


def test_dataset_is_the_question_with_the_catalog(tmp_path: Path) -> None:
    (dataset,) = load(tmp_path, {}, {}).lakeview("cat")["datasets"]
    assert "".join(dataset["queryLines"]) == "-- title: Ages\nselect day, age from cat.gold.ages\n"
    assert dataset["displayName"] == "Ages"


def test_tiles_fill_rows_and_never_overlap(tmp_path: Path) -> None:
    layout = load(tmp_path, *({"width": width} for width in (5, 7, 4, 4, 4, 1, 12, 3))).lakeview("c")["pages"][0][
        "layout"
    ]
    cells = [
        {(x, y) for x in range(p["x"], p["x"] + p["width"]) for y in range(p["y"], p["y"] + p["height"])}
        for p in (item["position"] for item in layout)
    ]
    assert all(not one & other for one, other in combinations(cells, 2))
    assert all(item["position"]["x"] + item["position"]["width"] <= GRID_COLUMNS for item in layout)
    assert [item["position"]["y"] for item in layout] == [0, 0, 6, 6, 6, 12, 18, 24]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"columns": ["day", "height"]}, "question 'ages' returns no 'height', only day, age"),
        ({"question": "agse"}, "there is no sql/queries/agse.sql"),
        ({"widget": "donut"}, "widget: 'donut'"),
        ({"width": 13}, "width: 13"),
        ({"widget": "counter"}, "a counter cannot show 2"),
        ({"columns": ["day"]}, "a line cannot show 1"),
    ],
)
def test_bad_tile_is_refused(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    with pytest.raises(DocumentError) as raised:
        load(tmp_path, change)
    assert str(raised.value).startswith(str(tmp_path / "people.toml"))
    assert named in str(raised.value)


def test_unknown_key_and_missing_tiles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="unknown key: colour"):
        load(tmp_path, {}, title='title = "People"\ncolour = "red"')
    with pytest.raises(DocumentError, match="missing key: tile"):
        load(tmp_path)


def test_our_dashboards_load() -> None:
    asked = questions.load_all(REPOSITORY / "sql" / "queries")
    ours = load_all(REPOSITORY / "sql" / "dashboards", asked, thresholds.load())
    assert "operations" in ours
    assert len(ours["operations"].tiles) >= 4
