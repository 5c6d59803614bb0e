"""Real trade as landing files: Online Retail days brought into the five sources.

| source | what a day's file holds |
|---|---|
| orders | one row per invoice; status `cancelled` for `C…`, `adjustment` for `A…`, else `completed` |
| order_items | one row per published line, numbered within its invoice; quantities and prices as they are |
| products | a product when new, or no longer sold under its known name or price; category from words in the name |
| customers | a customer when new or seen in another country; e-mail, names and join date are unknown and stay empty |
| web_events | the data set has none: one `purchase` event per completed invoice, derived from the trade |
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.sources import SOURCES
from scripts.data import files, retail
from scripts.data.files import DayFile, Manifest, Row
from scripts.data.retail import TradeLine
from scripts.errors import CommandError

# First match wins. A word list is all the data set allows for: it publishes no categories.
CATEGORIES = (
    ("Christmas", ("CHRISTMAS", "XMAS", "ADVENT")),
    ("Bags", ("BAG", "BACKPACK", "PURSE")),
    ("Kitchen", ("MUG", "CUP", "PLATE", "BOWL", "CAKE", "TEA", "COFFEE", "JAR", "LUNCH", "BAKING", "KITCHEN", "TRAY")),
    ("Light", ("LIGHT", "LAMP", "LANTERN", "CANDLE")),
    ("Paper", ("CARD", "PAPER", "NOTEBOOK", "WRAP", "STICKER", "TISSUE")),
    ("Toys", ("TOY", "GAME", "DOLL", "PUZZLE", "PLAYING", "CHILDREN")),
    ("Garden", ("GARDEN", "PLANT", "FLOWER", "BIRD")),
    ("Home", ("FRAME", "CLOCK", "CUSHION", "SIGN", "HOOK", "DRAWER", "CABINET", "DOORMAT", "BOX", "HEART")),
)
DAILY = ("orders", "order_items", "web_events")


@dataclass
class _Known:
    """What earlier days have told: products, customers, and how many lines each invoice has."""

    products: dict[str, tuple[str, str]] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)


def load(source: Path, folder: Path) -> Manifest:
    """Write the days of `source` as landing files; days that are there stay, new days add only their own files.

    Everything is read before anything is written. A loaded day that `source` now tells differently is refused.
    """
    days = retail.day_files(source)
    known = _Known()
    made: list[DayFile] = []
    for day, path in days:
        made += _day_files(day, list(retail.read_day(path)), known)
    files.make_folder(folder)
    # Products and customers say only what is new, so a day that was added in between may shift theirs: those stay.
    changed = files.differing(folder, [file for file in made if file.source in DAILY])
    if changed:
        raise CommandError(
            f"{folder / changed[0]}: loaded before with another content than {source} gives now;"
            " landing files never change: use an empty folder."
        )
    return files.write_missing(folder, made)


def _day_files(day: dt.date, lines: list[TradeLine], known: _Known) -> list[DayFile]:
    invoices: dict[str, list[TradeLine]] = defaultdict(list)
    for line in lines:
        invoices[line.invoice].append(line)
    rows: dict[str, Iterable[Row]] = {
        "customers": _customers(lines, known),
        "products": _products(lines, known),
        "orders": [_order(trade) for trade in invoices.values()],
        "order_items": [_item(line, known) for line in lines],
        "web_events": [_event(trade[0]) for trade in invoices.values() if status(trade[0].invoice) == "completed"],
    }
    return [
        DayFile(name, day, tuple(files.format_row(SOURCES[name], row) for row in of_source))
        for name, of_source in rows.items()
    ]


def status(invoice: str) -> str:
    """Return the order status that an invoice number stands for."""
    return {"C": "cancelled", "A": "adjustment"}.get(invoice[:1], "completed")


def _order(lines: list[TradeLine]) -> Row:
    first = min(lines, key=lambda line: line.at)
    return {
        "order_id": first.invoice,
        "customer_id": first.customer_id,
        "order_timestamp": first.at,
        "status": status(first.invoice),
        "country": first.country,
        "updated_at": max(line.at for line in lines),
    }


def _item(line: TradeLine, known: _Known) -> Row:
    known.lines[line.invoice] += 1
    return {
        "order_id": line.invoice,
        "line_number": str(known.lines[line.invoice]),
        "product_id": line.stock_code,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
    }


def _event(line: TradeLine) -> Row:
    return {
        "event_id": f"E{line.invoice}",
        "event_type": "purchase",
        "event_timestamp": line.at,
        "session_id": f"S{line.invoice}",
        "customer_id": line.customer_id or None,
        "product_id": None,
        "page": "/checkout",
    }


def _customers(lines: list[TradeLine], known: _Known) -> list[Row]:
    seen: dict[str, TradeLine] = {}
    for line in lines:
        if line.customer_id:
            seen[line.customer_id] = line
    rows: list[Row] = []
    for customer_id, line in seen.items():
        if known.customers.get(customer_id) != line.country:
            known.customers[customer_id] = line.country
            row: dict[str, str | None] = dict.fromkeys(SOURCES["customers"].columns)
            rows.append({**row, "customer_id": customer_id, "country": line.country, "updated_at": line.at})
    return rows


def _products(lines: list[TradeLine], known: _Known) -> list[Row]:
    by_product: dict[str, list[TradeLine]] = defaultdict(list)
    for line in lines:
        by_product[line.stock_code].append(line)
    rows: list[Row] = []
    for code, trade in by_product.items():
        name, price = known.products.get(code, ("", "0.0"))
        # Stock corrections ("damaged", "?") have no price: only sold lines name and price a product.
        sold = [line for line in trade if float(line.unit_price) > 0 and not line.quantity.startswith("-")]
        names = Counter(cleaned for line in sold if (cleaned := clean(line.description)))
        prices = Counter(line.unit_price for line in sold)
        # Retail and trade prices alternate within a day: a price has changed when nobody pays the known one.
        if names and name not in names:
            name = names.most_common(1)[0][0]
        if prices and price not in prices:
            price = prices.most_common(1)[0][0]
        if known.products.get(code) != (name, price):
            known.products[code] = (name, price)
            at = max(line.at for line in trade)
            category = categorize(code, name)
            rows.append({"product_id": code, "name": name, "category": category, "unit_price": price, "updated_at": at})
    return rows


def clean(description: str) -> str:
    """Return a product name without the padding and doubled blanks that the source has."""
    return " ".join(description.split()).strip(" ,.")


def categorize(code: str, name: str) -> str:
    """Return the category of a product: `Service` for postage, fees and the like, else by words in its name."""
    if not code[:1].isdigit():
        return "Service"
    for category, words in CATEGORIES:
        if any(word in name.upper() for word in words):
            return category
    return "Other"
