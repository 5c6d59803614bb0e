"""The health summary on real tables: healthy trade is Healthy; emptiness, age and failing questions never are."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse import monitoring
from tests.notebooks.shop import CATALOG, Shop
from tests.sql.conftest import CASES, Worlds

pytestmark = pytest.mark.slow

NOW = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)  # the moment that the healthy world was written for


@pytest.fixture
def worlds(shop: Shop) -> Iterator[Worlds]:
    """The tables that questions read, as views that cost nothing; the healthy world."""
    found = Worlds(shop.spark)
    found.become(CASES / "healthy")
    yield found
    for file in (CASES / "healthy").glob("*.csv"):
        shop.spark.catalog.dropTempView(file.stem.replace(".", "__"))


def _report(spark: SparkSession, folder: Path, now: dt.datetime = NOW) -> monitoring.Report:
    """Ask the questions of the views, as if it were `now`."""
    shutil.copytree(monitoring.QUESTIONS, folder, dirs_exist_ok=True)
    for file in folder.glob("*.sql"):
        text = re.sub(r"(?<!')\b(bronze|silver|gold)\.(?=\w)", r"\1__", file.read_text())
        text = text.replace("current_timestamp()", f"timestamp '{now:%Y-%m-%d %H:%M:%S}'")
        file.write_text(text.replace("current_date()", f"date '{now:%Y-%m-%d}'"))
    return monitoring.report(spark, CATALOG, lambda: now, folder)


def _health(report: monitoring.Report) -> dict[str, Any]:
    health: dict[str, Any] = json.loads(report.health())
    return health


def test_healthy_trade_is_healthy_and_every_answer_can_be_shown(worlds: Worlds, tmp_path: Path) -> None:
    report = _report(worlds.spark, tmp_path)
    health = _health(report)
    assert health["status"] == "Healthy", health
    assert health["counts"]["stale_tables"] == health["counts"]["empty_tables"] == 0
    assert health["counts"]["violations"] == {}
    assert [health[name] for name in ("wrong", "models", "failed_questions", "silent_questions")] == [[], {}, {}, []]
    assert health["asked_at"] == "2026-03-10T12:00:00+00:00"
    for name in monitoring.ASKED:
        assert report.frame(worlds.spark, name).count() == max(len(report.answers[name].rows), 1)
    assert report.frame(worlds.spark, "critical_alerts").first()["answer"] == "None."


def test_old_tables_are_named(worlds: Worlds, tmp_path: Path) -> None:
    health = _health(_report(worlds.spark, tmp_path, NOW + dt.timedelta(days=3)))
    assert health["status"] == "Critical"
    assert health["counts"]["very_stale_tables"] == 13
    found = {(each["condition"], each["subject"]) for each in health["wrong"]}
    assert ("very_stale_tables", "bronze.orders") in found
    assert health["counts"]["violations"]["CRITICAL"] >= 13
    assert "Churn Prediction" in health["models"]


def test_empty_tables_are_no_health(worlds: Worlds, tmp_path: Path) -> None:
    for file in (CASES / "healthy").glob("*.csv"):
        (tmp_path / file.name).write_text(file.read_text().splitlines()[0] + "\n")
    worlds.become(tmp_path)
    health = _health(_report(worlds.spark, tmp_path))
    assert health["status"] == "Critical"
    assert health["counts"]["empty_tables"] == 13
    assert {each["condition"] for each in health["wrong"]} >= {"empty_tables", "unmeasured_layers"}


def test_a_question_that_cannot_be_asked_is_critical_and_named(worlds: Worlds, tmp_path: Path) -> None:
    worlds.become(CASES / "healthy", without="gold.customer_churn_predictions")
    report = _report(worlds.spark, tmp_path)
    health = _health(report)
    assert health["status"] == "Critical"
    assert set(health["failed_questions"]) == {"churn_risks", "critical_alerts", "ml_model_health"}
    assert all("TABLE_OR_VIEW_NOT_FOUND" in reason for reason in health["failed_questions"].values())
    shown = report.frame(worlds.spark, "churn_risks").first()
    assert "TABLE_OR_VIEW_NOT_FOUND" in shown["answer"]


def test_nothing_there_at_all_is_critical(shop: Shop, tmp_path: Path) -> None:
    health = _health(_report(shop.spark, tmp_path))
    assert health["status"] == "Critical"
    assert set(health["failed_questions"]) == set(monitoring.ASKED)


def test_an_answer_without_rows_or_with_an_unknown_word_is_critical() -> None:
    good = {name: monitoring.Answer(name, name, ({"status": "Active", "model": "m"},)) for name in monitoring.ASKED}
    good |= {name: monitoring.Answer(name, name) for name in ("recent_anomalies", "critical_alerts")}

    def status(**changed: monitoring.Answer) -> str:
        return str(_health(monitoring.Report({**good, **changed}, NOW))["status"])

    def pipeline(word: str) -> monitoring.Answer:
        return monitoring.Answer("pipeline_health", "", ({"status": word, "stale_tables": 0},))

    assert status(pipeline_health=pipeline("Healthy")) == "Healthy"
    assert status(pipeline_health=pipeline("Warning")) == "Warning"
    assert status(pipeline_health=pipeline("Splendid")) == "Critical"
    silent = monitoring.Answer("table_freshness", "")
    assert status(pipeline_health=pipeline("Healthy"), table_freshness=silent) == "Critical"
    stale = monitoring.Answer("ml_model_health", "", ({"status": "Stale", "model": "m"},))
    assert status(pipeline_health=pipeline("Healthy"), ml_model_health=stale) == "Warning"
    high = monitoring.Answer(
        "critical_alerts",
        "",
        (dict.fromkeys(("condition", "subject", "details", "since"), "x") | {"severity": "HIGH"},),
    )
    assert status(pipeline_health=pipeline("Healthy"), critical_alerts=high) == "Warning"


def test_revenue_of_the_newest_days_is_drawn_and_its_absence_told(shop: Shop) -> None:
    axes = monitoring.revenue_figure(shop.spark, days=30).axes[0]
    assert axes.get_title() == "Revenue: gold.daily_revenue cannot be read"
    shop.spark.sql(
        "create table gold.daily_revenue as select order_date, cast(100 as decimal(18, 4)) as gross_revenue,"
        " cast(90 as decimal(18, 4)) as revenue_7d_avg"
        " from (select explode(sequence(date '2026-01-01', date '2026-03-10')) as order_date)"
    )
    axes = monitoring.revenue_figure(shop.spark, days=30).axes[0]
    assert len(axes.patches) == 30
    assert axes.get_title() == "Revenue of the last 30 days"
