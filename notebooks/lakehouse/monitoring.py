"""The questions of `sql/queries`, asked for people and for jobs. What cannot be answered is never healthy."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse import questions, thresholds
from lakehouse.threads import side_by_side

Clock = Callable[[], dt.datetime]

QUESTIONS = Path(__file__).parents[2] / "sql" / "queries"
ASKED = (
    "pipeline_health", "daily_summary", "table_freshness", "quality_summary", "recent_anomalies", "churn_risks",
    "ml_model_health", "system_performance", "critical_alerts",
)  # fmt: skip
# Their rows are violations: none is good news. Any other question without a row has not been answered.
_MAY_BE_EMPTY = frozenset({"recent_anomalies", "critical_alerts"})
_STATUSES = ("Healthy", "Warning", "Critical")
_NAMED = 50  # so many violations are named in the exit value; all are in the question's answer
_REASON_LENGTH = 300


@dataclass(frozen=True)
class Answer:
    """What one question was answered with; `error` says why it could not be."""

    name: str
    title: str
    rows: tuple[Mapping[str, Any], ...] = ()
    schema: StructType | None = None
    error: str = ""


@dataclass(frozen=True)
class Report:
    """All answers of one moment."""

    answers: Mapping[str, Answer]
    asked_at: dt.datetime

    def frame(self, spark: SparkSession, name: str) -> DataFrame:
        """Return an answer to be displayed, or in its place why there is none."""
        answer = self.answers[name]
        if answer.error or not answer.rows:
            said = answer.error or ("None." if name in _MAY_BE_EMPTY else "No row: the question was not answered.")
            return spark.createDataFrame([(answer.title, said)], "question STRING, answer STRING")
        return spark.createDataFrame([tuple(row.values()) for row in answer.rows], answer.schema)

    def health(self) -> str:
        """Return status, counts and everything that is wrong, by subject, as JSON."""
        failed = {name: answer.error for name, answer in self.answers.items() if answer.error}
        silent = [
            name
            for name, answer in self.answers.items()
            if not answer.error and not answer.rows and name not in _MAY_BE_EMPTY
        ]
        violations = self.answers["critical_alerts"].rows
        models = {str(r["model"]): r["status"] for r in self.answers["ml_model_health"].rows if r["status"] != "Active"}
        pipeline = dict(next(iter(self.answers["pipeline_health"].rows), {}))
        severities = Counter(str(row["severity"]) for row in violations)
        verdicts = [
            _verdict(pipeline.get("status")),
            "Critical" if failed or silent or severities["CRITICAL"] else "Healthy",
            "Warning" if severities or models else "Healthy",
        ]
        return json.dumps(
            {
                "status": max(verdicts, key=_STATUSES.index),
                "asked_at": self.asked_at.isoformat(timespec="seconds"),
                "counts": {
                    **{name: value for name, value in pipeline.items() if isinstance(value, int)},
                    "violations": dict(severities),
                },
                "wrong": [_wrong(row) for row in violations[:_NAMED]],
                "models": models,
                "failed_questions": failed,
                "silent_questions": silent,
            },
            default=str,
        )


def ask(spark: SparkSession, name: str, folder: Path = QUESTIONS) -> Answer:
    """Ask one question of the current catalog; a failure is an answer too."""
    question = questions.load(folder / f"{name}.sql")
    try:
        frame = spark.sql(question.sql, args=questions.bind(question, thresholds.load()))
        rows = tuple(row.asDict() for row in frame.collect())
    except PySparkException as error:
        # The first line says what is wrong; the rest is the statement and the plan.
        reason = str(error).strip().splitlines()[0][:_REASON_LENGTH]
        return Answer(name, question.title, error=reason or type(error).__name__)
    return Answer(name, question.title, rows, frame.schema)


def report(spark: SparkSession, catalog: str, clock: Clock, folder: Path = QUESTIONS) -> Report:
    """Ask every question that the operations notebook shows."""
    spark.catalog.setCurrentCatalog(catalog)
    answers = side_by_side(spark, lambda name: ask(spark, name, folder), ASKED)
    return Report(dict(zip(ASKED, answers, strict=True)), clock())


def revenue_figure(spark: SparkSession, days: int) -> Any:
    """Draw the newest days of `gold.daily_revenue`, with their average over a week, as a matplotlib figure."""
    from matplotlib.figure import Figure  # only the notebook that draws needs it

    rows, title = [], f"Revenue of the last {days} days"
    try:
        trade = spark.table("gold.daily_revenue").orderBy("order_date", ascending=False).limit(days)
        newest = trade.selectExpr("order_date", "CAST(gross_revenue AS DOUBLE)", "CAST(revenue_7d_avg AS DOUBLE)")
        rows = [tuple(row) for row in reversed(newest.collect())]
    except PySparkException:
        title = "Revenue: gold.daily_revenue cannot be read"  # the summary that follows says why, and must follow
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.bar([row[0] for row in rows], [row[1] for row in rows], color="#9ec5e8", label="gross revenue")
    axes.plot([row[0] for row in rows], [row[2] for row in rows], color="#1f4e79", label="average of 7 days")
    axes.set_title(title)
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.autofmt_xdate()
    return figure


def _verdict(word: Any) -> str:
    # A word that nobody knows is no good news.
    return word if word in _STATUSES else "Critical"


def _wrong(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("severity", "condition", "subject", "details", "since")}
