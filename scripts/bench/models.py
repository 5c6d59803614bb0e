"""How good the models are on real trade, each beside the simplest thing that would do the same."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.models import churn, recommendation, trade
from lakehouse.sources import SOURCES
from local.engine.session import build_session, location
from scripts.bench.measurement import Measurement
from scripts.data import generator, loader

CATALOG = "bench"
_END, _DAYS, _CUSTOMERS = dt.date(2026, 6, 30), 240, 1500

# 1.5 times the hits of popularity: a list that everyone sees would otherwise do, without any model.
_HITS_GOAL = round(1 / 1.5, 4)

_ORDERS = """
create or replace table silver.fact_orders as
select
    order_id,
    max_by(customer_id, updated_at) as customer_id,
    cast(max_by(order_timestamp, updated_at) as timestamp) as order_timestamp,
    max_by(status, updated_at) as status,
    cast(max(updated_at) as timestamp) as updated_at
from {landed}
where try_cast(order_timestamp as timestamp) is not null and try_cast(updated_at as timestamp) is not null
group by order_id
"""
_ITEMS = """
create or replace table silver.fact_order_items as
select distinct
    order_id,
    line_number,
    product_id,
    cast(try_cast(quantity as int) * try_cast(unit_price as decimal(18, 4)) as decimal(18, 4)) as line_amount
from {landed}
where try_cast(quantity as int) is not null and try_cast(unit_price as decimal(18, 4)) is not null
"""
_PRODUCTS = """
create or replace table silver.dim_products as
select product_id, max_by(category, updated_at) as category from {landed}
where product_id is not null
group by product_id
"""


def measure_models() -> list[Measurement]:
    """Measure on the real days in the folder that DATA names, else churn alone on generated trade."""
    data = os.environ.get("DATA")
    with tempfile.TemporaryDirectory(prefix="bench-models-") as folder:
        root = Path(folder)
        if data:
            loader.load(Path(data), root / "landing")
        else:
            generator.generate(root / "landing", seed=1, end=_END, days=_DAYS, customers=_CUSTOMERS)
        spark = build_session(root, [CATALOG])
        try:
            spark.sql(f"CREATE SCHEMA {CATALOG}.silver")
            spark.catalog.setCurrentCatalog(CATALOG)
            lay(spark, root / "landing")
            # Baskets of generated trade are drawn by popularity alone: there is nothing to find beyond it.
            return [churn_ranking(spark), recommendation_hits(spark)] if data else [churn_ranking(spark)]
        finally:
            spark.stop()


def lay(spark: SparkSession, landing: Path) -> None:
    """Make the silver tables that models read from landing files; dbt's own are the same with more columns."""
    for name, statement in (("orders", _ORDERS), ("order_items", _ITEMS), ("products", _PRODUCTS)):
        landed = spark.read.csv(location(landing / name), schema=SOURCES[name].schema, header=True, escape='"')
        spark.sql(statement, landed=landed)


def churn_ranking(spark: SparkSession) -> Measurement:
    """Rank customers by churn and by the better of recency and frequency: what each leaves of a perfect AUC."""
    with trade.orders(spark) as orders:
        earlier, later = churn.windows(spark, orders)
        found = churn.examine(churn.fit(earlier), later)
    best = max(found["auc_recency"], found["auc_frequency"])
    return Measurement(
        name="churn: 1 - AUC, later window",
        figure=1 - found["auc"],
        baseline=1 - best,
        ratio=(1 - found["auc"]) / (1 - best),
        goal=1.0,
        unit="1 - AUC",
        note=f"AUC {found['auc']:.3f}, recency {found['auc_recency']:.3f}, frequency {found['auc_frequency']:.3f},"
        f" PR AUC {found['pr_auc']:.3f}, Brier {found['brier']:.3f} (base rate {found['brier_base_rate']:.3f}),"
        f" calibration error {found['calibration_error']:.3f}, {len(later.labels)} customers",
    )


def recommendation_hits(spark: SparkSession) -> Measurement:
    """Hits among ten suggestions on the last four weeks, beside the ten most popular products."""
    found = recommendation.judge(spark).metrics
    return Measurement(
        name="recommendations: hit@10, later weeks",
        figure=found["hit_at_10"],
        baseline=found["hit_at_10_popularity"],
        ratio=found["hit_at_10_popularity"] / found["hit_at_10"],
        goal=_HITS_GOAL,
        unit="share of orders",
        note=f"{found['questions']:.0f} orders, one hidden product each",
    )
