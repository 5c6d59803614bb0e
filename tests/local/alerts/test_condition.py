"""Conditions over rows: aggregations, operators, thresholds, empty and unusable results. No Spark."""

from __future__ import annotations

from typing import Any

import pytest

from local.alerts.condition import AGGREGATIONS, OPERATORS, Result, check, evaluate
from local.errors import ApiError

T, OK, ERROR = "TRIGGERED", "OK", "ERROR"


def rows(*cells: str | None, kind: str = "LONG", name: str = "n") -> Result:
    return Result([{"name": name, "type_name": kind}], [[cell] for cell in cells])


def evaluation(operator: str, threshold: Any = None, aggregation: str | None = None, **more: Any) -> dict[str, Any]:
    source = {"name": "n", "aggregation": aggregation} if aggregation else {"name": "n"}
    body: dict[str, Any] = {"source": source, "comparison_operator": operator, **more}
    if isinstance(threshold, bool):
        return body | {"threshold": {"value": {"bool_value": threshold}}}
    if isinstance(threshold, str):
        return body | {"threshold": {"value": {"string_value": threshold}}}
    return body if threshold is None else body | {"threshold": {"value": {"double_value": threshold}}}


# operator: below, at, above the threshold, and NULL
NUMBERS = {
    "EQUAL": (OK, T, OK, OK),
    "NOT_EQUAL": (T, OK, T, OK),
    "GREATER_THAN": (OK, OK, T, OK),
    "GREATER_THAN_OR_EQUAL": (OK, T, T, OK),
    "LESS_THAN": (T, OK, OK, OK),
    "LESS_THAN_OR_EQUAL": (T, T, OK, OK),
    "IS_NULL": (OK, OK, OK, T),
    "IS_NOT_NULL": (T, T, T, OK),
}


@pytest.mark.parametrize("operator", NUMBERS)
@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("LONG", ("4", "5", "6", None)),
        ("DECIMAL", ("4.99", "5.00", "5.01", None)),
        ("DOUBLE", ("4.9", "5.0", "5e1", None)),
    ],
)
def test_operators_below_at_and_above_the_threshold(operator: str, kind: str, cells: tuple[str | None, ...]) -> None:
    found = tuple(evaluate(evaluation(operator, 5.0), rows(cell, kind=kind)).state for cell in cells)
    assert found == NUMBERS[operator]
    assert set(NUMBERS) == set(OPERATORS)


# The values are chosen so that no two aggregations agree: a mix-up shows.
VALUES = ("1", "3", "3", None, "5", "13")
AGGREGATED = {
    "SUM": "25",
    "COUNT": "5",
    "COUNT_DISTINCT": "4",
    "AVG": "5",
    "MEDIAN": "3",
    "MIN": "1",
    "MAX": "13",
    "STDDEV": "4.69041575982343",
}


@pytest.mark.parametrize("name", AGGREGATED)
def test_aggregations_leave_nulls_out(name: str) -> None:
    assert set(AGGREGATED) == AGGREGATIONS
    verdict = evaluate(evaluation("IS_NOT_NULL", aggregation=name), rows(*VALUES))
    assert verdict.value is not None
    assert verdict.value[:12] == AGGREGATED[name][:12]


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("SUM", (None, None), None),
        ("AVG", (None,), None),
        ("MEDIAN", (None,), None),
        ("STDDEV", ("7",), None),
        ("COUNT", (None, None), "0"),
        ("COUNT_DISTINCT", (None,), "0"),
        ("MEDIAN", ("1", "2", "3", "10"), "2.5"),
        ("STDDEV", ("2", "2"), "0"),
        ("SUM", ("9007199254740993", "1"), "9007199254740994"),
    ],
)
def test_aggregations_of_few_and_big_values(name: str, cells: tuple[str | None, ...], expected: str | None) -> None:
    verdict = evaluate(evaluation("IS_NULL", aggregation=name), rows(*cells))
    assert (verdict.value, verdict.state) == (expected, T if expected is None else OK)


