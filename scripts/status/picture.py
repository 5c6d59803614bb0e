"""A report as what is shown: one line of verdict, then sections of cells with their tones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scripts.answers import Answer, Value
from scripts.status.jobs import JobLine
from scripts.status.report import Report
from scripts.words import Cell, moment, span, tone, word_tone, written

_NONE = Cell("none")


@dataclass(frozen=True)
class Section:
    """A table under a title, or the words that stand in its place."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    instead: Cell = _NONE


@dataclass(frozen=True)
class Picture:
    """What a terminal shows, from the top: the verdict, the line below it, the sections, and where to click."""

    verdict: Cell
    headline: str
    sections: Sequence[Section]
    footer: str


def compose(report: Report) -> Picture:
    """Lay a report out, worst first."""
    return Picture(
        verdict=Cell(report.verdict.upper(), word_tone(report.verdict)),
        headline=_headline(report),
        sections=(
            _alerts(report),
            _table(report, "Tables", "table_freshness", ("layer", "table_name", "status", "hours_old", "row_count")),
            _table(
                report,
                "Quality",
                "quality_summary",
                ("layer", "status", "min_score", "avg_score", "table_count", "tables_below_threshold"),
            ),
            _table(
                report,
                "Today",
                "daily_summary",
                ("report_date", "overall_status", "orders_ingested_today", "orders_processed_today"),
            ),
            _table(report, "Models", "ml_model_health", ("model", "status", "last_scored", "metric", "value", "lead")),
            _jobs(report),
        ),
        footer=report.host,
    )


def _headline(report: Report) -> str:
    said = [report.environment]
    if report.since is not None and report.exit_code:
        said.append(f"since {_ago(report.since, report.asked_at)}")
    if report.details:
        said.append(report.details)
    if report.problems:
        said.append(f"not answered: {', '.join(report.problems)}")
    return " · ".join(said)


def _alerts(report: Report) -> Section:
    answer = report.answers["critical_alerts"]
    if answer.problem or not answer.rows:
        return Section("What is wrong", (), (), _nothing(answer, Cell("nothing", "good")))
    rows = [
        (
            Cell(str(row["severity"]), tone("severity", row["severity"])),
            Cell(str(row["subject"])),
            Cell(str(row["details"])),
            Cell(_ago(moment(str(row["since"])), report.asked_at) if row["since"] else "unknown"),
        )
        for row in answer.records()
    ]
    return Section("What is wrong", ("severity", "subject", "details", "since"), rows)


def _table(report: Report, title: str, question: str, columns: Sequence[str]) -> Section:
    answer = report.answers[question]
    kinds = {column.name: column for column in answer.columns}
    rows = [[_cell(name, row[name], kinds[name].kind) for name in columns] for row in answer.records()]
    return Section(title, [name.replace("_", " ") for name in columns], rows, _nothing(answer, Cell("no rows", "bad")))


def _cell(name: str, value: Value, kind: str) -> Cell:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # A count of faults is alarming when there are some; that there are none needs no colour among others.
    alarming = tone(name, value)
    return Cell(written(value, kind), "" if number and alarming == "good" else alarming, number)


def _nothing(answer: Answer, empty: Cell) -> Cell:
    return Cell(f"not answered: {answer.problem}", "bad") if answer.problem else empty


def _jobs(report: Report) -> Section:
    rows = [_job(each, report.asked_at) for each in report.jobs]
    instead = Cell(f"not answered: {report.jobs_problem}" if report.jobs_problem else "none", "bad")
    return Section("Jobs", ("job", "last run", "started", "took", "next run"), rows, instead)


def _job(line: JobLine, now: datetime) -> Sequence[Cell]:
    timed = line.next_run[:1].isdigit()
    return (
        Cell(line.name),
        Cell(line.state, word_tone(line.state)),
        Cell(_ago(moment(line.started), now) if line.started else "-"),
        Cell(span(line.seconds) if line.seconds is not None else "-", right=True),
        Cell(f"{moment(line.next_run):%Y-%m-%d %H:%M} UTC" if timed else line.next_run),
    )


def _ago(at: datetime, now: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC ({span((now - at).total_seconds())} ago)"
