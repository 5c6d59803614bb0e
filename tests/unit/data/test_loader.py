"""Real days as landing files: nothing lost on the way, nothing half-written, wrong input named."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from scripts.data import loader, retail, totals
from scripts.errors import CommandError

HEADER = ",".join(retail.COLUMNS)
DAY_1 = f"""{HEADER}
536365,85123A,WHITE HANGING  HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,"WHITE METAL LANTERN, ",6,2010-12-01 08:27:00,3.39,17850.0,United Kingdom
536365,71053,"WHITE METAL LANTERN, ",6,2010-12-01 08:27:00,3.39,17850.0,United Kingdom
536366,POST,POSTAGE,1,2010-12-01 09:00:00,18.0,,France
C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom
"""
DAY_2 = f"""{HEADER}
536500,71053,WHITE METAL LANTERN,2,2010-12-02 10:00:00,3.75,17850.0,Cyprus
536500,85123A,damaged,-4,2010-12-02 10:00:00,0.0,17850.0,Cyprus
A563186,B,Adjust bad debt,1,2010-12-02 14:51:00,-11062.06,,United Kingdom
"""


@pytest.fixture
def days(tmp_path: Path) -> Path:
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / "2010-12-01.csv").write_text(DAY_1)
    (folder / "2010-12-02.csv").write_text(DAY_2)
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_invoices_become_orders_with_numbered_lines(days: Path, tmp_path: Path) -> None:
    manifest = loader.load(days, tmp_path / "out")
    orders = _rows(tmp_path / "out/orders/2010-12-01.csv")
    assert [(row["order_id"], row["status"], row["customer_id"]) for row in orders] == [
        ("536365", "completed", "17850"),
        ("536366", "completed", ""),
        ("C536379", "cancelled", "14527"),
    ]
    assert orders[0]["order_timestamp"] == "2010-12-01 08:26:00"
    items = _rows(tmp_path / "out/order_items/2010-12-01.csv")
    assert [(row["order_id"], row["line_number"]) for row in items] == [
        ("536365", "1"), ("536365", "2"), ("536365", "3"), ("536366", "1"), ("C536379", "1"),
    ]  # fmt: skip
    assert (items[4]["quantity"], items[4]["unit_price"]) == ("-1", "27.5")
    assert _rows(tmp_path / "out/orders/2010-12-02.csv")[1]["status"] == "adjustment"
    assert manifest.lines == {"customers": 3, "products": 6, "orders": 5, "order_items": 8, "web_events": 3}
    assert manifest.lines == totals.data_lines(tmp_path / "out")


def test_products_and_customers_come_when_new_or_changed(days: Path, tmp_path: Path) -> None:
    loader.load(days, tmp_path)
    first = {row["product_id"]: row for row in _rows(tmp_path / "products/2010-12-01.csv")}
    assert first["71053"]["name"] == "WHITE METAL LANTERN"
    assert first["85123A"]["name"] == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert (first["71053"]["category"], first["POST"]["category"]) == ("Light", "Service")
    second = _rows(tmp_path / "products/2010-12-02.csv")
    assert [(row["product_id"], row["unit_price"]) for row in second] == [("71053", "3.75"), ("B", "0.0")]
    moved = _rows(tmp_path / "customers/2010-12-02.csv")
    assert [(row["customer_id"], row["country"], row["email"]) for row in moved] == [("17850", "Cyprus", "")]


def test_completed_invoices_give_one_purchase_event_each(days: Path, tmp_path: Path) -> None:
    loader.load(days, tmp_path)
    events = [json.loads(line) for line in (tmp_path / "web_events/2010-12-01.jsonl").read_text().splitlines()]
    assert [(event["event_id"], event["event_type"], event["customer_id"]) for event in events] == [
        ("E536365", "purchase", "17850"),
        ("E536366", "purchase", None),
    ]


def test_totals_of_the_landing_files_are_those_of_the_published_days(days: Path, tmp_path: Path) -> None:
    loader.load(days, tmp_path)
    published = totals.retail_totals(days)
    assert totals.landing_totals(tmp_path) == published
    assert published.revenue("completed") == Decimal("81.48")
    assert published.revenue() == Decimal("81.48") - Decimal("27.5") - Decimal("11062.06")
    assert published.net() == published.revenue()


def test_a_new_day_adds_just_its_files_and_a_rerun_none(days: Path, tmp_path: Path) -> None:
    second = (days / "2010-12-02.csv").read_text()
    (days / "2010-12-02.csv").unlink()
    out = tmp_path / "out"
    loader.load(days, out)
    before = {path: path.read_bytes() for path in out.glob("*/*")}
    assert loader.load(days, out).written == 0
    (days / "2010-12-02.csv").write_text(second)
    assert loader.load(days, out).written == 5
    added = set(out.glob("*/*")) - set(before)
    assert {path.stem for path in added} == {"2010-12-02"}
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("2010-12-03.csv", DAY_1.replace("Quantity,InvoiceDate", "InvoiceDate,Quantity"), r"expected 'InvoiceNo,Sto"),
        ("2010-12-03.csv", "", r"found the header 'no header'"),
        ("2010-12-03.csv", HEADER + "\n1,2,3\n", r"2010-12-03.csv, line 2: found 3 fields, expected 8"),
        ("december.csv", DAY_1, r"found the name 'december.csv', expected YYYY-MM-DD.csv"),
        ("2010-12-03.csv", HEADER + "\n\udcff", r"is not a CSV file in UTF-8"),
    ],
)
def test_wrong_input_is_one_line_and_nothing_is_written(
    days: Path, tmp_path: Path, name: str, content: str, message: str
) -> None:
    (days / name).write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(CommandError, match=message) as caught:
        loader.load(days, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_folders_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for name, message in [("nowhere", "does not exist"), ("file", "is not a folder"), ("empty", "holds no CSV file")]:
        with pytest.raises(CommandError, match=rf"{name} {message}"):
            loader.load(tmp_path / name, tmp_path / "out")


def test_a_loaded_day_that_changed_at_the_source_is_refused(days: Path, tmp_path: Path) -> None:
    loader.load(days, tmp_path / "out")
    (days / "2010-12-01.csv").write_text(DAY_1.replace(",2.55,", ",2.65,"))
    with pytest.raises(CommandError, match=r"2010-12-01.csv: loaded before with another content"):
        loader.load(days, tmp_path / "out")
