"""How cost grows with size: the exponent that fits best, 1 for twice the cost of twice as much."""

from __future__ import annotations

import math
from collections.abc import Mapping

from scripts.bench.measurement import Measurement

GOAL = 1.1


def fit(costs: Mapping[int, float]) -> float:
    """Return the slope of costs by size on two logarithmic scales, by least squares."""
    if len(costs) < 2 or min(*costs, *costs.values()) <= 0:
        raise ValueError(f"an exponent needs two sizes with a cost, not {dict(costs)}")
    sizes, paid = [math.log(size) for size in costs], [math.log(cost) for cost in costs.values()]
    middle, level = sum(sizes) / len(sizes), sum(paid) / len(paid)
    along = sum((size - middle) * (cost - level) for size, cost in zip(sizes, paid, strict=True))
    return along / sum((size - middle) ** 2 for size in sizes)


def growth(name: str, costs: Mapping[int, float], unit: str) -> Measurement:
    """Return the fitted exponent as a figure; a fixed start hides growth among the small, so the last step is said."""
    ordered = dict(sorted(costs.items()))
    last = dict(list(ordered.items())[-2:])
    said = ", ".join(f"{size:,}: {cost:.3g}" for size, cost in ordered.items())
    figure = round(fit(ordered), 2)
    note = f"floor: linear; {unit} by size: {said}; the last step alone {fit(last):.2f}"
    return Measurement(f"growth of {name}", figure, 1.0, figure, GOAL, "exponent", note)
