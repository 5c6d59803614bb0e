"""What customers did before a moment: one row per order, features per customer, and the guard against knowing more."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse.models.skips import SkipError

# Credit notes and adjustments have no positive amount: they are bookkeeping about earlier orders, not visits.
_ORDERS = """
select
    orders.customer_id,
    orders.order_id,
    orders.order_timestamp,
    orders.status,
    coalesce(orders.updated_at, orders.order_timestamp) as updated_at,
    sum(items.line_amount) as amount,
    count(distinct items.product_id) as products
from silver.fact_orders as orders
inner join silver.fact_order_items as items
    on orders.order_id = items.order_id
where orders.customer_id is not null and orders.status <> 'adjustment'
group by all
having sum(items.line_amount) > 0
"""

# What a customer looks like at the cut-off. A status that was set later was not known then: the order still stood.
FEATURES = """
with

known as (

    select
        customer_id,
        order_timestamp,
        amount,
        products,
        (unix_timestamp(:cutoff) - unix_timestamp(order_timestamp)) / 86400 as days_ago
    from {orders}
    where order_timestamp < :cutoff and (status = 'completed' or updated_at >= :cutoff)

),

summed as (

    select
        customer_id,
        min(days_ago) as recency_days,
        max(days_ago) as tenure_days,
        count(distinct cast(order_timestamp as date)) as order_days,
        cast(sum(amount) as double) as revenue, -- summed as decimals: doubles would depend on the order of rows
        avg(products) as products_per_order,
        count_if(days_ago <= 30) as orders_last_30_days,
        count_if(days_ago <= 90) as orders_last_90_days
    from known
    group by customer_id

)

-- Overdue: how many of the customer's usual pauses have passed since the last order.
select
    *,
    recency_days
    / greatest(case when order_days > 1 then (tenure_days - recency_days) / (order_days - 1) else tenure_days end, 1)
        as pauses_overdue
from summed
"""

_LAYERED = re.compile(r"\b(?:bronze|silver|gold)\.\w+", re.IGNORECASE)


class LeakageError(Exception):
    """Features that know what happened at or after their cut-off."""


@dataclass(frozen=True)
class Period:
    """The trade there is: from the first order's day to the midnight after the last one."""

    start: dt.datetime
    end: dt.datetime


@contextmanager
def orders(spark: SparkSession) -> Iterator[DataFrame]:
    """Yield one row per order of a known customer: when, how much, and its status with the time it was set.

    They are kept in memory until the block ends: every cut-off asks them several times.
    """
    found = spark.sql(_ORDERS).persist()
    try:
        yield found
    finally:
        found.unpersist()


def period(orders: DataFrame) -> Period:
    """Return the days that the orders span; SkipError when there is none."""
    first, last = orders.agg(F.min("order_timestamp").cast("date"), F.max("order_timestamp").cast("date")).collect()[0]
    if first is None:
        raise SkipError("no order of a known customer")
    midnight = dt.time(tzinfo=dt.UTC)
    return Period(dt.datetime.combine(first, midnight), dt.datetime.combine(last + dt.timedelta(days=1), midnight))


def features(spark: SparkSession, orders: DataFrame, cutoff: dt.datetime, query: str = FEATURES) -> Any:
    """Return one row of numbers per customer who had ordered before the cut-off, by customer id.

    LeakageError when a number, or a row, would have been another one at that moment.
    """
    if elsewhere := sorted(set(_LAYERED.findall(query))):
        raise LeakageError(f"reads {', '.join(elsewhere)}: such a table says what is true now, not at the cut-off")
    found = _asked(spark, query, orders, cutoff)
    blind = _asked(spark, query, known_at(orders, cutoff), cutoff)
    if not found.index.equals(blind.index):
        raise LeakageError(f"{len(found.index.symmetric_difference(blind.index))} customers are known by later orders")
    later = [name for name in found if not np.allclose(found[name], blind[name], rtol=1e-9, equal_nan=True)]
    if later:
        raise LeakageError(f"{', '.join(later)}: other values without what happened at or after {cutoff:%Y-%m-%d}")
    return found


def current(spark: SparkSession, orders: DataFrame, end: dt.datetime) -> Any:
    """Return the same as `features` at the end of all trade, where there is nothing later to know."""
    return _asked(spark, FEATURES, orders, end)


def known_at(orders: DataFrame, moment: dt.datetime) -> DataFrame:
    """Return the orders as they were known at a moment: no later ones, no status that was set later."""
    later = F.col("updated_at") >= F.lit(moment)
    return orders.where(F.col("order_timestamp") < F.lit(moment)).withColumns(
        {
            "status": F.when(later, F.lit("completed")).otherwise(F.col("status")),
            "updated_at": F.when(later, F.col("order_timestamp")).otherwise(F.col("updated_at")),
        }
    )


def returning(orders: DataFrame, start: dt.datetime, end: dt.datetime) -> set[str]:
    """Return the customers who ordered in a window, kept or not: whoever orders has come back."""
    inside = (F.col("order_timestamp") >= F.lit(start)) & (F.col("order_timestamp") < F.lit(end))
    return {row["customer_id"] for row in orders.where(inside).select("customer_id").distinct().collect()}


def _asked(spark: SparkSession, query: str, orders: DataFrame, cutoff: dt.datetime) -> pd.DataFrame:
    rows = spark.sql(query, args={"cutoff": cutoff}, orders=orders).toPandas()
    return rows.set_index("customer_id").sort_index().astype("float64")
