"""Web events: the visits that end in an order, and the many that do not."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence

from scripts.data.world import Customer, Product, moment, stamp

Row = dict[str, str | None]
ANONYMOUS_SHARE = 0.5


def purchase(order: Row, placed: dt.datetime, bought: Sequence[Product], rng: random.Random) -> Iterator[Row]:
    """Yield the events of the visit in which an order was placed."""
    session = f"S{order['order_id']}"
    customer = order["customer_id"] or None
    steps: list[tuple[str, str | None, str]] = [("page_view", None, "/")]
    for product in bought:
        steps.append(("product_view", product.product_id, f"/product/{product.product_id}"))
        steps.append(("add_to_cart", product.product_id, "/cart"))
    steps.append(("purchase", None, "/checkout"))
    # Backwards from the purchase, which happens at the order's own second.
    at = placed - dt.timedelta(seconds=sum(pauses := [rng.randint(5, 90) for _ in steps[1:]]))
    for number, (event, product_id, page) in enumerate(steps):
        at += dt.timedelta(seconds=pauses[number - 1] if number else 0)
        yield _event(session, number, event, at, customer, product_id, page)


def browsing(
    day: dt.date,
    visitors: Sequence[Customer],
    products: Sequence[Product],
    popularity: Sequence[float],
    visits: int,
    rng: random.Random,
) -> Iterator[Row]:
    """Yield the events of visits that end without an order."""
    for visit in range(1, visits + 1):
        known = bool(visitors) and rng.random() >= ANONYMOUS_SHARE
        customer = rng.choice(visitors).customer_id if known else None
        at = moment(day, rng)
        session = f"SB{day:%Y%m%d}-{visit:05d}"
        yield _event(session, 0, "page_view", at, customer, None, "/")
        for number, product in enumerate(rng.choices(products, popularity, k=rng.randint(0, 3)), start=1):
            at += dt.timedelta(seconds=rng.randint(5, 90))
            page = f"/product/{product.product_id}"
            yield _event(session, number, "product_view", at, customer, product.product_id, page)


def _event(
    session: str, number: int, event: str, at: dt.datetime, customer: str | None, product: str | None, page: str
) -> Row:
    return {
        "event_id": f"E{session[1:]}-{number:02d}",
        "event_type": event,
        "event_timestamp": stamp(at),
        "session_id": session,
        "customer_id": customer,
        "product_id": product,
        "page": page,
    }
