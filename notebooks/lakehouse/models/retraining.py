"""The weekly contest: a challenger is trained, judged beside the champion on the same rows, promoted if no worse."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType

from pyspark.sql import SparkSession

from lakehouse.models import churn, segmentation, trade
from lakehouse.models.registry import CHALLENGER, CHAMPION, Registry
from lakehouse.models.skips import SkipError
from lakehouse.models.tables import keep_performance, skip_performance

Clock = Callable[[], dt.datetime]

# Modules with MODEL, JUDGED_BY, train and judge.
MODELS: Mapping[str, ModuleType] = MappingProxyType({each.MODEL: each for each in (churn, segmentation)})


class RetrainingError(Exception):
    """A contest that cannot be decided; the message says which step has to run first."""


def registry(model: str, catalog: str, folder: str) -> Registry:
    """Return where the versions of a model are kept: in the gold schema, runs beside the deployed code."""
    if model not in MODELS:
        raise RetrainingError(f"Model {model!r} is none of {', '.join(MODELS)}.")
    return Registry(f"{catalog}.gold.{model}", f"{folder}/{model}")


def train(spark: SparkSession, catalog: str, model: str, versions: Registry) -> str:
    """Train a challenger; with too little trade there is none afterwards. Returns JSON."""
    spark.catalog.setCurrentCatalog(catalog)
    try:
        with trade.orders(spark) as orders:
            trained = MODELS[model].train(spark, orders, versions)
    except SkipError as skip:
        versions.clear(CHALLENGER)
        return json.dumps({"model": model, "status": "skipped", "reason": str(skip)})
    champion = versions.find(CHAMPION)
    if champion and champion.number == trained.number:
        versions.clear(CHALLENGER)
        return json.dumps({"model": model, "status": "unchanged", "version": trained.number})
    versions.point(CHALLENGER, trained)
    return json.dumps({"model": model, "status": "trained", "version": trained.number})


def evaluate(spark: SparkSession, catalog: str, registries: Mapping[str, Registry], clock: Clock) -> str:
    """Measure champion and challenger of each model on the same rows, into gold.model_performance. Returns JSON."""
    spark.catalog.setCurrentCatalog(catalog)
    said = {}
    with trade.orders(spark) as orders:
        for model, versions in registries.items():
            contestants = {alias: found for alias in (CHAMPION, CHALLENGER) if (found := versions.find(alias))}
            try:
                if not contestants:
                    raise SkipError("no version has been registered")
                measured = MODELS[model].judge(spark, orders, contestants)
            except SkipError as skip:
                skip_performance(spark, f"{model}: {skip}")
                said[model] = {"status": "skipped", "reason": str(skip)}
                continue
            keep_performance(spark, measured, clock())
            said[model] = {"status": "measured", **{each.alias: each.metrics for each in measured}}
    return json.dumps(said)


def promote(spark: SparkSession, catalog: str, registries: Mapping[str, Registry]) -> str:
    """Make each challenger the champion that was measured no worse on the same day and rows. Returns JSON."""
    spark.catalog.setCurrentCatalog(catalog)
    return json.dumps({model: _promote(spark, model, versions) for model, versions in registries.items()})


def _promote(spark: SparkSession, model: str, versions: Registry) -> str:
    challenger, champion = versions.find(CHALLENGER), versions.find(CHAMPION)
    if challenger is None:
        return "no challenger"
    metric = MODELS[model].JUDGED_BY
    measured = _measured(spark, model, challenger.number, metric)
    if not measured:
        raise RetrainingError(f"{model} version {challenger.number} has no {metric}: run evaluate first.")
    day, new = max(measured.items())
    if champion is not None:
        olds = _measured(spark, model, champion.number, metric)
        if day not in olds:
            raise RetrainingError(f"{model} champion {champion.number} has no {metric} of {day}: run evaluate first.")
        if new < olds[day]:
            loser = f"version {challenger.number} not promoted: {metric} {new:.4f}"
            return f"{loser}, champion {champion.number} has {olds[day]:.4f}"
    versions.point(CHAMPION, challenger)
    versions.clear(CHALLENGER)
    return f"version {challenger.number} promoted: {metric} {new:.4f}"


def _measured(spark: SparkSession, model: str, version: str, metric: str) -> dict[dt.date, float]:
    """Return what a version was measured at, by day."""
    if not spark.catalog.tableExists("gold.model_performance"):
        return {}
    found = spark.sql(
        "SELECT day, value FROM gold.model_performance"
        " WHERE model = :model AND version = :version AND metric = :metric",
        args={"model": model, "version": version, "metric": metric},
    ).collect()
    return {row["day"]: row["value"] for row in found}
