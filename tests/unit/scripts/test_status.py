"""What `ecom status` makes of answers: the verdict, the exit code, the text and the JSON object."""

from __future__ import annotations

import datetime as dt
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk.service.jobs import BaseRun, CronSchedule, JobSettings, PauseStatus, RunResultState, RunState
from databricks.sdk.service.sql import (
    ColumnInfo,
    ColumnInfoTypeName,
    ResultData,
    ResultManifest,
    ResultSchema,
    ServiceError,
    StatementResponse,
    StatementState,
    StatementStatus,
)
from rich.console import Console

from infra.environments import ENVIRONMENTS, LOCAL
from scripts import answers, connection
from scripts.answers import Answer, Column, Value
from scripts.errors import CommandError
from scripts.status import command, jobs
from scripts.status.jobs import JobLine
from scripts.status.picture import compose
from scripts.status.report import QUESTIONS, Report, statements
from scripts.status.show import plain, show
from scripts.words import span, tone, written

NOW = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)
COLUMNS = {
    "pipeline_health": ("status", "details"),
    "critical_alerts": ("severity", "subject", "details", "since:TIMESTAMP"),
    "table_freshness": ("layer", "table_name", "status", "hours_old:DOUBLE", "row_count:LONG"),
    "quality_summary": (
        "layer",
        "status",
        "min_score:DOUBLE",
        "avg_score:DOUBLE",
        "table_count:LONG",
        "tables_below_threshold:LONG",
    ),
    "daily_summary": (
        "report_date:DATE",
        "overall_status",
        "orders_ingested_today:LONG",
        "orders_processed_today:LONG",
    ),
    "ml_model_health": ("model", "status", "last_scored:TIMESTAMP", "metric", "value:DOUBLE", "lead:DOUBLE"),
}
ROWS: dict[str, list[tuple[Value, ...]]] = {
    "pipeline_health": [("Healthy", "0 empty, 0 stale")],
    "critical_alerts": [],
    "table_freshness": [("bronze", "orders", "Fresh", 4.9, 1250)],
    "quality_summary": [("bronze", "Excellent", 98.5, 98.5, 5, 0)],
    "daily_summary": [("2026-03-10", "All Checks Passed", 120, 118)],
    "ml_model_health": [("Churn Prediction", "Active", "2026-03-10T08:12:00.000Z", "auc", 0.8, 0.1)],
}
CRITICAL: tuple[Value, ...] = ("CRITICAL", "gold.daily_revenue", "newest row is 53 hours old", "2026-03-09T09:00:00Z")
HIGH: tuple[Value, ...] = ("HIGH", "bronze.orders", "[bold]30 hours[/bold]", "2026-03-08T00:00:00.000Z")


def answer(name: str, rows: list[tuple[Value, ...]]) -> Answer:
    columns = (column.partition(":") for column in COLUMNS[name])
    return Answer(tuple(Column(column, kind or "STRING") for column, _, kind in columns), tuple(rows))


def report(jobs_problem: str = "", **changed: Answer | list[tuple[Value, ...]]) -> Report:
    given = {name: changed.get(name, ROWS[name]) for name in QUESTIONS}
    made = {name: each if isinstance(each, Answer) else answer(name, each) for name, each in given.items()}
    lines = (JobLine("master_pipeline", "SUCCESS", "2026-03-10T07:00:00+00:00", 1830.0, "http://w/run", "paused"),)
    return Report("local", "http://w", NOW, made, lines, jobs_problem)


def test_healthy_is_zero_and_says_that_nothing_is_wrong() -> None:
    said = report()
    assert (said.verdict, said.exit_code, said.problems) == ("Healthy", 0, {})
    text = plain(compose(said)).splitlines()
    assert text[0] == "HEALTHY  local · 0 empty, 0 stale"
    assert text[2:4] == ["What is wrong", "  nothing"]


@pytest.mark.parametrize("word", ["Warning", "Critical"])
def test_any_other_verdict_is_two(word: str) -> None:
    said = report(pipeline_health=[(word, "")])
    assert (said.verdict, said.exit_code) == (word, 2)


