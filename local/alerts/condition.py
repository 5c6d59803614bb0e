"""What an alert makes of a query's result: pure functions over rows as the statements API renders them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from local.errors import invalid

Row = Sequence[str | None]
AGGREGATIONS = frozenset({"SUM", "COUNT", "COUNT_DISTINCT", "AVG", "MEDIAN", "MIN", "MAX", "STDDEV"})
OPERATORS: Mapping[str, str] = {
    "EQUAL": "=",
    "NOT_EQUAL": "!=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": ">=",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
    "IS_NULL": "IS NULL",
    "IS_NOT_NULL": "IS NOT NULL",
}
UNARY = frozenset({"IS_NULL", "IS_NOT_NULL"})
EMPTY_RESULT_STATES = frozenset({"OK", "TRIGGERED", "ERROR", "UNKNOWN"})
_VALUES = ("double_value", "string_value", "bool_value")
_WHOLE = frozenset({"BYTE", "SHORT", "INT", "LONG", "DECIMAL"})
_FLOATING = frozenset({"FLOAT", "DOUBLE"})


class EvaluationError(Exception):
    """The result does not answer the alert's question; the message says why."""


@dataclass(frozen=True)
class Result:
    """The rows of an alert's query; `truncated` when there were more."""

    columns: Sequence[Mapping[str, Any]]
    rows: Sequence[Row]
    truncated: bool = False


@dataclass(frozen=True)
class Verdict:
    """The state an evaluation found, and what it compared."""

    state: str
    value: str | None = None
    threshold: str | None = None
    message: str = ""


def evaluate(evaluation: Mapping[str, Any], result: Result) -> Verdict:
    """Hold a result against a condition; whatever keeps it from an answer is the state ERROR."""
    if not result.rows:
        return _empty(evaluation)
    try:
        if result.truncated:
            raise EvaluationError(f"The query returned more than {len(result.rows)} rows.")
        value = operand(evaluation["source"], result)
        operator = evaluation["comparison_operator"]
        threshold = None if operator in UNARY else _threshold(evaluation.get("threshold") or {}, result)
        holds = compare(value, operator, threshold)
    except EvaluationError as error:
        return Verdict("ERROR", message=str(error))
    return Verdict("TRIGGERED" if holds else "OK", text(value), text(threshold))


def check(evaluation: Mapping[str, Any]) -> None:
    """Refuse a condition that can never be evaluated."""
    operator = evaluation.get("comparison_operator")
    if operator not in OPERATORS:
        raise invalid(f"comparison_operator {operator} is not one of {', '.join(sorted(OPERATORS))}")
    _check_operand("evaluation.source", evaluation.get("source"))
    empty = evaluation.get("empty_result_state")
    if empty is not None and empty not in EMPTY_RESULT_STATES:
        raise invalid(f"empty_result_state {empty} is not one of {', '.join(sorted(EMPTY_RESULT_STATES))}")
    if operator in UNARY:
        return
    threshold = evaluation.get("threshold") or {}
    if ("value" in threshold) == ("column" in threshold):
        raise invalid(f"evaluation.threshold must have a value or a column for {operator}")
    if "column" in threshold:
        _check_operand("evaluation.threshold.column", threshold["column"])
    elif len(threshold["value"] or {}) != 1 or not threshold["value"].keys() <= set(_VALUES):
        raise invalid(f"evaluation.threshold.value must have exactly one of {', '.join(_VALUES)}")
    elif "double_value" in threshold["value"] and not _is_number(threshold["value"]["double_value"]):
        raise invalid("evaluation.threshold.value.double_value must be a number")


