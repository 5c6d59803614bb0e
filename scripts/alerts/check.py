"""Alerts judged now by their own statements: outside prod their schedules are paused, and a change wants proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import alerts
from infra.alerts import AlertSpec
from infra.environments import Environment
from infra.sql_text import qualify
from lakehouse import questions, thresholds
from scripts.answers import Answer
from scripts.toolchain import ROOT

OK, TRIGGERED, ERROR = "OK", "TRIGGERED", "ERROR"

# How an aggregation of the Alerts API is written in SQL.
_CALLS = {"COUNT_DISTINCT": "count(distinct {})", "STDDEV": "stddev({})"}


@dataclass(frozen=True)
class Verdict:
    """What one alert is now: the aggregated value, none where the question returned no row, and what went wrong."""

    key: str
    title: str
    severity: str
    state: str
    value: float | None
    operator: str
    limit: float
    problem: str
    runbook: str


def load(sql: Path = ROOT / "sql") -> dict[str, AlertSpec]:
    """Read the alerts as they are deployed."""
    numbers = thresholds.load(sql / "thresholds.toml")
    return alerts.load_all(sql / "alerts", questions.load_all(sql / "queries"), numbers)


def statement(spec: AlertSpec, env: Environment) -> str:
    """Return one statement that asks an alert's query for the number of its rows and the aggregated value."""
    call = _CALLS.get(spec.aggregation, spec.aggregation.lower() + "({})").format(spec.column)
    query = qualify(spec.sql, env.catalog).strip()
    return f"select count(*) as row_count, cast({call} as double) as value\nfrom (\n{query}\n)"


def judge(spec: AlertSpec, answer: Answer) -> Verdict:
    """Compare as the service does: strictly, and an empty result is what the alert says it is."""
    problem, value = answer.problem, None
    if not problem and len(answer.rows) != 1:
        problem = f"answered {len(answer.rows)} rows instead of 1"
    if problem:
        state = ERROR
    else:
        count, found = answer.rows[0]
        value = None if found is None else float(found)
        state = _state(spec, int(count or 0), value)
        if state == ERROR:
            problem = "the question returned no value"
    return Verdict(
        key=spec.key,
        title=spec.title,
        severity=spec.threshold.severity,
        state=state,
        value=value,
        operator=">" if spec.operator == "GREATER_THAN" else "<",
        limit=spec.limit,
        problem=problem,
        runbook=f"docs/runbook.md#{spec.runbook}",
    )


def _state(spec: AlertSpec, rows: int, value: float | None) -> str:
    if rows == 0 or value is None:
        return spec.empty_result_state
    beyond = value > spec.limit if spec.operator == "GREATER_THAN" else value < spec.limit
    return TRIGGERED if beyond else OK


def exit_code(verdicts: Mapping[str, Verdict]) -> int:
    """0 when all are quiet, 2 when one has triggered, 1 when one could not be judged."""
    states = {verdict.state for verdict in verdicts.values()}
    if ERROR in states:
        return 1
    return 2 if TRIGGERED in states else 0
