"""gold.customer_segments: every customer who has ordered, in one of three to six named segments."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession

from lakehouse.models import rfm, trade
from lakehouse.models.registry import CHAMPION, Registry, Version
from lakehouse.models.skips import SkipError
from lakehouse.models.tables import SEGMENTS, Measured

Clock = Callable[[], dt.datetime]

MODEL = "segmentation_model"
JUDGED_BY = "silhouette"
TABLE = SEGMENTS

# A challenger is fitted on how customers looked a week ago: it and the champion are judged on a week neither has seen.
_HELD_OUT = dt.timedelta(days=7)


def score(spark: SparkSession, catalog: str, registry: Registry, clock: Clock) -> str:
    """Put every customer into the champion's segments; without a champion, fit the first one. Returns JSON."""
    spark.catalog.setCurrentCatalog(catalog)
    TABLE.create(spark)
    try:
        with trade.orders(spark) as orders:
            end = trade.period(orders).end
            customers = _current(spark, orders, end)
            champion = registry.find(CHAMPION) or _first(spark, orders, registry)
    except SkipError as skip:
        return TABLE.skip(spark, str(skip))
    model: Any = champion.model
    day = (end - dt.timedelta(days=1)).date()
    rows = [
        (customer, model.names[rank - 1], rank, float(recency), int(days), float(revenue), day, champion.number)
        for customer, rank, (recency, days, revenue) in zip(
            customers.index, model.ranks_of(customers.to_numpy()), customers.to_numpy(), strict=True
        )
    ]
    TABLE.replace(spark, rows, clock())
    sizes = Counter(row[1] for row in rows)
    return TABLE.written(len(rows), {"model_version": champion.number, "segments": dict(sizes.most_common())})


def train(spark: SparkSession, orders: DataFrame, registry: Registry) -> Version:
    """Fit segments and register them with what they score on the week they have not seen."""
    period = trade.period(orders)
    week_ago = trade.features(spark, orders, period.end - _HELD_OUT)[list(rfm.FEATURES)]
    model = rfm.fit(week_ago.to_numpy())
    metrics = examine(model, _current(spark, orders, period.end).to_numpy())
    return registry.add(model, metrics, {"fitted_until": str(period.end - _HELD_OUT), "segments": len(model.names)})


def judge(spark: SparkSession, orders: DataFrame, versions: dict[str, Version]) -> list[Measured]:
    """Measure versions, by alias, on the newest week."""
    end = trade.period(orders).end
    rows = _current(spark, orders, end).to_numpy()
    return [
        Measured(MODEL, version.number, alias, (end - _HELD_OUT).date(), examine(version.model, rows))
        for alias, version in versions.items()
    ]


def examine(model: Any, rows: rfm.Floats) -> dict[str, float]:
    """Return how well a model's segments are apart on some rows, and how small the smallest is."""
    counts = np.bincount(np.array(model.ranks_of(rows)) - 1, minlength=len(model.names))
    return {JUDGED_BY: model.silhouette(rows), "smallest_share": float(counts.min() / len(rows))}


def _first(spark: SparkSession, orders: DataFrame, registry: Registry) -> Version:
    first = train(spark, orders, registry)
    registry.point(CHAMPION, first)
    return first


def _current(spark: SparkSession, orders: DataFrame, end: dt.datetime) -> Any:
    customers = trade.current(spark, orders, end)[list(rfm.FEATURES)]
    if customers.empty:
        raise SkipError(f"no customer had kept an order before {end:%Y-%m-%d}")
    return customers
