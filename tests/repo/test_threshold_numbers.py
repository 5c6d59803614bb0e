"""A number of `sql/thresholds.toml` stands nowhere else: whoever changes it there has changed it everywhere.

A number is taken for a threshold where it decides something. In SQL: beside a comparison (with nothing of another
unit), or as a length of time. In Python: compared with something that shares a word with the threshold or its unit,
or given to a name that is the threshold's. In alerts, dashboards and the headers of questions: anywhere in what
people read. 0 and 1 are left out: "none" and "the next one" are no thresholds, though some have those values.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlglot import Dialect, Token, TokenType
from sqlglot.errors import TokenError

from lakehouse import thresholds

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = {name: float(each.value) for name, each in thresholds.load().items() if each.value not in (0, 1)}
UNITS = {name: each.unit.rstrip("s") for name, each in thresholds.load().items()}

# What has the value of a threshold and is none; an entry that excuses nothing fails.
EXCUSED = {
    ("sql/queries/system_performance.sql", "7"): "the columns are called …_7d: growth over a week, judged by nobody",
    ("notebooks/lakehouse/models/trade.py", "30"): "a feature counts orders of 30 days; restoring tables is no feature",
}
LAYOUT_NUMBERS = {"retrigger_seconds", "width"}  # how often a mail may come again, how wide a tile is

_COMPARISONS = {
    TokenType.GT, TokenType.GTE, TokenType.LT, TokenType.LTE, TokenType.EQ, TokenType.NEQ, TokenType.BETWEEN,
}  # fmt: skip
_DATE_FUNCTIONS = {"date_sub": "day", "date_add": "day", "dateadd": "", "timestampadd": "", "make_dt_interval": ""}
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_STATEMENT = re.compile(r"\b(select|where|update|delete|merge|having)\b", re.IGNORECASE)


def meant(value: float, unit: str = "") -> str | None:
    """Return the threshold of this value, of this unit if one is told."""
    return next((key for key, number in NUMBERS.items() if number == value and unit in ("", UNITS[key])), None)


def sql_faults(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, number and threshold of each number that decides something in SQL; Jinja counts as a name."""
    blanked = _JINJA.sub(lambda match: " jinja " + "\n" * match[0].count("\n"), text)
    tokens = Dialect.get_or_raise("databricks").tokenize(blanked)
    inside: list[str] = []  # the functions whose parentheses are open
    for place, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            inside.append(tokens[place - 1].text.lower() if place else "")
        elif token.token_type is TokenType.R_PAREN and inside:
            inside.pop()
        elif (value := _value(token)) is not None and (key := _deciding(tokens, place, value, inside)):
            yield token.line, token.text, key


def _deciding(tokens: list[Token], place: int, value: float, inside: list[str]) -> str | None:
    before, after = tokens[place - 1 : place], tokens[place + 1 : place + 2]
    if before and before[0].token_type is TokenType.DASH:
        before = tokens[place - 2 : place - 1]
    number = tokens[place].token_type is TokenType.NUMBER
    if number and any(each.token_type in _COMPARISONS for each in (*before, *after)):
        beside = tokens[max(0, place - 3) : place + 3]  # `days_ago < 90` is no score
        words = {word.rstrip("s") for each in beside for word in each.text.lower().split("_")}
        return meant(value, next(iter(words & set(UNITS.values())), ""))
    if before and before[0].text.lower() == "interval" and after:
        return meant(value, after[0].text.lower().rstrip("s"))
    if number and inside and inside[-1] in _DATE_FUNCTIONS:
        return meant(value, _DATE_FUNCTIONS[inside[-1]])
    return None


def _value(token: Token) -> float | None:
    if token.token_type not in (TokenType.NUMBER, TokenType.STRING):
        return None
    try:
        return float(token.text.rstrip("dDfFlL"))
    except ValueError:
        return None


def python_faults(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, number and threshold of each number that decides something in Python, SQL in texts included."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Compare():
                yield from _compared(node)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ):
                yield from _named(name, value)
            case ast.keyword(arg=str(name), value=value):
                yield from _named(name, value)
            case ast.arguments():
                every = [*node.posonlyargs, *node.args]
                for argument, value in zip(every[len(every) - len(node.defaults) :], node.defaults, strict=True):
                    yield from _named(argument.arg, value)
                for argument, value in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                    yield from _named(argument.arg, value)
            case ast.Constant(value=str(words)) if _STATEMENT.search(words):
                try:
                    yield from ((node.lineno, number, key) for _, number, key in sql_faults(words))
                except TokenError:
                    continue  # a sentence with an apostrophe, no statement


def _compared(node: ast.Compare) -> Iterator[tuple[int, str, str]]:
    sides = [node.left, *node.comparators]
    words = {
        word.rstrip("s")
        for each in ast.walk(node)
        for word in (getattr(each, "id", None) or getattr(each, "attr", None) or "").lower().split("_")
    }
    for side in sides:
        for key, number in NUMBERS.items():
            clues = {word.rstrip("s") for word in key.split("_")} | {UNITS[key]}
            if _number(side) == number and clues & words:
                yield node.lineno, ast.unparse(side), key
                break


def _named(name: str, value: ast.expr | None) -> Iterator[tuple[int, str, str]]:
    key = name.lower().lstrip("_")
    if value is not None and key in UNITS and _number(value) is not None:
        yield value.lineno, ast.unparse(value), key