def test_an_alert_is_a_warning_though_the_pipeline_is_healthy() -> None:
    said = report(critical_alerts=[HIGH])
    assert (said.verdict, said.exit_code) == ("Warning", 2)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_that_fails_is_never_healthy_and_is_named(name: str) -> None:
    said = report(**{name: Answer(problem="no such table")})
    assert (said.verdict, said.exit_code, said.problems) == ("Unknown", 1, {name: "no such table"})
    assert f"not answered: {name}" in plain(compose(said)).splitlines()[0]
    assert json.loads(json.dumps(said.as_json()))["problems"] == {name: "no such table"}


def test_a_verdict_that_is_known_stays_when_something_else_cannot_be_asked() -> None:
    said = report(pipeline_health=[("Critical", "")], ml_model_health=Answer(problem="gone"))
    assert (said.verdict, said.exit_code) == ("Critical", 1)


@pytest.mark.parametrize("rows", [[], [("Healthy", ""), ("Healthy", "")], [(None, "")]])
def test_no_verdict_two_or_an_empty_one_are_never_healthy(rows: list[tuple[Value, ...]]) -> None:
    said = report(pipeline_health=rows)
    assert said.verdict == "Unknown"
    assert said.exit_code != 0


def test_runs_that_cannot_be_read_are_an_error() -> None:
    said = report(jobs_problem="forbidden")
    assert (said.verdict, said.exit_code, said.problems) == ("Unknown", 1, {"jobs": "forbidden"})


def test_since_is_of_the_worst_and_alerts_stand_in_their_order() -> None:
    said = report(pipeline_health=[("Critical", "1 very stale")], critical_alerts=[CRITICAL, HIGH])
    assert said.since == dt.datetime(2026, 3, 9, 9, 0, tzinfo=dt.UTC)
    text = plain(compose(said)).splitlines()
    assert text[0] == "CRITICAL  local · since 2026-03-09 09:00 UTC (1 d 3 h ago) · 1 very stale"
    assert text[3].split() == ["severity", "subject", "details", "since"]
    assert [line.split()[:2] for line in text[4:6]] == [["CRITICAL", "gold.daily_revenue"], ["HIGH", "bronze.orders"]]


def test_the_object_has_everything() -> None:
    said = report(critical_alerts=[CRITICAL]).as_json()
    assert said["alerts"][0]["subject"] == "gold.daily_revenue"
    assert said["freshness"][0]["row_count"] == 1250
    assert said["quality"][0]["min_score"] == 98.5
    assert said["today"]["orders_ingested_today"] == 120
    assert said["models"][0]["model"] == "Churn Prediction"
    assert said["jobs"][0]["next_run"] == "paused"


def shown(said: Report, terminal: bool) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=terminal, width=160, color_system="standard", legacy_windows=False
    )
    show(compose(said), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_gets_colours_and_the_rest_gets_text() -> None:
    said = report(pipeline_health=[("Critical", "")], critical_alerts=[CRITICAL, HIGH])
    assert shown(said, terminal=False) == plain(compose(said)) + "\n"
    coloured = shown(said, terminal=True)
    assert "\x1b[1;37;41m CRITICAL " in coloured
    assert "[bold]30 hours[/bold]" in coloured  # what tables say is no markup


def test_every_question_is_asked_in_the_catalog_of_the_environment_without_markers() -> None:
    for env in ENVIRONMENTS.values():
        texts = statements(env)
        assert tuple(texts) == QUESTIONS
        assert all(
            f"from {env.catalog}.gold." in text or f"from {env.catalog}.bronze." in text for text in texts.values()
        )


def settings(quartz: str, status: PauseStatus = PauseStatus.UNPAUSED) -> JobSettings:
    return JobSettings(schedule=CronSchedule(quartz_cron_expression=quartz, timezone_id="UTC", pause_status=status))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (JobSettings(), "not scheduled"),
        (settings("0 0 7 * * ?", PauseStatus.PAUSED), "paused"),
        (settings("0 0 7 * * ?"), "2026-03-11T07:00:00+00:00"),
        (settings("0 15 * * * ?"), "2026-03-10T12:15:00+00:00"),
        (settings("0 0 7 L-3 * ?"), "by 0 0 7 L-3 * ?"),
    ],
)
def test_the_next_run_is_known_only_of_a_clock_that_goes(given: JobSettings, expected: str) -> None:
    assert jobs.next_run(given, NOW) == expected


