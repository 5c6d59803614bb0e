"""What is bought together: counts of pairs, the best companions of each product, and how often they are right."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Suggestion:
    """One product to show beside another: its place from 1, how sure we are, and where it comes from."""

    product_id: str
    rank: int
    score: float
    source: str


@dataclass(frozen=True)
class Baskets:
    """Orders as rows of (order, product), each once; products as places in `products`, which is sorted."""

    products: tuple[str, ...]
    orders: Integers
    items: Integers

    @classmethod
    def of(cls, order_ids: Sequence[str], product_ids: Sequence[str]) -> Baskets:
        """Make baskets from lines; a product that is twice in an order counts once."""
        lines = sorted(set(zip(order_ids, product_ids, strict=True)))
        _, orders = np.unique(np.array([order for order, _ in lines], dtype=object), return_inverse=True)
        products, items = np.unique(np.array([product for _, product in lines], dtype=object), return_inverse=True)
        return cls(tuple(products.tolist()), orders.astype(np.int64), items.astype(np.int64))

    def sizes(self) -> Integers:
        """Return for each row how many products its order has."""
        return np.asarray(np.bincount(self.orders)[self.orders], dtype=np.int64)

    def popular(self, count: int) -> list[str]:
        """Return the products in most orders, the most popular first, equals by name."""
        orders = np.bincount(self.items, minlength=len(self.products))
        return [self.products[item] for item in np.argsort(-orders, kind="stable")[:count]]


@dataclass(frozen=True)
class Companions:
    """For each product, what is bought with it; below it, what sells best anyway."""

    together: Mapping[str, tuple[tuple[str, float], ...]]
    popular: tuple[str, ...]
    count: int

    def of(self, product_id: str) -> list[Suggestion]:
        """Return `count` suggestions: bought together first, then popular; a product never suggests itself."""
        chosen = [Suggestion(other, 0, score, "bought_together") for other, score in self.together.get(product_id, ())]
        known = {product_id, *(each.product_id for each in chosen)}
        chosen += [Suggestion(other, 0, 0.0, "popular") for other in self.popular if other not in known]
        return [
            Suggestion(each.product_id, rank, each.score, each.source)
            for rank, each in enumerate(chosen[: self.count], start=1)
        ]


def learn(baskets: Baskets, *, count: int, largest_basket: int, least_orders: int) -> Companions:
    """Find the companions of each product, by cosine of their orders.

    Baskets above `largest_basket` say nothing about taste and are left out; a pair needs `least_orders` orders.
    """
    kept = baskets.sizes() <= largest_basket
    orders, items = baskets.orders[kept], baskets.items[kept]
    size = len(baskets.products)
    bought = np.bincount(items, minlength=size)
    codes, together = _pair_counts(orders, items, size)
    often = together >= least_orders
    left, right = np.divmod(codes[often], max(size, 1))
    scores = together[often] / np.sqrt(bought[left] * bought[right])
    found: dict[str, list[tuple[str, float]]] = {}
    # By product, then the best first, equals by the other's name: the same trade gives the same list.
    for index in np.lexsort((right, -scores, left)):
        companions = found.setdefault(baskets.products[left[index]], [])
        if len(companions) < count:
            companions.append((baskets.products[right[index]], float(scores[index])))
    return Companions(
        together={product: tuple(companions) for product, companions in found.items()},
        popular=tuple(baskets.popular(count + 1)),
        count=count,
    )


def hit_rate(companions: Companions, baskets: Baskets) -> tuple[float, int]:
    """Show one product of each basket, ask for another that was in it: how often is it suggested, of how many asked."""
    questions = list(_questions(baskets))
    hits = sum(hidden in {each.product_id for each in companions.of(shown)} for shown, hidden in questions)
    return (hits / len(questions) if questions else 0.0), len(questions)


def _pair_counts(orders: Integers, items: Integers, size: int) -> tuple[Integers, Integers]:
    """Return ordered pairs of different products as left * size + right, and in how many orders they are."""
    pairs = [np.empty(0, dtype=np.int64)]
    for basket in _split(orders, items):
        grid = basket[:, None] * size + basket[None, :]
        pairs.append(grid[~np.eye(len(basket), dtype=bool)])
    codes, counts = np.unique(np.concatenate(pairs), return_counts=True)
    return codes, np.asarray(counts, dtype=np.int64)


def _split(orders: Integers, items: Integers) -> list[Integers]:
    order = np.argsort(orders, kind="stable")
    ends = np.flatnonzero(np.diff(orders[order])) + 1
    return np.split(items[order], ends)


def _questions(baskets: Baskets) -> Iterator[tuple[str, str]]:
    for number, basket in enumerate(_split(baskets.orders, baskets.items)):
        if len(basket) < 2:
            continue
        # Picked by a checksum, not by chance: a rerun asks the same.
        names = sorted(
            (baskets.products[item] for item in basket), key=lambda name: zlib.crc32(f"{number}:{name}".encode())
        )
        yield names[0], names[1]
