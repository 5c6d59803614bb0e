"""Revenue added up straight from files, without Spark: what the pipeline's tables are compared with."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from lakehouse.sources import SOURCES, Source
from scripts.data import retail

Fields = dict[str, str]
Key = tuple[dt.date, str]


@dataclass(frozen=True)
class Totals:
    """Sums of quantity times price by the day of the order and its status, and how many orders each has.

    `taken_back` is the part of `amount` with negative lines only: what credit notes return.
    """

    amount: dict[Key, Decimal]
    orders: dict[Key, int]
    taken_back: dict[Key, Decimal]

    def revenue(self, *statuses: str) -> Decimal:
        """Return the amount over all days of the orders in these statuses, of all orders when none is named."""
        return sum((sum_ for (_, status), sum_ in self.amount.items() if not statuses or status in statuses), Decimal())

    def net(self) -> Decimal:
        """Return completed revenue less credit notes, adjustments included; an order that was undone counts nothing."""
        undone = ("cancelled", "returned")
        credit = sum((sum_ for (_, status), sum_ in self.taken_back.items() if status in undone), Decimal())
        return self.revenue("completed", "adjustment") + credit

    def by_day(self, *statuses: str) -> dict[dt.date, Decimal]:
        """Return the amount of each day that has an order in these statuses (any when none is named)."""
        days: dict[dt.date, Decimal] = defaultdict(Decimal)
        for (day, status), amount in self.amount.items():
            if not statuses or status in statuses:
                days[day] += amount
        return dict(days)


def retail_totals(folder: Path) -> Totals:
    """Add up the published Online Retail days themselves, every line of them."""
    status = {"C": "cancelled", "A": "adjustment"}
    amount: dict[Key, Decimal] = defaultdict(Decimal)
    taken_back: dict[Key, Decimal] = defaultdict(Decimal)
    orders: dict[Key, set[str]] = defaultdict(set)
    for day, path in retail.day_files(folder):
        for line in retail.read_day(path):
            key = (day, status.get(line.invoice[0], "completed"))
            value = Decimal(line.quantity) * Decimal(line.unit_price)
            amount[key] += value
            taken_back[key] += min(value, Decimal())
            orders[key].add(line.invoice)
    return Totals(dict(amount), {key: len(found) for key, found in orders.items()}, dict(taken_back))


def landing_totals(folder: Path) -> Totals:
    """Add up landing files: the last word on each order, each order line once, unreadable lines left out."""
    orders: dict[str, Fields] = {}
    for row in _rows(folder, SOURCES["orders"]):
        known = orders.get(row["order_id"])
        if _moment(row["order_timestamp"]) and (known is None or row["updated_at"] >= known["updated_at"]):
            orders[row["order_id"]] = row
    lines: dict[tuple[str, str], Decimal] = {}
    for row in _rows(folder, SOURCES["order_items"]):
        value = _amount(row)
        if value is not None:
            lines[row["order_id"], row["line_number"]] = value
    amount: dict[Key, Decimal] = defaultdict(Decimal)
    taken_back: dict[Key, Decimal] = defaultdict(Decimal)
    counts: dict[Key, int] = defaultdict(int)
    keys = {
        order_id: (dt.date.fromisoformat(row["order_timestamp"][:10]), row["status"])
        for order_id, row in orders.items()
    }
    for key in keys.values():
        counts[key] += 1
        amount[key] += 0
        taken_back[key] += 0
    for (order_id, _), value in lines.items():
        if order_id in keys:
            amount[keys[order_id]] += value
            taken_back[keys[order_id]] += min(value, Decimal())
    return Totals(dict(amount), dict(counts), dict(taken_back))


def data_lines(folder: Path) -> dict[str, int]:
    """Count the data lines of a folder of landing files: every line that is not a CSV's header."""
    counts = {}
    for name, source in SOURCES.items():
        headers = 1 if source.format == "csv" else 0
        contents = [path.read_bytes() for path in sorted((folder / name).glob(f"[!.]*.{source.extension}"))]
        counts[name] = sum(len(content.splitlines()) - headers for content in contents if content)
    return counts


def _rows(folder: Path, source: Source) -> list[Fields]:
    """Return the rows of a source that have every column and their key, in order of arrival."""
    rows = []
    for path in sorted((folder / source.name).glob(f"[!.]*.{source.extension}")):
        with path.open(newline="", encoding="utf-8") as file:
            for fields in list(csv.reader(file))[1:]:
                row = dict(zip(source.columns, fields, strict=False))
                if len(fields) == len(source.columns) and all(row[column] for column in source.key):
                    rows.append(row)
    return rows


def _moment(text: str) -> bool:
    try:
        dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 -- checked for being one, not used
    except ValueError:
        return False
    return True


def _amount(row: Fields) -> Decimal | None:
    try:
        return Decimal(row["quantity"]) * Decimal(row["unit_price"])
    except InvalidOperation:
        return None
