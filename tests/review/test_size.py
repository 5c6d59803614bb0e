from __future__ import annotations

import base64

import pytest

from scripts.bench.review import plan
from scripts.review import prices
from scripts.review.document import document
from scripts.review.facts import PolicyResult
from scripts.review.markdown import LIMIT, markdown
from scripts.review.review import review
from tests.review.made import FACTS, entry, reviewed

MANY = 5000
KINDS = ("databricks_notebook", "databricks_job", "databricks_schema", "databricks_permissions", "databricks_directory")


def _destroyed(count: int, name: str = "thing") -> list[dict]:
    return [
        entry(f"{KINDS[number % 5]}.{name}_{number}", ["delete"], {"name": f"{name} {number}"}, None)
        for number in range(count)
    ]


@pytest.mark.parametrize("actions", [["delete"], ["create"], ["update"], ["delete", "create"], ["forget"]])
@pytest.mark.parametrize("name", ["thing", "n" * 300, "<|`*_[@#" * 30], ids=["plain", "long", "nasty"])
def test_any_plan_of_one_kind_fits(actions: list[str], name: str) -> None:
    sides = ({"name": name, "comment": "<a>" * 200}, {"name": name, "comment": "<b>" * 200})
    before = None if actions == ["create"] else sides[0]
    after = None if actions in (["delete"], ["forget"]) else sides[1]
    found = reviewed(entry(f"{KINDS[n % 5]}.{name}_{n}", actions, before, after) for n in range(800))
    text = markdown(found)
    assert len(text) <= LIMIT
    assert f"{sum(found.counts.values()):,}" in text.splitlines()[2]


def test_plan_of_5000_mixed_changes_fits_and_its_json_has_all() -> None:
    found = review(plan(MANY), FACTS, prices.load(), None)
    assert len(markdown(found)) <= LIMIT
    assert len(document(found)["changes"]) == MANY


def test_few_destroys_are_all_there_however_much_else_there_is() -> None:
    more = [entry(f"databricks_notebook.n{n}", ["create"], None, {"path": "/n" * 40}) for n in range(3000)]
    text = markdown(reviewed([*_destroyed(400), *more]))
    assert len(text) <= LIMIT
    assert all(f"destroyed `{KINDS[number % 5]}.thing_{number}`: " in text for number in range(400))


def test_a_thousand_destroys_keep_every_address() -> None:
    text = markdown(reviewed(_destroyed(1000)))
    assert len(text) <= LIMIT
    assert all(f"`{KINDS[number % 5]}.thing_{number}`" in text for number in range(1000))


def test_5000_destroys_keep_every_count_and_as_many_names_as_fit() -> None:
    text = markdown(reviewed(_destroyed(MANY)))
    assert LIMIT * 0.9 < len(text) <= LIMIT
    for kind in KINDS:
        assert f"- `{kind} destroyed` 1,000: " in text
    assert text.count("more in review.json") >= len(KINDS)
    assert text.index("databricks_schema destroyed") < text.index("databricks_notebook destroyed")


def test_diffs_go_first_then_fields_then_adds() -> None:
    lines = "\n".join(f"line {number}" for number in range(60))
    texts = [base64.b64encode(text.encode()).decode() for text in (lines, lines.replace("line", "row"))]
    sides = [{"path": "/n", "content_base64": text} for text in texts]
    files = [entry(f"databricks_notebook.n{n}", ["update"], *sides) for n in range(200)]
    files = [
        {**each, "change": {**each["change"], "after": {**sides[1], "content_base64": base64.b64encode(
            f"{n}\n{lines}".replace("line", "row").encode()).decode()}}}
        for n, each in enumerate(files)
    ]  # fmt: skip
    found = reviewed([*files, *_destroyed(50)])
    text = markdown(found)
    assert len(text) <= LIMIT
    assert len(found.diffs) == 200
    assert "more do not fit here" in text
    assert text.count("changed `databricks_notebook") == 200
    assert text.count("destroyed `") == 50


def test_5000_failed_policies_fit() -> None:
    results = tuple(
        PolicyResult(f"ECOM_{n}", "HIGH", "<title>" * 40, f"databricks_job.j{n}", "failed", "@why" * 90, "#1" * 90)
        for n in range(MANY)
    )
    found = reviewed(_destroyed(3), results)
    text = markdown(found)
    assert len(text) <= LIMIT
    assert (found.exit_code, found.risk.level) == (3, "high")
    assert "refused by policy: 5000 failed" in text.splitlines()[2]
    assert text.count("destroyed `") == 3


def test_the_same_diff_is_shown_once() -> None:
    sides = [{"query_text": text, "display_name": "a"} for text in ("select 1\n", "select 2\n")]
    found = reviewed(entry(f"databricks_alert_v2.a{number}", ["update"], *sides) for number in range(10))
    assert [diff.title for diff in found.diffs] == ["alert a0 query and the same in 9 more"]
