"""Alerts as references: a question, a column of it, and the threshold it must not cross. No SQL here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.documents import DocumentError, check_keys, files, read
from infra.environments import Recipients
from infra.schedules import Schedule, ScheduleError
from infra.sql_text import SqlTextError, result_columns
from lakehouse.questions import Question, literal
from lakehouse.thresholds import Threshold, Thresholds

AGGREGATIONS = ("SUM", "COUNT", "COUNT_DISTINCT", "AVG", "MEDIAN", "MIN", "MAX", "STDDEV")
# Comparison is strict: a value that equals its threshold is healthy.
OPERATORS = ("GREATER_THAN", "LESS_THAN")
# The column holds the value itself, or how many times a value was beyond the threshold: then one is too many.
MEASURES = ("value", "violations")
EMPTY_RESULT_STATES = ("OK", "TRIGGERED", "ERROR")

_TEXT = re.compile(r"[\w .-]+")

_KEYS = (
    "title",
    "question",
    "column",
    "aggregation",
    "operator",
    "threshold",
    "measures",
    "empty_result_state",
    "silence",
    "notify_on_ok",
    "retrigger_seconds",
    "schedule",
    "runbook",
)


@dataclass(frozen=True, kw_only=True)
class AlertSpec:
    """One condition: triggers when the aggregated column of a question is beyond the threshold.

    Where the question counts violations itself, it must use the threshold. `silence` says why an empty result means
    what `empty_result_state` says it means.
    """

    key: str
    title: str
    question: Question
    sql: str
    column: str
    aggregation: str
    operator: str
    threshold: Threshold
    measures: str
    empty_result_state: str
    silence: str
    notify_on_ok: bool
    retrigger_seconds: int
    schedule: Schedule
    runbook: str

    def __post_init__(self) -> None:
        for name, allowed in (
            ("aggregation", AGGREGATIONS),
            ("operator", OPERATORS),
            ("measures", MEASURES),
            ("empty_result_state", EMPTY_RESULT_STATES),
            ("column", result_columns(self.question.sql)),  # `only` and numbers change no column
        ):
            if getattr(self, name) not in allowed:
                raise DocumentError(f"{name}: {getattr(self, name)!r} is none of {', '.join(allowed)}")
        if self.measures == "violations":
            if self.threshold.name not in self.question.markers:
                raise DocumentError(f"threshold: question '{self.question.name}' does not use :{self.threshold.name}")
            if self.operator != "GREATER_THAN":
                raise DocumentError(f"operator: violations are counted, so it is GREATER_THAN, not {self.operator}")
        if not self.silence.strip():
            raise DocumentError("silence: must say what an empty result means")
        if self.retrigger_seconds < 0:
            raise DocumentError(f"retrigger_seconds: {self.retrigger_seconds} is negative")

    @property
    def limit(self) -> int | float:
        """The number that the aggregated column is compared with."""
        return 0 if self.measures == "violations" else self.threshold.value


def load_all(folder: Path, questions: Mapping[str, Question], thresholds: Thresholds) -> dict[str, AlertSpec]:
    """Read every alert of a folder by name, in order of name; errors start with the file."""
    return {file.stem: _load(file, questions, thresholds) for file in files(folder)}


def subscribers(threshold: Threshold, recipients: Recipients) -> tuple[str, ...]:
    """Who hears of it: the data team of everything, the business team of its own, on call of CRITICAL only."""
    addresses = set(recipients.data_team)
    if threshold.audience == "business":
        addresses.update(recipients.business_team)
    if threshold.severity == "CRITICAL":
        addresses.update(recipients.on_call)
    return tuple(sorted(addresses))


def _load(file: Path, questions: Mapping[str, Question], thresholds: Thresholds) -> AlertSpec:
    table = read(file, _KEYS, ("only",))
    try:
        if table["question"] not in questions:
            raise DocumentError(f"question: there is no sql/queries/{table['question']}.sql")
        check_keys("schedule", table["schedule"], ("quartz",), ("zone",))
        question = questions[table["question"]]
        sql = _statement(question, thresholds, table.pop("only", {}))
        return AlertSpec(
            **{
                **table,
                "key": file.stem,
                "question": question,
                "sql": sql,
                "threshold": thresholds[table["threshold"]],
                "schedule": Schedule(**table["schedule"]),
            }
        )
    except (DocumentError, ScheduleError, SqlTextError, ValueError) as error:
        raise DocumentError(f"{file}: {error}") from error


def _statement(question: Question, thresholds: Thresholds, only: Mapping[str, str]) -> str:
    """Return a question's statement, of its rows only those whose columns hold these texts."""
    sql = literal(question, thresholds)
    for column, text in only.items():
        if column not in result_columns(question.sql):
            raise DocumentError(f"only: the question returns no '{column}'")
        if not isinstance(text, str) or not _TEXT.fullmatch(text):
            raise DocumentError(f"only: {column}: {text!r} is not a plain word to compare with")
    if not only:
        return sql
    conditions = " and ".join(f"{column} = '{text}'" for column, text in only.items())
    return f"select *\nfrom (\n{sql.strip()}\n)\nwhere {conditions}\n"
