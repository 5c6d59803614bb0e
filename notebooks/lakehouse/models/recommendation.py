"""gold.product_recommendations: ten products to show beside each product."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from lakehouse.models.baskets import Baskets, Companions, hit_rate, learn
from lakehouse.models.skips import SkipError
from lakehouse.models.tables import RECOMMENDATIONS, Measured, keep_performance, skip_performance

Clock = Callable[[], dt.datetime]

MODEL = "product_recommendations"
TABLE = RECOMMENDATIONS

_COUNT = 10
# A pair seen in fewer orders may be one customer's shopping list.
_LEAST_ORDERS = 5
# Resellers order hundreds of products at once: such an order pairs everything with everything and says nothing.
_LARGEST_BASKET = 50
# Last year's season comes back, older ones are other catalogues; it also keeps the work from growing with history.
_LOOK_BACK = dt.timedelta(days=365)
_HELD_OUT = dt.timedelta(days=28)
# Below a hundred, one hit more or less moves the rate by a percent.
_LEAST_QUESTIONS = 100

# Nobody recommends postage.
_LINES = """
select items.order_id, items.product_id, orders.order_timestamp
from silver.fact_order_items as items
inner join silver.fact_orders as orders on items.order_id = orders.order_id
left join silver.dim_products as products on items.product_id = products.product_id
where orders.status = 'completed' and items.line_amount > 0 and coalesce(products.category, '') <> 'Service'
"""
_PRODUCTS = "select product_id from silver.dim_products where coalesce(category, '') <> 'Service' order by product_id"


def recommend(spark: SparkSession, catalog: str, clock: Clock) -> str:
    """Suggest products beside every product of the catalogue. Returns JSON."""
    spark.catalog.setCurrentCatalog(catalog)
    TABLE.create(spark)
    try:
        lines, end = _lines(spark)
    except SkipError as skip:
        return TABLE.skip(spark, str(skip))
    companions = _learn(lines, end)
    day = (end - dt.timedelta(days=1)).date()
    rows = [
        (row["product_id"], each.product_id, each.rank, each.score, each.source, day)
        for row in spark.sql(_PRODUCTS).collect()
        for each in companions.of(row["product_id"])
    ]
    if not rows:
        return TABLE.skip(spark, "no product besides the one that is sold")
    TABLE.replace(spark, rows, clock())
    return TABLE.written(len(rows), {"sources": Counter(row[4] for row in rows)})


def evaluate(spark: SparkSession, catalog: str, clock: Clock) -> str:
    """Learn without the last four weeks and measure on them, beside what popularity alone would do. Returns JSON."""
    spark.catalog.setCurrentCatalog(catalog)
    try:
        measured = judge(spark)
    except SkipError as skip:
        skip_performance(spark, f"{MODEL}: {skip}")
        return json.dumps({"model": MODEL, "status": "skipped", "reason": str(skip)})
    keep_performance(spark, [measured], clock())
    return json.dumps({"model": MODEL, "status": "measured", **measured.metrics})


def judge(spark: SparkSession) -> Measured:
    """Measure on the newest four weeks what the weeks before them teach; SkipError when there are too few orders."""
    lines, end = _lines(spark)
    split = end - _HELD_OUT
    later = pc.greater_equal(lines["order_timestamp"], _scalar(split, lines))
    earlier = lines.filter(pc.invert(later))
    if not earlier.num_rows:
        raise SkipError(f"no order before {split:%Y-%m-%d}")
    companions, asked = _learn(earlier, split), _baskets(lines.filter(later))
    rate, questions = hit_rate(companions, asked)
    if questions < _LEAST_QUESTIONS:
        raise SkipError(f"{questions} orders of several products since {split:%Y-%m-%d}, {_LEAST_QUESTIONS} are needed")
    popular, _ = hit_rate(Companions({}, companions.popular, _COUNT), asked)
    metrics = {"hit_at_10": rate, "hit_at_10_popularity": popular, "questions": float(questions)}
    # Nothing is registered here: what it has learned from is its version.
    return Measured(MODEL, f"{split:%Y-%m-%d}", "current", split.date(), metrics)


def _lines(spark: SparkSession) -> tuple[Any, dt.datetime]:
    lines = spark.sql(_LINES).toArrow()
    if not lines.num_rows:
        raise SkipError("no completed order has a line")
    last = pc.max(lines["order_timestamp"]).as_py()
    return lines, dt.datetime.combine(last.date() + dt.timedelta(days=1), dt.time(), dt.UTC)


def _learn(lines: Any, end: dt.datetime) -> Companions:
    recent = lines.filter(pc.greater_equal(lines["order_timestamp"], _scalar(end - _LOOK_BACK, lines)))
    return learn(_baskets(recent), count=_COUNT, largest_basket=_LARGEST_BASKET, least_orders=_LEAST_ORDERS)


def _baskets(lines: Any) -> Baskets:
    return Baskets.of(lines["order_id"].to_pylist(), lines["product_id"].to_pylist())


def _scalar(moment: dt.datetime, lines: Any) -> Any:
    return pa.scalar(moment, type=lines.schema.field("order_timestamp").type)