def _check_operand(field: str, column: Any) -> None:
    if not isinstance(column, dict) or not column.get("name"):
        raise invalid(f"Missing required field: {field}.name")
    if column.get("aggregation") is not None and column["aggregation"] not in AGGREGATIONS:
        raise invalid(f"aggregation {column['aggregation']} is not one of {', '.join(sorted(AGGREGATIONS))}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _empty(evaluation: Mapping[str, Any]) -> Verdict:
    state = evaluation.get("empty_result_state") or "OK"
    return Verdict(state, message="The query returned no rows.")


def operand(column: Mapping[str, Any], result: Result) -> Any:
    """Return the value of a column: aggregated over all rows, or of the first row."""
    names = [str(item["name"]) for item in result.columns]
    wanted = [number for number, name in enumerate(names) if name.lower() == column["name"].lower()]
    if not wanted:
        raise EvaluationError(f"The query returned no column '{column['name']}', only {', '.join(names)}.")
    kind = str(result.columns[wanted[0]].get("type_name", "STRING"))
    values = [typed(row[wanted[0]], kind) for row in result.rows]
    aggregation = column.get("aggregation")
    return values[0] if aggregation is None else aggregate(aggregation, values)


def typed(cell: str | None, kind: str) -> Any:
    """Return a rendered cell as a value that compares as its type does."""
    if cell is None:
        return None
    if kind in _WHOLE:
        return Decimal(cell)
    if kind in _FLOATING:
        return float(cell)
    return cell == "true" if kind == "BOOLEAN" else cell


def aggregate(name: str, values: Sequence[Any]) -> Any:
    """Aggregate as SQL does: NULL does not count, and nothing but NULL makes NULL of all but the counts."""
    known = [value for value in values if value is not None]
    if name == "COUNT":
        return Decimal(len(known))
    if name == "COUNT_DISTINCT":
        return Decimal(len({_key(value) for value in known}))
    if not known:
        return None
    if name in ("MIN", "MAX"):
        return (min if name == "MIN" else max)(known, key=_key)
    numbers = [_number(value, name) for value in known]
    if any(isinstance(number, float) for number in numbers):
        numbers = [float(number) for number in numbers]
    return _NUMERIC[name](numbers)


def _deviation(numbers: list[Any]) -> float | None:
    if len(numbers) < 2:
        return None  # of a sample, as STDDEV is; one value has none
    if not all(math.isfinite(number) for number in numbers):
        return math.nan
    return statistics.stdev(map(float, numbers))


def _median(numbers: list[Any]) -> Any:
    ordered, middle = sorted(numbers, key=_key), len(numbers) // 2
    return ordered[middle] if len(numbers) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


_NUMERIC: dict[str, Callable[[list[Any]], Any]] = {
    "SUM": sum,
    "AVG": lambda numbers: sum(numbers) / len(numbers),
    "MEDIAN": _median,
    "STDDEV": _deviation,
}


def compare(value: Any, operator: str, threshold: Any) -> bool:
    """Compare as SQL does: with NULL nothing holds but IS_NULL, NaN equals itself and is above every number."""
    if operator in UNARY:
        return (value is None) == (operator == "IS_NULL")
    if value is None or threshold is None:
        return False
    left, right = (_key(side) for side in _alike(value, threshold))
    return {
        "EQUAL": left == right,
        "NOT_EQUAL": left != right,
        "GREATER_THAN": left > right,
        "GREATER_THAN_OR_EQUAL": left >= right,
        "LESS_THAN": left < right,
        "LESS_THAN_OR_EQUAL": left <= right,
    }[operator]


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Bring two values to one type: text beside a number or a truth value is read as one."""
    if isinstance(left, bool) != isinstance(right, bool):
        return _truth(left), _truth(right)
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    numbers = _number(left, "a comparison"), _number(right, "a comparison")
    # A decimal beside a double is compared as a double: 0.1 equals 0.1.
    return (float(numbers[0]), float(numbers[1])) if any(isinstance(n, float) for n in numbers) else numbers


def _truth(value: Any) -> bool:
    known = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in known:
        raise EvaluationError(f"'{value}' is neither true nor false.")
    return known[str(value).lower()]


def _number(value: Any, purpose: str) -> Any:
    if isinstance(value, bool):
        return Decimal(value)
    if not isinstance(value, str):
        return value
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        raise EvaluationError(f"'{value}' is not a number, as {purpose} needs it.") from None
    return number if number.is_finite() else float(number)


def _key(value: Any) -> tuple[bool, Any]:
    not_a_number = isinstance(value, float) and math.isnan(value)
    return (not_a_number, None if not_a_number else value)


def _threshold(threshold: Mapping[str, Any], result: Result) -> Any:
    if "column" in threshold:
        return operand(threshold["column"], result)
    kind, value = next(iter((threshold.get("value") or {}).items()), ("", None))
    if value is None:
        raise EvaluationError("The alert has no threshold.")
    return float(value) if kind == "double_value" else value


def text(value: Any) -> str | None:
    """Return a value as messages show it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
