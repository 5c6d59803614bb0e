"""Alerts are references: everything they refer to must exist, and silence must mean something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp, parse_one

from infra.alerts import AlertSpec, load_all, subscribers
from infra.documents import DocumentError
from infra.environments import PROD, Recipients
from infra.sql_text import result_columns
from lakehouse import questions, thresholds
from lakehouse.questions import Question
from lakehouse.thresholds import Threshold, Thresholds

REPOSITORY = Path(__file__).resolve().parents[3]

SQL = "select a.name, a.age, a.old_ones from gold.a where a.age > :age_limit"
QUESTION = Question("ages", "Ages", "How old.", "me", SQL, ("age_limit",))
LIMIT = Threshold("age_limit", 24, "hours", "HIGH", "data", "Because.")
SCORE = Threshold("score_limit", 85, "score", "CRITICAL", "business", "Because.")
THRESHOLDS = Thresholds({"age_limit": LIMIT, "score_limit": SCORE})

GOOD: dict[str, Any] = {
    "title": '"Old things"',
    "question": '"ages"',
    "column": '"age"',
    "aggregation": '"MAX"',
    "operator": '"GREATER_THAN"',
    "threshold": '"age_limit"',
    "measures": '"value"',
    "empty_result_state": '"TRIGGERED"',
    "silence": '"No row means nothing was measured."',
    "notify_on_ok": "true",
    "retrigger_seconds": "0",
    "runbook": '"old-things"',
    "schedule": '{ quartz = "0 30 * * * ?" }',
}


def write(folder: Path, **changes: str | None) -> None:
    lines = [f"{key} = {value}" for key, value in {**GOOD, **changes}.items() if value is not None]
    (folder / "old_things.toml").write_text("\n".join(lines))


def load(folder: Path) -> Any:
    return load_all(folder, {"ages": QUESTION}, THRESHOLDS)["old_things"]


def test_alert_takes_its_number_from_the_threshold(tmp_path: Path) -> None:
    write(tmp_path)
    alert = load(tmp_path)
    assert (alert.key, alert.limit, alert.threshold.severity) == ("old_things", 24, "HIGH")
    assert alert.sql.endswith("a.age > 24")


def test_alert_on_counted_violations_compares_with_zero(tmp_path: Path) -> None:
    write(tmp_path, column='"old_ones"', measures='"violations"')
    assert load(tmp_path).limit == 0


def test_alert_may_watch_only_some_rows(tmp_path: Path) -> None:
    write(tmp_path, only='{ name = "milk" }')
    statement = parse_one(load(tmp_path).sql, dialect="databricks")
    assert statement.find(exp.Where).sql() == "WHERE name = 'milk'"
    assert result_columns(load(tmp_path).sql) == ("name", "age", "old_ones")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        *(({key: None}, f"missing key: {key}") for key in GOOD),
        ({"query": '"select 1"'}, "unknown key: query"),
        ({"question": '"agse"'}, "question: there is no sql/queries/agse.sql"),
        ({"column": '"height"'}, "column: 'height' is none of name, age, old_ones"),
        ({"aggregation": '"FIRST"'}, "aggregation"),
        ({"operator": '"EQUAL"'}, "operator"),
        ({"threshold": '"limit_of_age"'}, "'limit_of_age' is not defined"),
        ({"measures": '"counts"'}, "measures"),
        ({"measures": '"violations"', "threshold": '"score_limit"'}, "does not use :score_limit"),
        ({"measures": '"violations"', "operator": '"LESS_THAN"'}, "operator"),
        ({"empty_result_state": '"UNKNOWN"'}, "empty_result_state"),
        ({"silence": '" "'}, "silence"),
        ({"retrigger_seconds": "-1"}, "retrigger_seconds"),
        ({"only": '{ size = "big" }'}, "only: the question returns no 'size'"),
        ({"only": "{ name = 3 }"}, "only: name: 3 is not a plain word"),
        ({"only": '{ name = "x\' or 1=1" }'}, "is not a plain word"),
        ({"schedule": '{ quartz = "0 30 * * *" }'}, "quartz"),
        ({"schedule": '{ cron = "30 * * * *" }'}, "schedule: missing key: quartz"),
        ({"title": "Old"}, "old_things.toml"),
    ],
)
def test_bad_alert_is_refused_with_file_and_field(tmp_path: Path, changes: dict[str, str | None], named: str) -> None:
    write(tmp_path, **changes)
    with pytest.raises(DocumentError) as raised:
        load(tmp_path)
    assert str(raised.value).startswith(str(tmp_path / "old_things.toml"))
    assert named in str(raised.value)


def test_folder_without_alerts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"no \*\.toml found"):
        load_all(tmp_path, {}, THRESHOLDS)


@pytest.mark.parametrize(
    ("severity", "audience", "expected"),
    [
        ("MEDIUM", "data", {"data"}),
        ("HIGH", "business", {"data", "business"}),
        ("CRITICAL", "data", {"data", "on-call"}),
        ("CRITICAL", "business", {"data", "business", "on-call"}),
    ],
)
def test_routing_by_severity_and_audience(severity: str, audience: str, expected: set[str]) -> None:
    people = Recipients(("data@example.com",), ("business@example.com",), ("on-call@example.com",))
    threshold = Threshold("x", 1, "hours", severity, audience, "Because.")
    assert subscribers(threshold, people) == tuple(sorted(f"{name}@example.com" for name in expected))


def test_prod_has_somebody_for_every_audience() -> None:
    assert PROD.recipients.business_team
    assert PROD.recipients.on_call


@pytest.fixture(scope="module")
def ours() -> dict[str, AlertSpec]:
    asked, numbers = questions.load_all(REPOSITORY / "sql" / "queries"), thresholds.load()
    return load_all(REPOSITORY / "sql" / "alerts", asked, numbers)


def test_every_condition_of_the_question_is_an_alert_with_its_severity_and_audience(ours: dict[str, AlertSpec]) -> None:
    """The question says them to whoever reads its rows, the threshold decides who is written to: they must agree."""
    text = (REPOSITORY / "sql" / "queries" / "critical_alerts.sql").read_text()
    values = next(each for each in parse_one(text, dialect="databricks").find_all(exp.Values) if "stale" in each.sql())
    said = {key.this: (severity.this, audience.this) for _, key, severity, audience in (t.expressions for t in values)}
    assert said == {key: (each.threshold.severity, each.threshold.audience) for key, each in ours.items()}


def test_every_alert_watches_its_own_condition(ours: dict[str, AlertSpec]) -> None:
    assert len(ours) >= 9
    for key, alert in ours.items():
        assert f"where condition = '{key}'" in alert.sql
        assert alert.runbook == key.replace("_", "-")
