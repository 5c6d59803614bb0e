"""Every question is asked about every world kept for it: `<question>/<case>/` holds what differs and what is expected.

A case brings the tables that differ from `healthy/` and `expect.csv`; the time is 2026-03-10 12:00 UTC.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lakehouse import questions, thresholds

from .conftest import CASES, Worlds

pytestmark = [
    pytest.mark.slow,
    # py4j leaves the sockets of ended threads to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

QUESTIONS = questions.load_all(CASES.parents[1] / "sql" / "queries")
EXPECTED = sorted(CASES.glob("*/*/expect.csv"))


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
