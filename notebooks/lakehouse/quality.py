"""Data quality: scores per table, kept for every reader, and gates that stop the pipeline."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse import checks, thresholds
from lakehouse.checks import TableChecks
from lakehouse.measure import Moment, Outcome, Score, measure
from lakehouse.threads import side_by_side

Clock = Callable[[], dt.datetime]

_METRIC = (
    "layer STRING, table_name STRING, quality_score DOUBLE, row_count BIGINT, failed_checks INT, measured_at TIMESTAMP"
)
_CHECK = (
    "layer STRING, table_name STRING, check_name STRING, kind STRING, severity STRING, weight DOUBLE, at_least DOUBLE,"
    " share DOUBLE, passed BOOLEAN, failed_rows BIGINT, detail STRING, measured_at TIMESTAMP"
)
_EXCUSED = "excused"  # the severity of what failed in a table with an excuse; `failed_checks` reads it
_TABLES = {
    "data_quality_metrics": (_METRIC, "Score of each table, now."),
    "data_quality_metrics_history": (_METRIC, "Every score ever measured."),
    "data_quality_checks": (_CHECK, "Outcome of each check, now."),
}


class QualityGateError(Exception):
    """A layer is too bad to go on with."""


def create_tables(spark: SparkSession) -> None:
    """Create the tables of scores, their history and the outcomes of checks where they are missing."""
    for table, (columns, comment) in _TABLES.items():
        spark.sql(f"CREATE TABLE IF NOT EXISTS gold.{table} ({columns}) USING delta COMMENT '{comment}'")


def gate(spark: SparkSession, catalog: str, layer: str, clock: Clock) -> str:
    """Measure one layer, keep its scores and return them as JSON; raise when a table scores below `quality_stop`."""
    if layer not in checks.LAYERS:
        raise QualityGateError(f"Layer {layer!r} is none of {', '.join(checks.LAYERS)}.")
    scores = _measure(spark, catalog, (layer,), clock)
    stop = thresholds.load().value("quality_stop")
    if bad := [score for score in scores if score.score is not None and score.score < stop]:
        raise QualityGateError(f"Quality gate {layer}: {'; '.join(_explain(score, stop) for score in bad)}.")
    return _summary(scores)


def report(spark: SparkSession, catalog: str, clock: Clock) -> str:
    """Measure every layer, keep the scores and return them as JSON."""
    return _summary(_measure(spark, catalog, checks.LAYERS, clock))


def _measure(spark: SparkSession, catalog: str, layers: Sequence[str], clock: Clock) -> list[Score]:
    spark.catalog.setCurrentCatalog(catalog)
    numbers, now = thresholds.load(), clock()
    create_tables(spark)
    passed = _last_passed(spark, numbers.value("quality_stop"))

    def score(table: TableChecks) -> Score:
        return measure(spark, table, Moment(now, passed.get((table.layer, table.table)), numbers))

    scores = side_by_side(spark, score, [table for table in checks.load() if table.layer in layers])
    _publish(spark, scores, layers, now)
    return scores


def _last_passed(spark: SparkSession, stop: float) -> dict[tuple[str, str], dt.datetime]:
    """Return when each table last scored well enough to go on."""
    passed = spark.table("gold.data_quality_metrics_history").where(F.col("quality_score") >= stop)
    newest = passed.groupBy("layer", "table_name").agg(F.unix_timestamp(F.max("measured_at")).alias("seconds"))
    return {
        (row["layer"], row["table_name"]): dt.datetime.fromtimestamp(row["seconds"], dt.UTC) for row in newest.collect()
    }


def _explain(score: Score, stop: float) -> str:
    failed = [outcome for outcome in score.failed if outcome.check.severity == "fail"] or score.failed
    reasons = ", ".join(f"{outcome.check.name} ({outcome.detail})" for outcome in failed)
    return f"{score.layer}.{score.table} scores {score.score:g}, below {stop:g}: {reasons}"


def _summary(scores: Iterable[Score]) -> str:
    return json.dumps(
        {
            f"{score.layer}.{score.table}": {
                "score": score.score,
                "rows": score.row_count,
                "failed": {outcome.check.name: outcome.detail for outcome in score.failed},
            }
            for score in scores
        }
    )


def _publish(spark: SparkSession, scores: Sequence[Score], layers: Sequence[str], now: dt.datetime) -> None:
    """Replace the current scores of the measured layers and add to their history; safe to repeat."""
    # A table with an excuse has no score to judge or to average; its checks below say that it was looked at, and why.
    metrics = [
        (s.layer, s.table, float(s.score), s.row_count, len(s.failed), now) for s in scores if s.score is not None
    ]
    outcomes = [
        (
            s.layer, s.table, o.check.name, o.check.kind, _severity(s, o), float(o.check.weight),
            float(o.check.at_least), float(o.share), o.passed, o.failed_rows, o.detail, now,
        )
        for s in scores
        for o in s.outcomes
    ]  # fmt: skip
    measured = f"layer IN ({', '.join(repr(layer) for layer in layers)})"
    scored = spark.createDataFrame(metrics, _METRIC)
    at_once = (
        (scored, "data_quality_metrics_history", f"{measured} AND unix_micros(measured_at) = {_micros(now)}"),
        (spark.createDataFrame(outcomes, _CHECK), "data_quality_checks", measured),
    )
    side_by_side(spark, lambda replacement: _replace(*replacement), at_once)
    # Last: whoever sees a current score finds it in the history too.
    _replace(scored, "data_quality_metrics", measured)


def _severity(score: Score, outcome: Outcome) -> str:
    """Return how bad it is that a check failed; in a table with an excuse it is nobody's work, and must not look so."""
    return _EXCUSED if score.score is None else outcome.check.severity


def _replace(rows: DataFrame, table: str, where: str) -> None:
    """Put rows in the place of those that fit a condition, in one commit."""
    rows.write.mode("overwrite").option("replaceWhere", where).saveAsTable(f"gold.{table}")


def _micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(microseconds=1)
