"""The generated world: who buys, what is sold, how trade swells and falls."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass

FIRST_NAMES = ("Ada", "Ben", "Chloé", "David", "Elif", "Femke", "Grace", "Hugo", "Inês", "Jonas", "Kaya", "Liam", "Mia")
LAST_NAMES = ("Adams", "Berg", "Costa", "Dubois", "Evans", "Fischer", "García", "Hansen", "Ito", "Jansen", "O'Neill")
COUNTRIES = {"United Kingdom": 60, "Germany": 14, "France": 11, "Netherlands": 8, "Spain": 7}
PRODUCT_KINDS = {
    "Kitchen": ("Teapot", "Bread bin", "Cake stand", "Spice rack"),
    "Garden": ("Lantern", "Bird feeder", "Plant pot", "Doormat"),
    "Party": ("Bunting", "Paper cups, set of 12", "Candle", "Balloon"),
    "Toys": ("Puzzle", "Doll's house", "Wooden train", "Kite"),
    "Home": ("Clock", "Cushion", "Photo frame", "Basket"),
}
COLOURS = ("red", "blue", "green", "ivory", "black", 'vintage "1950"', "striped")
WEEKDAY_SHAPE = (1.0, 1.0, 1.05, 1.1, 1.2, 0.85, 0.7)
GROWTH_PER_DAY = 0.0006
JOINING_PER_DAY = 0.002
LEAVING_SHARE = 0.3
MEAN_DAYS_UNTIL_LEAVING = 120.0


@dataclass
class Customer:
    """One customer: attributes as published, and how they behave."""

    customer_id: str
    email: str
    first_name: str
    last_name: str
    country: str
    created_at: dt.datetime
    updated_at: dt.datetime
    orders_per_day: float
    leaves: dt.date | None

    def is_active(self, day: dt.date) -> bool:
        """Say whether the customer still buys on a day."""
        return self.leaves is None or day < self.leaves

    def row(self) -> dict[str, str | None]:
        """Return the customer as a source row."""
        return {
            "customer_id": self.customer_id,
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "country": self.country,
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
        }


@dataclass
class Product:
    """One product at its current price; popularity weighs how often it is bought."""

    product_id: str
    name: str
    category: str
    cents: int
    updated_at: dt.datetime
    popularity: float

    def row(self) -> dict[str, str | None]:
        """Return the product as a source row."""
        return {
            "product_id": self.product_id,
            "name": self.name,
            "category": self.category,
            "unit_price": price(self.cents),
            "updated_at": stamp(self.updated_at),
        }


def stamp(moment: dt.datetime) -> str:
    """Format a UTC moment as the sources do."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def price(cents: int) -> str:
    """Format an amount as the sources do."""
    return f"{cents / 100:.2f}"


def moment(day: dt.date, rng: random.Random) -> dt.datetime:
    """Return a moment of a day, most likely in the afternoon."""
    second = int(rng.triangular(6 * 3600, 23 * 3600, 15 * 3600))
    return dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(seconds=second)


def demand(day: dt.date, first: dt.date) -> float:
    """Return how strongly the world buys on a day: season (peak in late November), weekday shape, growth."""
    season = 1 + 0.25 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 330) / 365.25)
    return season * WEEKDAY_SHAPE[day.weekday()] * (1 + GROWTH_PER_DAY * (day - first).days)


def new_customer(number: int, day: dt.date, seed: int, known_for_days: int = 0) -> Customer:
    """Make the n-th customer, who joined up to `known_for_days` ago; seed and number always give the same person."""
    rng = random.Random(f"{seed}:customer:{number}")  # noqa: S311 -- reproducible trade, not secrets
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    joined = moment(day - dt.timedelta(days=rng.randint(0, known_for_days)), rng)
    leaves = None
    if rng.random() < LEAVING_SHARE:
        leaves = day + dt.timedelta(days=1 + int(rng.expovariate(1 / MEAN_DAYS_UNTIL_LEAVING)))
    return Customer(
        customer_id=f"C{number:06d}",
        email=f"customer{number}@example.com",
        first_name=first,
        last_name=last,
        country=rng.choices(list(COUNTRIES), list(COUNTRIES.values()))[0],
        created_at=joined,
        updated_at=joined,
        orders_per_day=rng.lognormvariate(math.log(0.05), 0.9),
        leaves=leaves,
    )


def new_product(number: int, day: dt.date, seed: int) -> Product:
    """Make the n-th product; the same seed and number always give the same one."""
    rng = random.Random(f"{seed}:product:{number}")  # noqa: S311 -- reproducible trade, not secrets
    category = rng.choice(sorted(PRODUCT_KINDS))
    return Product(
        product_id=f"P{number:05d}",
        name=f"{rng.choice(PRODUCT_KINDS[category])} {rng.choice(COLOURS)}",
        category=category,
        cents=max(45, int(rng.lognormvariate(math.log(650), 0.8))),
        updated_at=moment(day, rng),
        popularity=rng.paretovariate(1.2),
    )
