from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse import questions, thresholds
from lakehouse.questions import Question, QuestionError

HEADER = "-- title: Late\n-- description: What is late.\n-- owner: data-engineering\n\n"


def asked(folder: Path, text: str, name: str = "late") -> Question:
    (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return questions.load_all(folder)[name]


def test_a_question_carries_its_header_text_and_markers(tmp_path: Path) -> None:
    text = HEADER + "select * from t where age > :very_stale_hours or age > :stale_hours or age < :stale_hours\n"

    question = asked(tmp_path, text)

    assert question == Question(
        name="late",
        title="Late",
        description="What is late.",
        owner="data-engineering",
        sql=text,
        markers=("stale_hours", "very_stale_hours"),
    )


def test_only_real_markers_count(tmp_path: Path) -> None:
    body = """select ':a', "x:b", `:c`, d::int, e:f.g, h[0]:i,
    'it''s :j', 'it\\'s :k' -- :l\n/* :m\n:n */ where o > :stale_hours"""

    assert asked(tmp_path, HEADER + body).markers == ("stale_hours",)


def test_markers_are_bound_by_name_or_written_out(tmp_path: Path) -> None:
    question = asked(tmp_path, HEADER + "select :stale_hours as hours, ':stale_hours' as text -- :stale_hours\n")
    own = thresholds.load()

    assert questions.bind(question, own) == {"stale_hours": own.value("stale_hours")}
    assert questions.literal(question, own) == HEADER + "select 24 as hours, ':stale_hours' as text -- :stale_hours\n"


def test_a_fraction_is_written_as_the_double_that_binding_gives(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text('[score]\nvalue = 3.5\nunit = "score"\nseverity = "HIGH"\naudience = "data"\nwhy = "x"\n')

    written = questions.literal(asked(tmp_path, HEADER + "select :score"), thresholds.load(file))

    assert written.endswith("select 3.5D")


def test_a_marker_that_is_no_threshold_is_refused(tmp_path: Path) -> None:
    question = asked(tmp_path, HEADER + "select :stale_days, :stale_hours")

    for use in (questions.bind, questions.literal):
        with pytest.raises(QuestionError, match=r"^Question 'late': :stale_days not defined in sql/thresholds\.toml$"):
            use(question, thresholds.load())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEADER.replace("-- owner: data-engineering\n", "") + "select 1", "missing header key: owner"),
        ("select 1", "missing header key: title, description, owner"),
        ("-- color: red\n" + HEADER + "select 1", "unknown header key 'color'"),
        ("-- title: Again\n" + HEADER + "select 1", "header key 'title' is given twice"),
        ("-- just a remark\n" + HEADER + "select 1", "header line is not '-- key: value'"),
        (HEADER.replace("Late", "") + "select 1", "header key 'title' is empty"),
        (HEADER + "-- nothing else\n", "has a header and no statement"),
        (HEADER + "select 1; select 2", "one statement without ';'"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(QuestionError, match=complaint) as caught:
        asked(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "late.sql"))


def test_a_folder_without_questions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="no question"):
        questions.load_all(tmp_path)


def test_a_semicolon_in_text_or_comment_ends_nothing(tmp_path: Path) -> None:
    assert asked(tmp_path, HEADER + "select ';' -- ;\n").markers == ()
