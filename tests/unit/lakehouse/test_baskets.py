"""Companions against baskets small enough to count by hand."""

from __future__ import annotations

import pytest

from lakehouse.models.baskets import Baskets, Companions, Suggestion, hit_rate, learn


def baskets(*contents: str) -> Baskets:
    """Make one order per text, one product per letter."""
    lines = [(f"O{number}", product) for number, content in enumerate(contents) for product in content]
    return Baskets.of([order for order, _ in lines], [product for _, product in lines])


def found(companions: Companions, product: str) -> list[tuple[str, str]]:
    return [(each.product_id, each.source) for each in companions.of(product)]


def test_a_product_twice_in_an_order_counts_once() -> None:
    twice = Baskets.of(["O1", "O1", "O1"], ["tea", "tea", "cup"])
    assert twice.products == ("cup", "tea")
    assert twice.sizes().tolist() == [2, 2]


def test_what_is_bought_together_comes_first_then_what_sells() -> None:
    trade = baskets("ab", "ab", "ab", "ac", "ac", "d", "d", "d", "d", "d", "d", "e")
    learned = learn(trade, count=3, largest_basket=10, least_orders=2)
    assert learned.of("a") == [
        Suggestion("b", 1, pytest.approx(3 / (5 * 3) ** 0.5), "bought_together"),
        Suggestion("c", 2, pytest.approx(2 / (5 * 2) ** 0.5), "bought_together"),
        Suggestion("d", 3, 0.0, "popular"),
    ]
    assert found(learned, "e") == [("d", "popular"), ("a", "popular"), ("b", "popular")]
    assert found(learned, "never sold") == found(learned, "e")
    assert "d" not in [name for name, _ in found(learned, "d")]


def test_a_pair_needs_its_orders() -> None:
    trade = baskets("ab", "ab", "cd")
    assert found(learn(trade, count=1, largest_basket=10, least_orders=2), "a") == [("b", "bought_together")]
    assert found(learn(trade, count=1, largest_basket=10, least_orders=3), "b") == [("a", "popular")]


def test_huge_baskets_pair_nothing_but_still_sell() -> None:
    trade = baskets("abcdef", "abcdef", "ab")
    learned = learn(trade, count=2, largest_basket=5, least_orders=1)
    assert learned.together == {"a": (("b", 1.0),), "b": (("a", 1.0),)}
    assert found(learned, "c") == [("a", "popular"), ("b", "popular")]


def test_equal_scores_are_ordered_by_name() -> None:
    trade = baskets("xza", "xza", "xza")
    assert [name for name, _ in found(learn(trade, count=2, largest_basket=9, least_orders=1), "x")] == ["a", "z"]


def test_hit_rate_asks_each_basket_once_and_the_same_every_time() -> None:
    trade = baskets("ab", "cd", "ab", "e")
    right = Companions({"a": (("b", 1.0),), "b": (("a", 1.0),), "c": (("d", 1.0),)}, (), 1)
    rate, questions = hit_rate(right, trade)
    assert questions == 3
    assert rate in (pytest.approx(1.0), pytest.approx(2 / 3))  # whether c or d is shown is fixed by the checksum
    assert hit_rate(right, trade) == (rate, questions)
    assert hit_rate(Companions({}, (), 1), trade) == (0.0, 3)
    assert hit_rate(right, baskets("a", "b")) == (0.0, 0)


def test_companions_beat_popularity_where_taste_exists() -> None:
    trade = baskets(*["ab"] * 5, *["cd"] * 5, *["ef"] * 5, *["xy"] * 6)
    learned = learn(trade, count=1, largest_basket=9, least_orders=2)
    rate, _ = hit_rate(learned, trade)
    popular, _ = hit_rate(Companions({}, learned.popular, 1), trade)
    assert rate == 1.0
    assert popular < 0.5
