"""Online Retail days as published: one CSV per trading day, read strictly."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import CommandError

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


@dataclass(frozen=True)
class TradeLine:
    """One published line; every value is the text of the file."""

    invoice: str
    stock_code: str
    description: str
    quantity: str
    at: str
    unit_price: str
    customer_id: str
    country: str


def day_files(folder: Path) -> list[tuple[dt.date, Path]]:
    """Return the days of a folder in order, or say in one line what is wrong with it."""
    if not folder.exists():
        raise CommandError(f"{folder} does not exist: expected a folder of Online Retail days.")
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder: expected a folder of Online Retail days.")
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".csv" and not path.name.startswith("."))
    except OSError as error:
        raise CommandError(f"{folder} cannot be read: {error.strerror}.") from error
    if not paths:
        raise CommandError(f"{folder} holds no CSV file: expected one YYYY-MM-DD.csv per trading day.")
    return [(_day(path), path) for path in paths]


def _day(path: Path) -> dt.date:
    try:
        return dt.date.fromisoformat(path.stem)
    except ValueError as error:
        raise CommandError(f"{path}: found the name {path.name!r}, expected YYYY-MM-DD.csv.") from error


def read_day(path: Path) -> Iterator[TradeLine]:
    """Yield the lines of one day; a wrong header or a line of other width is an error that names it."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if tuple(header) != COLUMNS:
                found = ",".join(header) or "no header"
                raise CommandError(f"{path}: found the header {found!r}, expected {','.join(COLUMNS)!r}.")
            for fields in reader:
                if len(fields) != len(COLUMNS):
                    raise CommandError(
                        f"{path}, line {reader.line_num}: found {len(fields)} fields, expected {len(COLUMNS)}."
                    )
                invoice, stock_code, description, quantity, at, unit_price, customer, country = fields
                # The publisher's tables turned customer numbers into floats.
                customer = customer.removesuffix(".0")
                yield TradeLine(invoice, stock_code, description, quantity, at, unit_price, customer, country)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} is not a CSV file in UTF-8: {error}.") from error
