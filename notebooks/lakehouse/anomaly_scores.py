"""How far each day lies from what its weekday lets expect; plain numbers, no Spark."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lakehouse.thresholds import Thresholds

ANOMALY, NORMAL, TOO_YOUNG = "Anomaly Detected", "Normal", "Insufficient History"

# Makes the median distance of normally distributed values their standard deviation (Iglewicz and Hoaglin).
_MODIFIED_Z = 0.6745
_WEEK = 7

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """What a day is compared with, and from which score on it is an anomaly."""

    score: float
    history_weeks: int
    minimum_weeks: int
    level_days: int
    minimum_spread: float

    @classmethod
    def of(cls, thresholds: Thresholds) -> Rules:
        """Take the rules from the thresholds."""
        return cls(
            score=float(thresholds.value("anomaly_score")),
            history_weeks=int(thresholds.value("anomaly_history")),
            minimum_weeks=int(thresholds.value("anomaly_minimum_history")),
            level_days=int(thresholds.value("anomaly_level")),
            minimum_spread=float(thresholds.value("anomaly_minimum_spread")),
        )

    @property
    def history_days(self) -> int:
        """How many days before a day have a say in its score."""
        return _WEEK * self.history_weeks


@dataclass(frozen=True)
class Day:
    """One calendar day of trade."""

    order_date: dt.date
    order_count: int
    revenue: Decimal


@dataclass(frozen=True)
class Scored:
    """One day with what was expected of it; without enough history before it there is neither that nor a score."""

    day: Day
    expected_order_count: float | None
    expected_revenue: float | None
    orders_z_score: float | None
    revenue_z_score: float | None
    status: str


def score(days: Sequence[Day], closed: Collection[dt.date], rules: Rules) -> list[Scored]:
    """Score consecutive days in order, each against the days before it; a gap in the calendar is an error."""
    for one, other in pairwise(days):
        if other.order_date - one.order_date != dt.timedelta(days=1):
            raise ValueError(f"the day after {one.order_date} is {other.order_date}: a calendar must have every day")
    if not days:
        return []
    is_open = np.array([day.order_date not in closed for day in days], dtype=bool)
    orders = _judge(np.array([day.order_count for day in days], dtype=np.float64), is_open, rules)
    revenue = _judge(np.array([float(day.revenue) for day in days], dtype=np.float64), is_open, rules)
    return [_scored(day, *orders[number], *revenue[number], rules) for number, day in enumerate(days)]


def _scored(
    day: Day, expected_orders: float, orders_z: float, expected_revenue: float, revenue_z: float, rules: Rules
) -> Scored:
    if math.isnan(orders_z) or math.isnan(revenue_z):
        return Scored(day, None, None, None, None, TOO_YOUNG)
    odd = max(abs(orders_z), abs(revenue_z)) > rules.score
    return Scored(day, expected_orders, expected_revenue, orders_z, revenue_z, ANOMALY if odd else NORMAL)


def _judge(values: Values, is_open: Flags, rules: Rules) -> list[tuple[float, float]]:
    """Return expected value and modified z-score of each day, not-a-number where too little lies before it.

    A day is no part of what it is compared with. Logarithms make a halved day as far from the median as a doubled
    one, and let weekdays of different size share one spread.
    """
    # Credit notes may leave a day below zero; it sold nothing.
    amount = np.log1p(np.maximum(values, 0.0))
    ago = 1 + np.arange(rules.history_days).reshape(rules.history_weeks, _WEEK)
    day = np.arange(len(values))[:, None, None] - ago  # by scored day, week back and weekday; the last is its own
    past = np.where((day >= 0) & is_open[np.maximum(day, 0)], amount[np.maximum(day, 0)], np.nan)
    own = past[:, :, -1]
    usual = _median(own)
    deviations = _deviations(past)
    level = np.nan_to_num(_median(np.where(ago <= rules.level_days, deviations, np.nan).reshape(len(values), -1)))
    trades = is_open & (usual > 0.0)
    expected = np.where(trades, np.maximum(usual + level, 0.0), 0.0)
    spread = np.nan_to_num(_median(np.abs(deviations).reshape(len(values), -1)))
    z = _MODIFIED_Z * (amount - expected) / np.maximum(spread, np.log1p(rules.minimum_spread))
    judged = np.sum(~np.isnan(own), axis=1) >= rules.minimum_weeks
    found = np.where(judged, np.stack([np.expm1(expected), z]), np.nan)
    return [(float(one), float(other)) for one, other in found.T]


def _deviations(past: Values) -> Values:
    """Return how far each past day lies from the median of the others of its weekday: as new to them as a scored day.

    A weekday without trade is always as expected, which says nothing about the days that have some.
    """
    by_weekday = past.transpose(0, 2, 1)
    weeks = by_weekday.shape[-1]
    # One copy of the weeks for each week, in which that week itself is left out.
    others = np.where(np.eye(weeks, dtype=bool), np.nan, by_weekday[:, :, None, :])
    usual = _median(others)
    return np.where(usual > 0.0, by_weekday - usual, np.nan).transpose(0, 2, 1)


def _median(values: Values) -> Values:
    """Return the median along the last axis of what is a number, and not-a-number where nothing is."""
    ordered = np.sort(values, axis=-1)  # puts what is not a number last
    count = np.sum(~np.isnan(values), axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    middle: Values = ((low + high) / 2)[..., 0]
    return middle
