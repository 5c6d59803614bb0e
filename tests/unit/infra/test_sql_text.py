"""Rewriting table names changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.sql_text import SqlTextError, qualify, result_columns
from lakehouse import questions, thresholds

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from gold.a", "select * from c.gold.a"),
        ("select gold.a.x from gold.a join `silver`.`b`", "select c.gold.a.x from c.gold.a join c.`silver`.`b`"),
        (
            "select 'gold.a' as x -- gold.a\n/* gold.a */ from Gold.a",
            "select 'gold.a' as x -- gold.a\n/* gold.a */ from c.Gold.a",
        ),
        ("select * from other.gold.a, bronze.b", "select * from other.gold.a, c.bronze.b"),
        ("select x.gold from t x where y > :stale_hours", "select x.gold from t x where y > :stale_hours"),
        ("select layer from system.gold", "select layer from system.gold"),
    ],
)
def test_only_table_names_get_the_catalog(text: str, expected: str) -> None:
    assert qualify(text, "c") == expected


def test_qualified_text_stays_as_it_is() -> None:
    once = qualify("select * from gold.a", "c")
    assert qualify(once, "c") == once


@pytest.mark.parametrize(
    "text", ["select gold.x from t as gold", "with silver as (select 1) select 1", "select gold from t"]
)
def test_layer_name_that_means_something_else_is_refused(text: str) -> None:
    with pytest.raises(SqlTextError, match="layer's name"):
        qualify(text, "c")


def test_every_question_differs_only_by_the_catalog() -> None:
    asked = questions.load_all(REPOSITORY / "sql" / "queries")
    assert len(asked) >= 3
    for question in asked.values():
        qualified = qualify(question.sql, "some_catalog")
        assert qualified != question.sql, question.name
        assert qualified.replace("some_catalog.", "") == question.sql, question.name


def test_columns_of_a_question_are_found_through_its_steps() -> None:
    assert result_columns("with s as (select 1 as a, 2 as b) select * from s order by a") == ("a", "b")
    freshness = questions.load_all(REPOSITORY / "sql" / "queries")["table_freshness"]
    assert "hours_old" in result_columns(questions.literal(freshness, thresholds.load()))


@pytest.mark.parametrize(
    "text", ["select * from gold.a", "drop table gold.a", "select from where", "select count(*) from gold.a"]
)
def test_statement_without_known_columns_is_refused(text: str) -> None:
    with pytest.raises(SqlTextError):
        result_columns(text)
