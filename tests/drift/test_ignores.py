"""The ignore list: what it meets, when it is over, and how it says what is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scripts.drift import ignores
from scripts.drift.command import IGNORES
from scripts.drift.findings import Finding, Proposal
from scripts.errors import CommandError

TODAY = date(2026, 6, 30)
FINDING = Finding(
    kind="changed",
    address="databricks_sql_endpoint.analytics",
    path="tags.custom_tags[team]",
    declared=None,
    actual="x",
    severity="low",
    proposal=Proposal("", ""),
)


def _entry(**changes: str) -> str:
    given = {
        "address": '"databricks_sql_endpoint.*"',
        "path": '"tags.*"',
        "reason": '"The platform team tags warehouses."',
        "expires": "2026-12-31",
    }
    lines = [f"{name} = {value}" for name, value in (given | changes).items() if value]
    return "\n".join(["[[ignore]]", *lines, ""])


def _load(folder: Path, text: str) -> list[ignores.Ignore]:
    file = folder / "drift_ignores.toml"
    file.write_text(text)
    return ignores.load(file)


def test_the_list_of_this_repository_loads() -> None:
    assert ignores.load(IGNORES) is not None


def test_an_entry_sets_aside_what_it_names_and_says_why(tmp_path: Path) -> None:
    kept = ignores.sort([FINDING], _load(tmp_path, _entry()), TODAY)
    assert kept.findings == ()
    assert kept.ignored[0][1].reason == "The platform team tags warehouses."
    assert kept.notes == ()


def test_brackets_and_dots_mean_themselves(tmp_path: Path) -> None:
    exact = _load(tmp_path, _entry(address='"databricks_sql_endpoint.analytics"', path='"tags.custom_tags[team]"'))
    assert ignores.sort([FINDING], exact, TODAY).findings == ()
    other = _load(tmp_path, _entry(path='"tags.custom_tags[tea]"'))
    assert ignores.sort([FINDING], other, TODAY).findings == (FINDING,)
    dots = _load(tmp_path, _entry(address='"databricks_sql_endpointXanalytics"'))
    assert ignores.sort([FINDING], dots, TODAY).findings == (FINDING,)


def test_an_entry_counts_through_its_last_day_and_is_told_after(tmp_path: Path) -> None:
    entries = _load(tmp_path, _entry(expires="2026-06-30"))
    assert ignores.sort([FINDING], entries, TODAY).findings == ()
    over = ignores.sort([FINDING], entries, date(2026, 7, 1))
    assert over.findings == (FINDING,)
    assert over.notes == ("ignore entry is over since 2026-06-30: databricks_sql_endpoint.* tags.*",)


def test_an_entry_that_meets_nothing_is_told(tmp_path: Path) -> None:
    kept = ignores.sort([], _load(tmp_path, _entry()), TODAY)
    assert kept.notes == ("ignore entry meets nothing: databricks_sql_endpoint.* tags.*",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_entry(reason=""), "drift_ignores.toml: entry 1: reason is missing"),
        (_entry(reason='" "'), "drift_ignores.toml: entry 1: reason is empty"),
        (_entry(expires='"2026-12-31"'), "drift_ignores.toml: entry 1: expires: '2026-12-31' is no day"),
        (_entry(expires="2026-12-31T00:00:00Z"), "drift_ignores.toml: entry 1: expires: .* is no day"),
        (_entry(address='"*"'), "drift_ignores.toml: entry 1: address: '\\*' would ignore everything"),
        (_entry(until="1"), "drift_ignores.toml: entry 1: until: unknown"),
        (_entry() + _entry(path="5"), "drift_ignores.toml: entry 2: path: 5 is no text"),
        ("x = 1", "drift_ignores.toml: 'x': expected"),
        ("ignore = 1", "drift_ignores.toml: ignore: expected"),
        ("[[ignore", "drift_ignores.toml: "),
    ],
)
def test_a_malformed_entry_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        _load(tmp_path, text)
