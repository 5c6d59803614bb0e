from __future__ import annotations

import re

import pytest

from scripts.review.escaping import block, code, details, escaped
from scripts.review.facts import PolicyResult
from scripts.review.markdown import markdown, marker
from tests.review.made import entry, reviewed

NASTY = "a|b`c`<img src=x onerror=1></details>@octocat #12 [x](http://evil) **bold** ~~gone~~\n# title"


def _resource(name: str) -> dict:
    sides = ({"name": name, "comment": name}, {"name": name, "comment": f"{name} too"})
    return entry("databricks_schema.s", ["update"], *sides)


def test_first_line_is_the_marker() -> None:
    assert markdown(reviewed([])).splitlines()[0] == "<!-- ecom plan prod -->"
    assert marker("a --> b") == "<!-- ecom plan a_--__b -->"


def test_nasty_names_do_nothing() -> None:
    policy = PolicyResult("P1", "HIGH", NASTY, NASTY, "failed", NASTY, NASTY)
    text = markdown(reviewed([_resource(NASTY)], (policy,)))
    outside = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    assert "<img" not in outside
    assert not re.search(r"(?<![\w])@octocat", outside)
    assert not re.search(r"(?<!\\)\*\*bold", outside)
    assert not re.search(r"(?<!\\)\[x\]", outside)
    assert not re.search(r"#12", outside)
    assert text.count("<details>") == text.count("</details>")
    for row in re.findall(r"^\|.*\|$", text, flags=re.MULTILINE):
        assert len(re.findall(r"(?<!\\)\|", row)) in (3, 4, 6), row


@pytest.mark.parametrize("text", ["plain", "a`b", "``", "`", "a``b`", ""])
def test_code_span_holds_any_backticks(text: str) -> None:
    fence = re.match(r"`+", code(text))[0]
    inside = code(text)[len(fence) : -len(fence)]
    assert not re.search(rf"(?<!`){fence}(?!`)", inside)


def test_fence_is_longer_than_what_is_inside() -> None:
    assert block(("````", "x"), "diff").startswith("`````diff\n")


def test_underscores_in_words_stay_readable() -> None:
    assert escaped("master_pipeline and _this_") == "master_pipeline and \\_this\\_"


def test_mail_addresses_stay_whole() -> None:
    assert escaped("to data-team@example.com") == "to data-team@example.com"


def test_details_have_empty_lines_so_that_markdown_inside_is_read() -> None:
    assert details("s", "b") == "<details><summary>s</summary>\n\nb\n\n</details>"


def test_policies_not_run_is_said() -> None:
    assert "| policies | not run |" in markdown(reviewed([]))
    assert "| policies | 1 passed |" in markdown(reviewed([], (PolicyResult("P", "LOW", "", "", "passed", "", ""),)))
