"""What `ecom alerts check` makes of answers: strict comparison, silence as the alert says, one exit code."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import sqlglot
from rich.console import Console

from infra.environments import LOCAL
from scripts.alerts import check, command
from scripts.answers import Answer, Column, Value
from scripts.errors import CommandError

SPECS = check.load()
STALE = SPECS["stale_tables"]


def answer(rows: int, value: Value) -> Answer:
    return Answer((Column("row_count", "LONG"), Column("value", "DOUBLE")), ((rows, value),))


@pytest.mark.parametrize(
    ("operator", "silence", "said", "state"),
    [
        ("GREATER_THAN", "OK", answer(3, 4.9), check.OK),
        ("GREATER_THAN", "OK", answer(3, 5.0), check.OK),
        ("GREATER_THAN", "OK", answer(3, 5.1), check.TRIGGERED),
        ("LESS_THAN", "OK", answer(3, 4.9), check.TRIGGERED),
        ("LESS_THAN", "OK", answer(3, 5.0), check.OK),
        ("GREATER_THAN", "OK", answer(0, None), check.OK),
        ("GREATER_THAN", "TRIGGERED", answer(0, None), check.TRIGGERED),
        ("GREATER_THAN", "ERROR", answer(2, None), check.ERROR),
        ("GREATER_THAN", "OK", Answer(problem="TABLE_OR_VIEW_NOT_FOUND"), check.ERROR),
        ("GREATER_THAN", "OK", Answer(), check.ERROR),
    ],
)
def test_a_value_is_judged_as_the_service_does(operator: str, silence: str, said: Answer, state: str) -> None:
    threshold = replace(STALE.threshold, value=5)
    spec = replace(STALE, threshold=threshold, measures="value", empty_result_state=silence)
    verdict = check.judge(replace(spec, operator=operator), said)
    assert verdict.state == state
    assert bool(verdict.problem) == (state == check.ERROR)


def test_each_alert_becomes_one_statement_of_one_row() -> None:
    assert len(SPECS) >= 9
    for spec in SPECS.values():
        parsed = sqlglot.parse(check.statement(spec, LOCAL), read="databricks")
        assert len(parsed) == 1
        assert f"{LOCAL.catalog}.gold." in check.statement(spec, LOCAL)


def test_the_exit_code_says_the_worst() -> None:
    quiet, loud, lost = (check.judge(STALE, said) for said in (answer(0, 0), answer(1, 1.0), Answer(problem="no")))
    assert [
        check.exit_code({"a": quiet}),
        check.exit_code({"a": quiet, "b": loud}),
        check.exit_code({"a": loud, "b": lost}),
    ] == [0, 2, 1]
    out = io.StringIO()
    Console(file=out, width=200).print(command.table([quiet, loud, lost]))
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["ERROR", "TRIGGERED", "OK"]
    assert "docs/runbook.md#stale-tables" in lines[2]


def test_an_unknown_alert_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match=r"Alert 'stale': expected one of .*stale_tables"):
        command.chosen(SPECS, ["stale"])
    assert list(command.chosen(SPECS, ["stale_tables"])) == ["stale_tables"]