def test_a_job_is_told_by_its_newest_run() -> None:
    start = int((NOW - dt.timedelta(minutes=5)).timestamp() * 1000)
    failed = BaseRun(start_time=start, end_time=start + 60_000, state=RunState(result_state=RunResultState.FAILED))
    line = jobs.line("master_pipeline", [failed, BaseRun()], "paused", NOW)
    assert (line.state, line.seconds, line.started) == ("FAILED", 60.0, "2026-03-10T11:55:00+00:00")
    assert jobs.line("master_pipeline", [], "paused", NOW).state == "NEVER RAN"


class Execution:
    """Answers one statement; says it is still running at first."""

    def __init__(self, *responses: StatementResponse) -> None:
        self._responses = list(responses)

    def execute_statement(self, *_: Any, **__: Any) -> StatementResponse:
        return self._responses.pop(0)

    get_statement = execute_statement

    def get_statement_result_chunk_n(self, _: str, number: int) -> ResultData:
        assert number == 1
        return ResultData(data_array=[["2", None, "false"]])


def response(state: StatementState, error: str = "") -> StatementResponse:
    status = StatementStatus(state=state, error=ServiceError(message=error) if error else None)
    kinds = (ColumnInfoTypeName.LONG, ColumnInfoTypeName.DECIMAL, ColumnInfoTypeName.BOOLEAN)
    columns = [ColumnInfo(name=name, type_name=kind) for name, kind in zip("abc", kinds, strict=True)]
    manifest = ResultManifest(schema=ResultSchema(columns=columns))
    result = ResultData(data_array=[["1", "2.50", "true"]], next_chunk_index=1)
    return StatementResponse(manifest=manifest, result=result, statement_id="s", status=status)


def client(*responses: StatementResponse) -> Any:
    return SimpleNamespace(statement_execution=Execution(*responses))


def test_an_answer_has_all_its_parts_with_their_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_POLL_SECONDS", 0)
    said = answers.ask(client(response(StatementState.PENDING), response(StatementState.SUCCEEDED)), "w", "select 1")
    assert said.rows == ((1, 2.5, True), (2, None, False))


def test_a_statement_that_fails_says_why_in_one_line() -> None:
    said = answers.ask(client(response(StatementState.FAILED, "no table x\n  at line 3")), "w", "select 1")
    assert said == Answer(problem="no table x")


def test_an_unknown_environment_and_one_without_a_workspace_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="--environment 'moon': expected local, dev, staging, prod"):
        connection.environment("moon")
    monkeypatch.setattr("scripts.workspaces.find", lambda: None)
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    with pytest.raises(CommandError, match="make demo starts one"):
        connection.connect(LOCAL)


def test_only_verdicts_and_counts_of_what_is_wrong_alarm() -> None:
    assert [tone("status", "Very Stale"), tone("status", "Fresh"), tone("subject", "Empty")] == ["bad", "good", ""]
    assert [tone("stale_tables", 1), tone("stale_tables", 0), tone("row_count", 0)] == ["bad", "good", ""]


def test_values_are_written_as_people_write_them() -> None:
    assert [written(None), written(12345), written(0.5), written(2.0), written(-0.0001)] == [
        "-",
        "12,345",
        "0.5",
        "2",
        "0",
    ]
    assert written("2026-03-10T08:12:00.000Z", "TIMESTAMP") == "2026-03-10 08:12"
    assert [span(59), span(3599), span(7260), span(100_000)] == ["59 s", "59 min", "2 h 1 min", "1 d 3 h"]


def test_watching_goes_on_until_ctrl_c_whatever_a_look_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "connect", lambda env: SimpleNamespace())
    status = command.Status("local", as_json=True)
    looks: list[Any] = [2, CommandError("the warehouse does not answer"), 0]
    slept: list[float] = []

    def once() -> int:
        look = looks.pop(0)
        if isinstance(look, CommandError):
            raise look
        return int(look)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not looks:
            raise KeyboardInterrupt

    monkeypatch.setattr(status, "once", once)
    monkeypatch.setattr(command.time, "sleep", sleep)
    assert status.watch(7) == 0, "what the last look amounted to"
    assert slept == [7, 7, 7]
    assert "error: the warehouse does not answer" in capsys.readouterr().err
