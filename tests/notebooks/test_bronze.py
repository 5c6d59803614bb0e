"""Bronze on real Spark and Delta: every line lands once, as a row or in quarantine with its reason."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from pathlib import Path

import pytest

from lakehouse import mount
from lakehouse.landing import LandingError
from lakehouse.sources import SOURCES
from scripts.data import generator, loader, totals
from tests import retail
from tests.notebooks.shop import CATALOG, NOW, Shop

pytestmark = pytest.mark.slow

ORDERS = "order_id,customer_id,order_timestamp,status,country,updated_at\n"


@pytest.fixture(scope="session")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trade")
    generator.generate(folder, seed=11, end=dt.date(2026, 6, 30), days=12, customers=400)
    return folder


def _assert_every_line_landed_once(shop: Shop, folder: Path) -> None:
    lines = totals.data_lines(folder)
    assert sum(lines.values()) > 0
    for name, count in lines.items():
        landed = shop.spark.sql(
            f"select source_file, source_line from {CATALOG}.bronze.{name} union all"
            f" select source_file, source_line from {CATALOG}.bronze.quarantine where source = '{name}'"
        )
        assert landed.count() == count, name
        assert landed.distinct().count() == count, name


def test_generated_trade_lands_whole_and_quarantine_is_what_the_truth_file_says(shop: Shop, trade: Path) -> None:
    shop.bring(trade)
    for name in SOURCES:
        result = shop.ingest(name)
        assert result.batches == 1
        assert not result.wrong_headers
    _assert_every_line_landed_once(shop, trade)
    truth = json.loads((trade / "truth.json").read_text())
    wrong = {(b["file"], b["line"], b["reason"]) for b in truth["bad_lines"] if b["layer"] == "bronze"}
    quarantined = {
        (row.source_file, row.source_line, row.reason.split(":")[0])
        for row in shop.spark.table("bronze.quarantine").collect()
    }
    assert len(wrong) > 5
    assert quarantined == wrong
    raw = shop.spark.table("bronze.quarantine").where("reason like 'broken JSON%'").first()
    assert raw is not None
    assert raw.raw_line == (trade / raw.source_file).read_text().splitlines()[raw.source_line - 1]


def test_a_rerun_adds_nothing_and_a_new_day_adds_just_that_day(shop: Shop, trade: Path) -> None:
    shop.bring(trade, until="2026-06-29")
    shop.ingest("orders")
    before = shop.count("bronze.orders")
    again = shop.ingest("orders")
    assert (again.batches, again.rows, shop.count("bronze.orders")) == (0, 0, before)
    shop.bring(trade)
    # A file that was written long ago but arrives now is as good as any other.
    old = dt.datetime(2020, 1, 1, tzinfo=dt.UTC).timestamp()
    os.utime(shop.landing / "orders" / "2026-06-30.csv", (old, old))
    added = shop.ingest("orders")
    assert added.files == 1
    assert added.rows == shop.count("bronze.orders", "source_file = 'orders/2026-06-30.csv'") > 0
    assert shop.count("bronze.orders") == before + added.rows


def test_real_days_land_whole(shop: Shop, tmp_path: Path) -> None:
    if not retail.DAYS.is_dir():
        pytest.skip(f"{retail.DAYS} is not there")
    days = tmp_path / "days"
    days.mkdir()
    for name in ("2010-12-01", "2010-12-02", "2011-08-12"):
        (days / f"{name}.csv").symlink_to(retail.DAYS / f"{name}.csv")
    loader.load(days, tmp_path / "landing")
    shop.bring(tmp_path / "landing")
    for name in SOURCES:
        assert shop.ingest(name).quarantined == 0
    _assert_every_line_landed_once(shop, tmp_path / "landing")
    total = shop.spark.sql(
        "select sum(cast(quantity as decimal(18, 4)) * cast(unit_price as decimal(18, 4))) from bronze.order_items"
    ).first()
    assert total is not None
    assert total[0] == totals.retail_totals(days).revenue()


def test_wrong_headers_lose_nothing_and_are_reported(shop: Shop) -> None:
    shop.put("orders/missing.csv", "O1,C1,2026-06-01 10:00:00,completed,Spain,2026-06-01 10:00:00\n")
    shop.put("orders/other.csv", ORDERS.replace("status", "state") + "O2,C1,x,completed,Spain,x\n")
    shop.put("orders/right.csv", ORDERS + "O3,C1,2026-06-01 10:00:00,completed,Spain,2026-06-01 10:00:00\n")
    result = shop.ingest("orders")
    assert result.wrong_headers == ["orders/missing.csv", "orders/other.csv"]
    assert (result.rows, result.quarantined, result.reasons) == (1, 3, {"wrong header": 3})
    rows = shop.spark.table("bronze.quarantine").orderBy("source_file", "source_line").collect()
    assert [row.raw_line[:8] for row in rows] == ["O1,C1,20", "order_id", "O2,C1,x,"]
    assert "found order_id,customer_id,order_timestamp,state," in rows[1].reason
    assert f"expected {ORDERS.strip()}" in rows[1].reason


def test_reordered_columns_are_found_by_name(shop: Shop) -> None:
    shop.put("orders/a.csv", "status,order_id,country,customer_id,updated_at,order_timestamp\nlost,O1,Spain,C9,u,t\n")
    assert shop.ingest("orders").rows == 1
    row = shop.spark.table("bronze.orders").drop("ingestion_timestamp").first()
    assert row is not None
    assert row.asDict() == {
        "order_id": "O1", "customer_id": "C9", "order_timestamp": "t", "status": "lost", "country": "Spain",
        "updated_at": "u", "rescued_data": None, "source_file": "orders/a.csv", "source_line": 2, "batch_id": 0,
    }  # fmt: skip


def test_odd_files_are_read_right_or_quarantined_with_the_reason(shop: Shop) -> None:
    header = "product_id,name,category,unit_price,updated_at"
    shop.put("products/empty.csv", "")
    shop.put("products/header only.csv", header + "\n")
    shop.put("products/bom+crlf%20é.csv", f'\ufeff{header}\r\nP1,"Tea ""1950"", large",Kitchen,1.50,t\r\nP2,,"",,')
    shop.put(
        "products/lines.csv", f'{header}\r\nP7,"two\r\nlines, ""one"" tea",Kitchen,1,t\r\n\r\nP8,{"a" * 99999},b,1,t'
    )
    shop.put("products/packed.csv.gz", gzip.compress(f"{header}\nP9,Tray,Kitchen,1,t\n".encode()))
    shop.put(
        "products/torn.csv",
        f'{header}\nP3,"torn,Kitchen,1,t\n\n ,x,y,1,t\nP4,a,b,1\nP5,a,b,1,t,6\n'.encode() + b"P6,\xff,b,1,t\n",
    )
    shop.put("products/quotes.csv", f'{header}\nQ1,"a"b,c,1,t\nQ2,5" pipe 6",c,1,t\n')
    result = shop.ingest("products")
    rows = {row.product_id: row for row in shop.spark.table("bronze.products").collect()}
    assert set(rows) == {"P1", "P2", "P7", "P8", "P9", "Q2"}
    assert (rows["P1"].name, rows["P1"].unit_price) == ('Tea "1950", large', "1.50")
    assert rows["P1"].source_file == "products/bom+crlf%20é.csv"
    assert (rows["P2"].name, rows["P2"].category) == (None, "")
    assert (rows["P7"].name, rows["P7"].source_line) == ('two\r\nlines, "one" tea', 2)
    assert (rows["P8"].source_line, rows["Q2"].name) == (4, '5" pipe 6"')
    bad = shop.spark.table("bronze.quarantine").orderBy("source_file", "source_line").collect()
    assert [(Path(row.source_file).stem, row.source_line, row.reason.split(":")[0]) for row in bad] == [
        ("lines", 3, "empty line"),
        ("quotes", 2, "misplaced quote"),
        ("torn", 2, "unclosed quote"),
        ("torn", 3, "empty line"),
        ("torn", 4, "missing key"),
        ("torn", 5, "wrong column count"),
        ("torn", 6, "wrong column count"),
        ("torn", 7, "not valid UTF-8"),
    ]
    assert (result.files, result.rows, result.quarantined) == (6, 6, 8)
    delivered = {
        row.source_file: (row.rows, row.quarantined) for row in shop.spark.table("bronze.deliveries").collect()
    }
    assert delivered["products/header only.csv"] == (0, 0)
    assert delivered["products/torn.csv"] == (0, 6)


def test_new_columns_are_kept_and_reported(shop: Shop) -> None:
    shop.put(
        "products/a.csv",
        'colour,product_id,name,category,unit_price,updated_at,"x,y"\nred,P1,Tea,K,1,t,\n,P2,Tea,K,1,t\n',
    )
    shop.put("products/b.csv", "product_id,name,category,unit_price,updated_at,name\nP3,Tea,K,1,t,Tea\n")
    result = shop.ingest("products")
    row = shop.spark.table("bronze.products").first()
    assert row is not None
    assert (row.product_id, json.loads(row.rescued_data)) == ("P1", {"colour": "red", "x,y": None})
    assert (result.rows, result.new_columns, result.wrong_headers) == (1, ["products/a.csv"], ["products/b.csv"])
    assert result.reasons == {"wrong column count": 1, "wrong header": 2}


def test_files_sent_again_renamed_or_overwritten_are_reported(shop: Shop) -> None:
    line = "O{},C1,2026-06-01 10:00:00,completed,Spain,2026-06-01 10:00:00\n"
    for name in ("a", "b", "empty"):
        shop.put(f"orders/{name}.csv", ORDERS + line.format(name) if name != "empty" else "")
    shop.put("orders/nothing.csv", ORDERS)
    first = shop.ingest("orders")
    assert (first.rows, first.repeated, first.overwritten) == (2, [], [])
    (shop.landing / "orders" / "b.csv").rename(shop.landing / "orders" / "0.csv")
    shop.put("orders/c.csv", ORDERS + line.format("a"))
    shop.put("orders/empty.csv", ORDERS + line.format("late"))  # an upload that had not begun when it was read
    before = (NOW - dt.timedelta(hours=1)).timestamp()
    os.utime(shop.landing / "orders" / "empty.csv", (before, before))
    shop.put("orders/b.csv", ORDERS + line.format("b") * 2)
    again = shop.ingest("orders")
    assert again.repeated == ["orders/0.csv (as orders/b.csv)", "orders/c.csv (as orders/a.csv)"]
    assert again.overwritten == ["orders/b.csv", "orders/empty.csv"]
    assert (again.rows, shop.count("bronze.orders"), shop.count("bronze.deliveries")) == (2, 4, 5)


def test_json_lines_are_one_known_object_each(shop: Shop) -> None:
    lines = {
        '{"event_id":"E1","page":"/a","product_id":7}': None,
        '{"event_id":"E2"}{"event_id":"E3"}': "broken JSON",
        '{"event_id":"E2"},{"event_id":"E3"}': "broken JSON",
        '{"event_id":"E2"}] [{"event_id":"E3"}': "broken JSON",
        '{"event_id":"E2"}]': "broken JSON",
        '{"event_id":"E4"': "broken JSON",
        '["E5"]': "broken JSON",
        "null": "broken JSON",
        '{"event_id":"E6","colour":"red","size":{"w":[1,2]}}': None,
        '{"event_id":"E7","event_id":"E8"}': "repeated field",
        '{"event_id":null,"page":"/"}': "missing key",
        "": "empty line",
    }
    shop.put("web_events/a.jsonl", "\n".join(lines) + "\n")
    result = shop.ingest("web_events")
    assert (result.rows, result.new_columns) == (2, ["web_events/a.jsonl"])
    event, odd = shop.spark.table("bronze.web_events").orderBy("event_id").collect()
    assert json.loads(odd.rescued_data) == {"colour": "red", "size": '{"w":[1,2]}'}
    assert (event.event_id, event.page, event.product_id, event.event_type) == ("E1", "/a", "7", None)
    bad = shop.spark.table("bronze.quarantine").orderBy("source_line").collect()
    assert [row.reason.split(":")[0] for row in bad] == [reason for reason in lines.values() if reason]
    assert [row.raw_line for row in bad] == [line for line, reason in lines.items() if reason]


def test_verify_names_all_that_is_missing_and_creates_the_tables_when_nothing_is(shop: Shop) -> None:
    (shop.landing / "orders").rmdir()
    shop.spark.sql(f"DROP SCHEMA {CATALOG}.silver")
    with pytest.raises(LandingError, match=r"schema shop.silver does not exist.*landing/files/orders cannot be read"):
        mount.verify(shop.spark, CATALOG)
    with pytest.raises(LandingError, match=r"/Volumes/shop/landing/files/orders does not exist"):
        shop.ingest("orders")
    (shop.landing / "orders").mkdir()
    shop.spark.sql(f"CREATE SCHEMA {CATALOG}.silver")
    assert mount.verify(shop.spark, CATALOG).sources == tuple(SOURCES)
    assert all(shop.count(f"bronze.{name}") == 0 for name in (*SOURCES, "quarantine"))


def test_a_batch_of_very_many_files_lands_whole(shop: Shop) -> None:
    """Spark goes about lists of more than 32 paths in another way."""
    header = ",".join(SOURCES["products"].columns)
    for number in range(80):
        shop.put(f"products/2026-{number}.csv", f"{header}\nP{number},Kite,Toys,2.50,2026-03-01 09:00:00\n")
    found = shop.ingest("products")
    assert (found.batches, found.files, found.rows) == (1, 80, 80)
    assert shop.ingest("products").files == 0
    assert shop.count("bronze.products") == 80
