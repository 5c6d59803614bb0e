"""Every question is asked about every world kept for it: `<question>/<case>/` holds what differs and what is expected.

A case brings the tables that differ from `healthy/` and `expect.csv`; the time is 2026-03-10 12:00 UTC, or `now.txt`.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from pyspark.errors import AnalysisException

from lakehouse import questions, thresholds

from .conftest import CASES, Worlds

pytestmark = [
    pytest.mark.slow,
    # py4j leaves the sockets of ended threads to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

QUESTIONS = questions.load_all(CASES.parents[1] / "sql" / "queries")
EXPECTED = sorted(CASES.glob("*/*/expect.csv"))
TABLES = {
    name: sorted(set(re.findall(r"\b(?:from|join) ((?:bronze|silver|gold)\.\w+)", question.sql)))
    for name, question in QUESTIONS.items()
}


def test_every_question_has_an_empty_and_a_healthy_world_and_more() -> None:
    cases = {name: {file.parent.name for file in EXPECTED if file.parts[-3] == name} for name in QUESTIONS}

    assert {file.parts[-3] for file in EXPECTED} == QUESTIONS.keys()
    assert all({"healthy", "empty"} < names for names in cases.values()), cases


@pytest.mark.parametrize("file", EXPECTED, ids=lambda file: "-".join(file.parts[-3:-1]))
def test_a_question_answers_as_expected(worlds: Worlds, file: Path) -> None:
    question = QUESTIONS[file.parts[-3]]
    worlds.become(file.parent)

    answer = worlds.ask(question.sql, questions.bind(question, thresholds.load()))

    found = [answer.columns, *(["" if cell is None else str(cell) for cell in row] for row in answer.collect())]
    assert found == list(csv.reader(file.read_text().splitlines()))


@pytest.mark.parametrize("name", QUESTIONS)
def test_written_out_a_question_answers_the_same(worlds: Worlds, name: str) -> None:
    question, numbers = QUESTIONS[name], thresholds.load()
    worlds.become(CASES / name / "healthy")

    bound = worlds.ask(question.sql, questions.bind(question, numbers))
    written = worlds.ask(questions.literal(question, numbers))

    assert written.schema == bound.schema
    assert written.collect() == bound.collect()


@pytest.mark.parametrize(("name", "table"), [(name, table) for name, tables in TABLES.items() for table in tables])
def test_a_missing_table_is_an_error_that_names_it(worlds: Worlds, name: str, table: str) -> None:
    """No answer is no health: whoever asks has to say that it got none."""
    worlds.become(CASES / name / "healthy", without=table)

    with pytest.raises(AnalysisException, match=rf"TABLE_OR_VIEW_NOT_FOUND.*{table.replace('.', '__')}"):
        worlds.ask(QUESTIONS[name].sql, questions.bind(QUESTIONS[name], thresholds.load()))


def test_every_question_reads_tables() -> None:
    assert all(TABLES.values()), TABLES


def test_the_tables_that_are_watched_are_the_same_in_every_question() -> None:
    """An editor runs a question as it stands, so each brings its own list: it must be the same text everywhere."""
    lists = {
        name: question.sql.partition("updates as (")[2].partition("\n),")[0]
        for name, question in QUESTIONS.items()
        if "updates as (" in question.sql
    }
    assert len(lists) >= 3
    assert len(set(lists.values())) == 1, sorted(lists)
