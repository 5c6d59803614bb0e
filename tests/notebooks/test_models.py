"""The models on tables: weeks of a shop from its first day on, leaks that are refused, and real trade."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from pyspark.sql import functions as F  # noqa: N812

from lakehouse import checks, quality, thresholds
from lakehouse.measure import Moment, Score, measure
from lakehouse.models import churn, retraining, segmentation, trade
from lakehouse.models.registry import CHALLENGER, CHAMPION, Registry
from lakehouse.models.skips import SkipError
from lakehouse.models.trade import FEATURES, LeakageError
from scripts.bench import models as bench
from scripts.data import generator, loader
from tests import retail
from tests.notebooks.shop import CATALOG, NOW, Shop

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
END = dt.date(2026, 6, 30)
DAYS = 70
CUTOFF = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)


@pytest.fixture
def registries(model_store: None) -> dict[str, Registry]:
    return {model: retraining.registry(model, CATALOG, str(ROOT)) for model in retraining.MODELS}


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    generator.generate(folder, seed=5, end=END, days=DAYS, customers=500)
    return folder


def _trade(shop: Shop, landing: Path, folder: Path, days: int) -> None:
    """Let the shop be `days` old."""
    last = END - dt.timedelta(days=DAYS - days)
    for source in ("orders", "order_items", "products"):
        target = folder / str(days) / source
        target.mkdir(parents=True)
        for file in (landing / source).glob("*.csv"):
            if file.stem <= last.isoformat():
                (target / file.name).symlink_to(file)
    bench.lay(shop.spark, folder / str(days))


def _daily(shop: Shop, registries: dict[str, Registry]) -> dict[str, Any]:
    """What gold_aggregation does with models."""
    return {
        module.TABLE.name: json.loads(module.score(shop.spark, CATALOG, registries[module.MODEL], lambda: NOW))
        for module in (segmentation, churn)
    }


def _score(shop: Shop, table: str) -> Score:
    """What the gate finds of a gold table."""
    rules = next(each for each in checks.load() if each.table == table)
    return measure(shop.spark, rules, Moment(NOW, None, thresholds.load()))


def _failed(score: Score) -> set[str]:
    return {outcome.check.name for outcome in score.failed}


def _notebook(shop: Shop, name: str, **parameters: str) -> Any:
    """Run a notebook as it stands, and return what it exits with."""
    said: list[str] = []
    widgets = {"catalog": CATALOG, "code_root": str(ROOT), **parameters}
    dbutils = SimpleNamespace(
        widgets=SimpleNamespace(get=widgets.__getitem__), notebook=SimpleNamespace(exit=said.append)
    )
    source = (ROOT / "notebooks" / "ml" / f"{name}.py").read_text(encoding="utf-8")
    exec(
        compile(source, name, "exec"), {"spark": shop.spark, "dbutils": dbutils, "display": lambda frame: frame.count()}
    )
    [text] = said
    return json.loads(text)


def _weekly(shop: Shop) -> dict[str, Any]:
    """What model_retraining does."""
    trained = {model: _notebook(shop, "train_model", model=model) for model in retraining.MODELS}
    return {
        "trained": trained,
        "evaluated": _notebook(shop, "evaluate_models"),
        "promoted": _notebook(shop, "promote_models"),
    }


def _rows(shop: Shop, table: str) -> list[Any]:
    return sorted(shop.spark.table(f"gold.{table}").collect())


def test_weeks_of_a_shop(shop: Shop, registries: dict[str, Registry], landing: Path, tmp_path: Path) -> None:
    # Its first days: too little to learn from is said, not silent, and does not stop the pipeline.
    _trade(shop, landing, tmp_path, 6)
    reason = "6 days of trade, 56 are needed"
    assert _daily(shop, registries)["customer_churn_predictions"] == {
        "table": "gold.customer_churn_predictions",
        "status": "skipped",
        "reason": reason,
        "stale_rows": 0,
    }
    with pytest.raises(quality.QualityGateError) as caught:  # dbt's tables are not here
        quality.gate(shop.spark, CATALOG, "gold", lambda: NOW)
    assert "customer_metrics" in str(caught.value)
    assert "churn" not in str(caught.value)
    assert shop.count("gold.data_quality_metrics", "table_name = 'customer_churn_predictions'") == 0
    told = shop.spark.table("gold.data_quality_checks").where("not passed").select("table_name", "detail").distinct()
    details = {row.table_name: row.detail for row in told.collect()}
    assert details["customer_churn_predictions"] == f"skipped: {reason}"
    assert details["product_recommendations"] == "not due before 2026-07-10 07:00: its job has not run yet"
    for table in ("customer_churn_predictions", "product_recommendations"):
        assert shop.count("gold.data_quality_checks", f"table_name = '{table}' and severity <> 'excused'") == 0, table
    week = _weekly(shop)
    assert week["trained"]["churn_model"]["reason"] == reason
    assert week["evaluated"]["churn_model"]["status"] == "skipped"
    assert week["promoted"]["churn_model"] == "no challenger"

    # Nine weeks later there are first champions, and what they say is measured like every table.
    _trade(shop, landing, tmp_path, 63)
    daily = _daily(shop, registries)
    for table in ("customer_segments", "customer_churn_predictions"):
        score = _score(shop, table)
        assert daily[table]["rows"] == score.row_count > 300
        assert _failed(score) == {"customer_known"}  # no dim_customers here
    kept = shop.spark.table("silver.fact_orders").where("status = 'completed' and customer_id is not null")
    assert daily["customer_segments"]["rows"] == kept.select("customer_id").distinct().count()
    assert sum(daily["customer_churn_predictions"]["risks"].values()) == daily["customer_churn_predictions"]["rows"]
    values = shop.spark.table("gold.customer_segments").groupBy("segment_rank").agg(F.avg("revenue").alias("revenue"))
    best, *_, worst = values.orderBy("segment_rank").collect()
    assert best.revenue > 3 * worst.revenue

    # Twice is once.
    before = {table: _rows(shop, table) for table in ("customer_segments", "customer_churn_predictions")}
    _daily(shop, registries)
    assert {table: _rows(shop, table) for table in before} == before
    churned = registries["churn_model"]
    assert len(mlflow.MlflowClient().search_model_versions(f"name='{churned.name}'")) == 1

    # A week on, challengers meet their champions on the same rows; who is no worse wins.
    _trade(shop, landing, tmp_path, 70)
    week = _weekly(shop)
    for model, module in retraining.MODELS.items():
        measured, metric = week["evaluated"][model], module.JUDGED_BY
        champion = registries[model].find(CHAMPION)
        assert champion is not None
        won = champion.number == week["trained"][model]["version"]
        assert won == (measured[CHALLENGER][metric] >= measured[CHAMPION][metric]), week
    rows = _rows(shop, "model_performance")
    assert {row.alias for row in rows} == {CHAMPION, CHALLENGER}
    assert _failed(_score(shop, "model_performance")) == set()
    again = _notebook(shop, "train_model", model="churn_model")
    assert again["version"] == week["trained"]["churn_model"]["version"]  # the same trade is no news

    # One that ranks the wrong way round is measured, and stays a challenger.
    champion = churned.find(CHAMPION)
    assert champion is not None
    document = champion.model.as_document()
    wrong = type(champion.model).from_document({**document, "weights": [-weight for weight in document["weights"]]})
    only = {"churn_model": churned}
    churned.point(CHALLENGER, churned.add(wrong, {}, {}))
    with pytest.raises(retraining.RetrainingError, match=r"churn_model version \d has no auc: run evaluate first"):
        retraining.promote(shop.spark, CATALOG, only)
    retraining.evaluate(shop.spark, CATALOG, only, lambda: NOW)
    assert "not promoted: auc 0." in retraining.promote(shop.spark, CATALOG, only)
    assert churned.find(CHAMPION) == champion

    # Trade that cannot be learned from: what was there stays, marked stale, and the gate tells.
    shop.spark.sql("delete from silver.fact_orders")
    assert _daily(shop, registries)["customer_segments"]["reason"] == "no order of a known customer"
    for table, rows in before.items():
        assert _rows(shop, table) == [row.__class__(**{**row.asDict(), "is_stale": True}) for row in rows]
        score = _score(shop, table)
        assert "current" in _failed(score)
        assert score.score is not None
        assert score.score > 70


LEAKS = {
    "orders_to_come": (
        "select *, (select count(*) from {orders} as later where later.customer_id = known.customer_id"
        " and later.order_timestamp >= :cutoff) as orders_to_come from (FEATURES) as known",
        r"orders_to_come: other values without what happened at or after 2026-06-10",
    ),
    "kept_orders": (
        "select customer_id, count_if(status = 'completed') as kept_orders from {orders}"
        " where order_timestamp < :cutoff group by customer_id",
        r"^kept_orders: other values",
    ),
    "customers": (
        "select customer_id, count(*) as orders from {orders} where order_timestamp < :cutoff + interval 3 days"
        " group by customer_id",
        r"\d+ customers are known by later orders",
    ),
    "tables": (
        "select known.*, total_orders from (FEATURES) as known join gold.customer_metrics using (customer_id)",
        r"reads gold.customer_metrics: such a table says what is true now",
    ),
}


def test_features_know_nothing_of_the_future(shop: Shop, landing: Path, tmp_path: Path) -> None:
    _trade(shop, landing, tmp_path, DAYS)
    with trade.orders(shop.spark) as orders:
        honest = trade.features(shop.spark, orders, CUTOFF)
        assert len(honest) > 200
        assert (honest >= 0).to_numpy().all()
        for query, message in LEAKS.values():
            with pytest.raises(LeakageError, match=message):
                trade.features(shop.spark, orders, CUTOFF, query.replace("FEATURES", FEATURES))

        # The window begins with the cut-off: an order of that very second is a return, and no feature.
        [customer] = orders.limit(1).collect()
        one = orders.where(F.col("order_id") == customer.order_id).withColumn("order_timestamp", F.lit(CUTOFF))
        assert trade.returning(one, CUTOFF, CUTOFF + churn.WINDOW) == {customer.customer_id}
        assert trade.returning(one, CUTOFF - churn.WINDOW, CUTOFF) == set()
        assert trade.features(shop.spark, one, CUTOFF).empty

        # A last day of strangers only: nobody has come back since the later cut-off.
        last = F.col("order_timestamp") >= F.lit(dt.datetime(2026, 6, 30, tzinfo=dt.UTC))
        before = F.col("order_timestamp") < F.lit(CUTOFF)
        strangers = F.when(last, F.lit("a stranger")).otherwise(F.col("customer_id"))
        with pytest.raises(SkipError, match=r"^none of \d+ customers came back after 2026-06-10: one class only$"):
            churn.windows(shop.spark, orders.where(before | last).withColumn("customer_id", strangers))


def test_recommendations(shop: Shop, landing: Path, tmp_path: Path) -> None:
    # A catalogue nobody has bought from.
    _trade(shop, landing, tmp_path, 63)
    shop.spark.sql("create table silver.aside as select * from silver.fact_orders")
    shop.spark.sql("delete from silver.fact_orders")
    said = _notebook(shop, "product_recommendations")
    assert (said["status"], said["reason"]) == ("skipped", "no completed order has a line")
    assert _notebook(shop, "evaluate_recommendations")["status"] == "skipped"

    shop.spark.sql("insert into silver.fact_orders select * from silver.aside")
    shop.spark.sql("insert into silver.dim_products values ('P99999', 'Home'), ('POST', 'Service')")
    said = _notebook(shop, "product_recommendations")
    products = shop.count("silver.dim_products") - 1
    assert said["rows"] == 10 * products
    rows = _rows(shop, "product_recommendations")
    assert "POST" not in {row.product_id for row in rows} | {row.recommended_product_id for row in rows}
    cold = [row for row in rows if row.product_id == "P99999"]
    assert [row.source for row in cold] == ["popular"] * 10
    assert sorted(row.rank for row in cold) == list(range(1, 11))
    assert {row.source for row in rows} == {"bought_together", "popular"}

    _notebook(shop, "product_recommendations")
    assert [row[:-2] for row in _rows(shop, "product_recommendations")] == [row[:-2] for row in rows]
    for _ in range(2):
        assert _notebook(shop, "evaluate_recommendations")["status"] == "measured"
    kept = _rows(shop, "model_performance")
    assert sorted(row.metric for row in kept) == ["hit_at_10", "hit_at_10_popularity", "questions"]
    for table in ("product_recommendations", "model_performance"):
        assert _failed(_score(shop, table)) == set()


@pytest.mark.skipif(not retail.DAYS.is_dir(), reason="the real trade is not there")
def test_models_beat_their_baselines_on_real_trade(shop: Shop, tmp_path: Path) -> None:
    loader.load(retail.DAYS, tmp_path / "landing")
    bench.lay(shop.spark, tmp_path / "landing")
    churned, hits = bench.churn_ranking(shop.spark), bench.recommendation_hits(shop.spark)
    assert churned.ratio < churned.goal, churned
    assert hits.ratio <= hits.goal, hits
