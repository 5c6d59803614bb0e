"""Deterministic trade: the same seed gives the same bytes, and a longer run only adds days."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.sources import SOURCES
from scripts.data import anomalies, dirt, files, visits
from scripts.data.files import DayFile, Manifest
from scripts.data.world import (
    JOINING_PER_DAY,
    Customer,
    Product,
    demand,
    moment,
    new_customer,
    new_product,
    price,
    stamp,
)
from scripts.errors import CommandError

TRUTH = "truth.json"
PRODUCTS = 120
KNOWN_FOR_DAYS = 365
DAYS_PER_NEW_PRODUCT = 7
GUEST_SHARE = 0.04
LATE_SHARE = 0.01
CANCELLED_SHARE = 0.05
RETURNED_SHARE = 0.03
CHANGING_CUSTOMERS = 0.001
CHANGING_PRICES = 0.004

Row = dict[str, str | None]


@dataclass
class _World:
    """The state that days build on: customers, products, and rows that are due on a later day."""

    seed: int
    first: dt.date
    customers: list[Customer]
    products: list[Product]
    due: dict[tuple[str, dt.date], list[Row]] = field(default_factory=lambda: defaultdict(list))

    def deliver(self, source: str, day: dt.date, row: Row) -> None:
        """Put a row into the file of a day."""
        self.due[source, day].append(row)


def generate(folder: Path, *, seed: int, end: dt.date, days: int, customers: int) -> Manifest:
    """Write `days` days of trade up to `end`, with `customers` known on the first day, and `truth.json` beside.

    A day depends on the seed, the first day and the days before it only: with the same first day, a later `end`
    adds files and changes none. A folder that holds other data is refused.
    """
    if days < 1 or customers < 1:
        raise CommandError(f"days {days}, customers {customers}: both must be at least 1.")
    first = end - dt.timedelta(days=days - 1)
    files.make_folder(folder)
    world = _World(
        seed,
        first,
        [new_customer(number, first, seed, KNOWN_FOR_DAYS) for number in range(1, customers + 1)],
        [new_product(number, first, seed) for number in range(1, PRODUCTS + 1)],
    )
    written: list[DayFile] = []
    bad_lines: list[dict[str, object]] = []
    for day in (first + dt.timedelta(days=number) for number in range(days)):
        _trade(world, day)
        for source in SOURCES:
            file, bad = _day_file(world, source, day)
            written.append(file)
            bad_lines += bad
    _refuse_other_data(folder, written)
    truth = {
        "seed": seed,
        "first_day": first.isoformat(),
        "last_day": end.isoformat(),
        "anomalies": [item.as_dict() for item in anomalies.planned(seed, first, end)],
        "bad_lines": bad_lines,
        "churned_customers": {
            customer.customer_id: customer.leaves.isoformat()
            for customer in world.customers
            if customer.leaves is not None and customer.leaves <= end
        },
    }
    manifest = files.write_missing(folder, written)
    files.write_atomically(folder / TRUTH, (json.dumps(truth, indent=1, ensure_ascii=False) + "\n").encode())
    return manifest


def _refuse_other_data(folder: Path, made: list[DayFile]) -> None:
    names = {file.name for file in made if file.lines}
    strange = sorted(
        str(path.relative_to(folder))
        for source in SOURCES
        for path in (folder / source).glob("[!.]*")
        if str(path.relative_to(folder)) not in names
    )
    strange += files.differing(folder, made)
    if strange:
        raise CommandError(
            f"{folder} holds other data ({strange[0]} and {len(strange) - 1} more); landing files never change:"
            " use an empty folder, or the seed and first day it was made with."
        )


def _trade(world: _World, day: dt.date) -> None:
    """Let one day happen."""
    rng = random.Random(f"{world.seed}:day:{day.isoformat()}")  # noqa: S311 -- reproducible trade, not secrets
    anomaly = anomalies.on(world.seed, world.first, day)
    _change_customers(world, day, rng)
    _change_products(world, day, rng)
    strength = demand(day, world.first) * (anomaly.demand if anomaly else 1.0)
    buyers: list[Customer | None] = []
    for customer in world.customers:
        orders, rate = 0, customer.orders_per_day * strength
        while customer.is_active(day) and orders < 5 and rng.random() < min(rate, 0.9):
            buyers.append(customer)
            orders += 1
            rate /= 3
    buyers += [None] * round(len(buyers) * GUEST_SHARE)
    rng.shuffle(buyers)
    popularity = [product.popularity for product in world.products]
    for number, buyer in enumerate(buyers, start=1):
        _order(world, day, number, buyer, popularity, rng, anomaly)
    visitors = [customer for customer in world.customers if customer.is_active(day)]
    for row in visits.browsing(day, visitors, world.products, popularity, round(1.5 * len(buyers)), rng):
        world.deliver("web_events", _arrival(day, rng), row)


def _change_customers(world: _World, day: dt.date, rng: random.Random) -> None:
    if day == world.first:
        changed = list(world.customers)
    else:
        changed = [customer for customer in world.customers if rng.random() < CHANGING_CUSTOMERS]
        for customer in changed:
            customer.country = rng.choice(("United Kingdom", "Germany", "France", "Ireland"))
            customer.updated_at = moment(day, rng)
        expected = len(world.customers) * JOINING_PER_DAY
        joining = int(expected) + (rng.random() < expected % 1)
        number = len(world.customers)
        new = [new_customer(number + offset, day, world.seed) for offset in range(1, joining + 1)]
        world.customers += new
        changed += new
    for customer in changed:
        world.deliver("customers", day, customer.row())


def _change_products(world: _World, day: dt.date, rng: random.Random) -> None:
    if day == world.first:
        changed = list(world.products)
    else:
        changed = [product for product in world.products if rng.random() < CHANGING_PRICES]
        for product in changed:
            product.cents = max(45, int(product.cents * rng.uniform(0.85, 1.25)))
            product.updated_at = moment(day, rng)
        if (day - world.first).days % DAYS_PER_NEW_PRODUCT == 0:
            world.products.append(new_product(len(world.products) + 1, day, world.seed))
            changed.append(world.products[-1])
    for product in changed:
        world.deliver("products", day, product.row())


def _order(
    world: _World,
    day: dt.date,
    number: int,
    buyer: Customer | None,
    popularity: list[float],
    rng: random.Random,
    anomaly: anomalies.Anomaly | None,
) -> None:
    """Place one order: its row, its lines, the visit that led to it, and what becomes of it later."""
    placed = moment(day, rng)
    arrival = _arrival(day, rng)
    order: Row = {
        "order_id": f"O{day:%Y%m%d}-{number:05d}",
        "customer_id": buyer.customer_id if buyer else "",
        "order_timestamp": stamp(placed),
        "status": "completed",
        "country": buyer.country if buyer else "United Kingdom",
        "updated_at": stamp(placed),
    }
    world.deliver("orders", arrival, order)
    basket = rng.choices(world.products, popularity, k=min(8, 1 + int(rng.expovariate(0.6))))
    bought = list({product.product_id: product for product in basket}.values())
    for line, product in enumerate(bought, start=1):
        item: Row = {
            "order_id": order["order_id"],
            "line_number": str(line),
            "product_id": product.product_id,
            "quantity": str(rng.choices((1, 2, 3, 6, 12), (60, 20, 10, 7, 3))[0]),
            "unit_price": price(product.cents),
        }
        world.deliver("order_items", arrival, item)
    for event in visits.purchase(order, placed, bought, rng):
        world.deliver("web_events", arrival, event)
    cancelled = anomaly.cancelled if anomaly else CANCELLED_SHARE
    fate = rng.random()
    if fate < cancelled + RETURNED_SHARE:
        wait = rng.randint(1, 3) if fate < cancelled else rng.randint(4, 14)
        later = placed + dt.timedelta(days=wait, minutes=rng.randrange(60))
        status = "cancelled" if fate < cancelled else "returned"
        # Never before the order itself: an update that overtakes its order would be a different kind of trouble.
        update_day = max(later.date(), arrival)
        world.deliver("orders", update_day, {**order, "status": status, "updated_at": stamp(later)})


def _arrival(day: dt.date, rng: random.Random) -> dt.date:
    """Return the day in whose file a row arrives: nearly always its own."""
    return day + dt.timedelta(days=rng.randint(1, 3)) if rng.random() < LATE_SHARE else day


def _day_file(world: _World, source: str, day: dt.date) -> tuple[DayFile, list[dict[str, object]]]:
    """Make one landing file and say which of its lines are bad."""
    rng = random.Random(f"{world.seed}:dirt:{source}:{day.isoformat()}")  # noqa: S311 -- reproducible trade, not secrets
    lines = dirt.soil(SOURCES[source], world.due.pop((source, day), []), rng)
    file = DayFile(source, day, tuple(line if isinstance(line, str) else line.text for line in lines))
    offset = 1 + len(files.header_lines(SOURCES[source]))
    bad: list[dict[str, object]] = [
        {"file": file.name, "line": offset + index, "reason": line.reason, "layer": line.layer}
        for index, line in enumerate(lines)
        if isinstance(line, dirt.BadLine)
    ]
    return file, bad