@pytest.mark.parametrize(
    ("kind", "cells", "aggregation", "operator", "threshold", "expected"),
    [
        ("STRING", ("Critical",), None, "EQUAL", "Critical", T),
        ("STRING", ("Healthy",), None, "EQUAL", "Critical", OK),
        ("STRING", ("b", "a"), "MIN", "EQUAL", "a", T),
        ("STRING", ("b", "a"), "COUNT_DISTINCT", "EQUAL", 2.0, T),
        ("STRING", ("12",), None, "GREATER_THAN", 9.0, T),
        ("STRING", ("12", "3"), "SUM", "EQUAL", 15.0, T),
        ("LONG", ("12",), None, "GREATER_THAN", "9", T),
        ("DATE", ("2024-01-02",), None, "GREATER_THAN", "2024-01-01", T),
        ("BOOLEAN", ("true",), None, "EQUAL", True, T),
        ("BOOLEAN", ("false",), None, "NOT_EQUAL", True, T),
        ("BOOLEAN", ("true",), None, "EQUAL", "true", T),
        ("LONG", ("1",), None, "EQUAL", True, T),
        ("DECIMAL", ("0.1",), None, "EQUAL", 0.1, T),
        ("DOUBLE", ("NaN",), None, "GREATER_THAN", 1e300, T),
        ("DOUBLE", ("NaN",), None, "EQUAL", 1.0, OK),
        ("DOUBLE", ("NaN", "1"), "MIN", "EQUAL", 1.0, T),
        ("DOUBLE", ("1", "Infinity"), "MAX", "GREATER_THAN", 5.0, T),
        ("LONG", ("9", "1"), None, "EQUAL", 9.0, T),  # no aggregation: the first row
    ],
)
def test_values_of_every_type(
    kind: str, cells: tuple[str, ...], aggregation: str | None, operator: str, threshold: Any, expected: str
) -> None:
    assert evaluate(evaluation(operator, threshold, aggregation), rows(*cells, kind=kind)).state == expected


def test_a_column_can_be_the_threshold_and_be_aggregated_itself() -> None:
    columns = [{"name": "N", "type_name": "LONG"}, {"name": "limit", "type_name": "DOUBLE"}]
    result = Result(columns, [["5", "4.5"], ["2", "9.5"]])
    first = evaluation("GREATER_THAN") | {"threshold": {"column": {"name": "limit"}}}
    average = evaluation("GREATER_THAN") | {"threshold": {"column": {"name": "limit", "aggregation": "AVG"}}}
    verdict = evaluate(first, result)
    assert (verdict.state, verdict.value, verdict.threshold) == (T, "5", "4.5")
    assert (evaluate(average, result).state, evaluate(average, result).threshold) == (OK, "7")
    missing = Result(columns, [["5", None]])
    assert evaluate(first, missing).state == OK


@pytest.mark.parametrize(("asked", "found"), [(None, OK), ("OK", OK), ("TRIGGERED", T), ("ERROR", ERROR)])
def test_an_empty_result_has_the_state_that_was_asked_for(asked: str | None, found: str) -> None:
    more = {} if asked is None else {"empty_result_state": asked}
    verdict = evaluate(evaluation("GREATER_THAN", 1.0, "COUNT", **more), rows())
    assert (verdict.state, verdict.message) == (found, "The query returned no rows.")


@pytest.mark.parametrize(
    ("given", "result", "message"),
    [
        (evaluation("EQUAL", 1.0), rows("1", name="m"), "no column 'n', only m"),
        (evaluation("EQUAL", 1.0), rows("x", kind="STRING"), "'x' is not a number"),
        (evaluation("EQUAL", 1.0, "SUM"), rows("1", "x", kind="STRING"), "'x' is not a number"),
        (evaluation("EQUAL", True), rows("5"), "'5' is neither true nor false"),
        (evaluation("EQUAL"), rows("5"), "has no threshold"),
        (evaluation("EQUAL", 1.0), Result(rows("1").columns, [["1"]], truncated=True), "more than 1 rows"),
    ],
)
def test_what_cannot_be_compared_is_an_error_that_says_why(given: dict[str, Any], result: Result, message: str) -> None:
    verdict = evaluate(given, result)
    assert verdict.state == ERROR
    assert message in verdict.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"comparison_operator": "ABOUT"}, "comparison_operator ABOUT is not one of"),
        ({"source": {}}, r"evaluation\.source\.name"),
        ({"source": {"name": "n", "aggregation": "MODE"}}, "aggregation MODE is not one of"),
        ({"empty_result_state": "FINE"}, "empty_result_state FINE"),
        ({"threshold": None}, "must have a value or a column"),
        ({"threshold": {"value": {"double_value": 1}, "column": {"name": "x"}}}, "must have a value or a column"),
        ({"threshold": {"value": {}}}, "exactly one of double_value"),
        ({"threshold": {"value": {"double_value": "7"}}}, "must be a number"),
        ({"threshold": {"column": {}}}, r"evaluation\.threshold\.column\.name"),
    ],
)
def test_conditions_that_can_never_be_evaluated_are_refused(changes: dict[str, Any], message: str) -> None:
    given = evaluation("EQUAL", 1.0)
    check(given)
    with pytest.raises(ApiError, match=message):
        check(given | changes)
