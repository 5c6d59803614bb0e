"""gold.customer_churn_predictions: how likely each active customer is not to order again within the window."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from lakehouse import thresholds
from lakehouse.models import evaluation, logistic, trade
from lakehouse.models.registry import CHAMPION, Registry, Version
from lakehouse.models.skips import SkipError
from lakehouse.models.tables import CHURN_PREDICTIONS, Measured
from lakehouse.thresholds import Thresholds

Floats = NDArray[np.float64]
Clock = Callable[[], dt.datetime]

MODEL = "churn_model"
JUDGED_BY = "auc"
TABLE = CHURN_PREDICTIONS

# Three weeks: regulars of a shop order about that often, and a mail that is to win somebody back must not come later.
WINDOW = dt.timedelta(days=21)
# Who has not ordered for a quarter is gone already; counting them again as at risk every day would bury the others.
ACTIVE_DAYS = 90
# Two weeks before the first cut-off: with less, every customer has ordered once and looks like any other.
_LEAST_HISTORY = dt.timedelta(days=14)
# Ten rows per weight and class at the very least; below that the weights are noise.
_LEAST_CUSTOMERS = 100


@dataclass(frozen=True)
class Window:
    """Customers as they were at a cut-off, and (1) whether the window after it went by without an order."""

    cutoff: dt.datetime
    customers: Any
    labels: Floats


def score(spark: SparkSession, catalog: str, registry: Registry, clock: Clock) -> str:
    """Predict churn of every active customer with the champion; without one, fit the first. Returns JSON."""
    spark.catalog.setCurrentCatalog(catalog)
    TABLE.create(spark)
    try:
        with trade.orders(spark) as orders:
            end = trade.period(orders).end
            customers = _active(trade.current(spark, orders, end))
            if customers.empty:
                raise SkipError(f"no customer has kept an order in the last {ACTIVE_DAYS} days")
            champion = registry.find(CHAMPION) or _first(spark, orders, registry)
    except SkipError as skip:
        return TABLE.skip(spark, str(skip))
    numbers, day = thresholds.load(), (end - dt.timedelta(days=1)).date()
    rows = [
        (customer, float(probability), risk(probability, numbers), day, champion.number)
        for customer, probability in zip(customers.index, _probabilities(champion.model, customers), strict=True)
    ]
    TABLE.replace(spark, rows, clock())
    return TABLE.written(len(rows), {"model_version": champion.number, "risks": Counter(row[2] for row in rows)})


def risk(probability: float, numbers: Thresholds) -> str:
    """Return the band of a probability; a band begins above its threshold, not at it."""
    if probability > numbers.value("churn_high"):
        return "High"
    return "Medium" if probability > numbers.value("churn_medium") else "Low"


def train(spark: SparkSession, orders: DataFrame, registry: Registry) -> Version:
    """Fit on the older cut-off, measure on the later one, register both.

    It is not fitted again on the later window: next week's comparison with this one would be on rows it has seen.
    """
    earlier, later = windows(spark, orders)
    model = fit(earlier)
    params: dict[str, str | int] = {
        "cutoff": str(earlier.cutoff),
        "test_cutoff": str(later.cutoff),
        "window_days": WINDOW.days,
        "customers": len(earlier.customers),
    }
    return registry.add(model, examine(model, later), params)


def fit(window: Window) -> logistic.Logistic:
    """Fit one window."""
    return logistic.fit(list(window.customers), window.customers.to_numpy(), window.labels)


def windows(spark: SparkSession, orders: DataFrame) -> tuple[Window, Window]:
    """Return the window to learn from and a later one to test on; the first has ended when the second begins."""
    period = trade.period(orders)
    test = period.end - WINDOW
    cutoff = test - WINDOW
    needed = _LEAST_HISTORY + 2 * WINDOW
    if cutoff - period.start < _LEAST_HISTORY:
        raise SkipError(f"{(period.end - period.start).days} days of trade, {needed.days} are needed")
    return _window(spark, orders, cutoff), _window(spark, orders, test)


def judge(spark: SparkSession, orders: DataFrame, versions: dict[str, Version]) -> list[Measured]:
    """Measure versions, by alias, on the later window."""
    _, later = windows(spark, orders)
    return [
        Measured(MODEL, version.number, alias, later.cutoff.date(), examine(version.model, later))
        for alias, version in versions.items()
    ]


def examine(model: Any, window: Window) -> dict[str, float]:
    """Return how well a model does on a window, beside what recency and frequency alone would do."""
    probabilities, labels = _probabilities(model, window.customers), window.labels
    return {
        JUDGED_BY: evaluation.auc(labels, probabilities),
        "auc_recency": evaluation.auc(labels, window.customers["recency_days"].to_numpy()),
        "auc_frequency": evaluation.auc(labels, -window.customers["order_days"].to_numpy()),
        "pr_auc": evaluation.average_precision(labels, probabilities),
        "brier": evaluation.brier(labels, probabilities),
        "brier_base_rate": evaluation.brier(labels, np.full(len(labels), labels.mean())),
        "calibration_error": evaluation.calibration_error(labels, probabilities),
    }


def _first(spark: SparkSession, orders: DataFrame, registry: Registry) -> Version:
    first = train(spark, orders, registry)
    registry.point(CHAMPION, first)
    return first


def _window(spark: SparkSession, orders: DataFrame, cutoff: dt.datetime) -> Window:
    customers = _active(trade.features(spark, orders, cutoff))
    if len(customers) < _LEAST_CUSTOMERS:
        raise SkipError(f"{len(customers)} active customers on {cutoff:%Y-%m-%d}, {_LEAST_CUSTOMERS} are needed")
    back = trade.returning(orders, cutoff, cutoff + WINDOW)
    labels = (~customers.index.isin(back)).astype(np.float64)
    if labels.min() == labels.max():
        fate = "none" if labels.min() else "every one"
        raise SkipError(f"{fate} of {len(labels)} customers came back after {cutoff:%Y-%m-%d}: one class only")
    return Window(cutoff, customers, labels)


def _active(customers: Any) -> Any:
    return customers[customers["recency_days"] <= ACTIVE_DAYS]


def _probabilities(model: Any, customers: Any) -> Floats:
    probabilities: Floats = model.probabilities(customers[list(model.features)].to_numpy())
    return probabilities