def _number(node: ast.expr) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def document_faults(value: Any, key: str = "") -> Iterator[tuple[int, str, str]]:
    """Yield each number in what an alert or dashboard says or sets."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from document_faults(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from document_faults(each, key)
    elif isinstance(value, str) and key != "quartz":
        yield from prose_faults(value)
    elif isinstance(value, int | float) and key not in LAYOUT_NUMBERS and (name := meant(value)):
        yield 0, str(value), name


def prose_faults(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each number in a sentence that people read."""
    for number in re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-])", text):
        if key := meant(float(number)):
            yield 0, number, key


def header(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if re.match(r"-- (title|description):", line))


@cache
def faults() -> dict[str, list[tuple[int, str, str]]]:
    """Return what is found in each file of the repository that numbers must not stand in."""
    found = {}
    for file in files("sql/queries/*.sql"):
        text = file.read_text()
        found[file] = [*sql_faults(text), *prose_faults(header(text))]
    for file in (*files("dbt/models/**/*.sql"), *files("dbt/macros/*.sql"), *files("dbt/tests/**/*.sql")):
        found[file] = list(sql_faults(file.read_text()))
    for file in (*files("sql/alerts/*.toml"), *files("sql/dashboards/*.toml")):
        found[file] = list(document_faults(tomllib.loads(file.read_text())))
    for file in (*files("notebooks/**/*.py"), *files("infra/**/*.py")):
        found[file] = list(python_faults(file.read_text()))
    return {str(file.relative_to(ROOT)): each for file, each in found.items()}


def files(pattern: str) -> list[Path]:
    matching = sorted(ROOT.glob(pattern))
    assert matching, f"nothing is at {pattern}"
    return matching


def test_a_threshold_stands_in_no_other_file() -> None:
    found = faults()
    assert len(found) > 100
    left = {
        f"{name}:{line}": f"{number} is {key} of sql/thresholds.toml"
        for name, each in found.items()
        for line, number, key in each
        if (name, number) not in EXCUSED
    }
    assert left == {}, "take the number from sql/thresholds.toml: a marker, a dbt var, thresholds.load()"


def test_every_excuse_excuses_something() -> None:
    assert EXCUSED.keys() - {(name, number) for name, each in faults().items() for _, number, _ in each} == set()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("select * from t where quality_score < 85", "quality_low"),
        ("select * from t where 70 > quality_score", "quality_stop"),
        ("select * from t where {{ score }} >= 0.8", "churn_high"),
        ("select * from t having count(*) > 500", "high_risk_customers"),
        ("select * from t where z between 3.5 and 9", "anomaly_score"),
        ("select * from t where at < now() - interval 48 hours", "very_stale_hours"),
        ("select * from t where at < now() - interval '24' hour", "stale_hours"),
        ("select make_dt_interval(0, 24)", "stale_hours"),
        ("select * from t where day >= date_sub(current_date(), 7)", "anomaly_lookback_days"),
    ],
)
def test_a_number_that_decides_in_sql_is_found(text: str, key: str) -> None:
    assert [found for _, _, found in sql_faults(text)] == [key]


@pytest.mark.parametrize(
    "text",
    [
        "select round(x, 2), 24 as n, substring(y, 7) from t limit 10",
        "select * from t where quality_score < :quality_low and n > 0 and m = 1",
        "select * from t where at > now() - interval 10 minutes",
        "select sequence(date_sub(current_date(), 27), current_date()) -- 85 is good",
        "select * from t where name = '85'",
        "select * from t where days_ago < 90 or 85 = week_number",
    ],
)
def test_other_numbers_in_sql_are_left_alone(text: str) -> None:
    assert list(sql_faults(text)) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("if row.hours_old > 24: pass", "stale_hours"),
        ("bad = [s for s in scores if s.score < 70]", "quality_stop"),
        ("ok = probability >= 0.8", "churn_high"),
        ("QUALITY_LOW = 80", "quality_low"),
        ("_STALE_HOURS: int = 24", "stale_hours"),
        ("def vacuum(spark, rollback=30): pass", "rollback"),
        ("def vacuum(spark, *, rollback=7): pass", "rollback"),
        ("vacuum(spark, rollback=30)", "rollback"),
        ("spark.sql('select * from t where quality_score < 85')", "quality_low"),
        ("spark.sql(f'select * from {t} where quality_score < 85')", "quality_low"),
    ],
)
def test_a_number_that_decides_in_python_is_found(text: str, key: str) -> None:
    assert [found for _, _, found in python_faults(text)] == [key]


@pytest.mark.parametrize(
    "text",
    [
        "if len(fields) == 7: pass",
        "if year > 24: pass",
        "TIMEOUT_SECONDS = 30",
        "rollback = thresholds.load().value('rollback')",
        "'Select at least 85; the shop\\'s where'",
    ],
)
def test_other_numbers_in_python_are_left_alone(text: str) -> None:
    assert list(python_faults(text)) == []


def test_a_number_in_what_people_read_is_found() -> None:
    alert = {"title": "Tables below 85", "retrigger_seconds": 500, "limit": 70, "schedule": {"quartz": "0 30 7 * * ?"}}
    assert [key for _, _, key in document_faults(alert)] == ["quality_low", "quality_stop"]
    assert [key for _, _, key in prose_faults(header("-- title: Older than 48 h\n-- note: 24"))] == ["very_stale_hours"]
    assert list(prose_faults("On 2026-11-24, P10 and v3.5.1")) == []
