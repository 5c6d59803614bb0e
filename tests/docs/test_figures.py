"""Figures that `ecom docs --bench` takes from a report of `make bench`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import app
from scripts.docs import figures
from scripts.docs.refresh import refresh
from scripts.errors import CommandError

from .reading import ROOT

DRIFT = {
    "name": "drift of 300 unchanged objects",
    "figure": 0.4,
    "baseline": 2.5,
    "unit": "s",
    "measured_at": "2027-01-02T03:04:05+00:00",
}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / figures.FILE, tmp_path))


def report(folder: Path, *found: dict[str, Any]) -> Path:
    file = folder / "bench.json"
    file.write_text(json.dumps({"figures": found}))
    return file


def test_what_a_report_has_is_taken_with_what_it_stands_beside_and_its_day(kept: Path, tmp_path: Path) -> None:
    before = figures.load(kept)
    (taken,) = refresh(kept, report(tmp_path, DRIFT, {**DRIFT, "name": "of no page"}))
    after = {each.name: each for each in figures.load(kept).shown}
    found = after.pop(taken)
    assert found.beside is not None
    assert (found.figure, found.beside.figure, found.date) == (0.4, 2.5, "2027-01-02")
    assert [each for each in before.shown if each.name != taken] == list(after.values())
    assert figures.load(kept).rates == before.rates


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "no report of make bench: FileNotFoundError"),
        ("{", "no report of make bench: JSONDecodeError"),
        ("[]", "no report of make bench: TypeError"),
        (json.dumps({"figures": [{**DRIFT, "unit": "ms"}]}), "'drift of 300 unchanged objects' is in ms, in .* in s"),
    ],
)
def test_a_report_that_cannot_be_believed_changes_nothing(
    kept: Path, tmp_path: Path, said: str | None, message: str
) -> None:
    before, file = kept.read_bytes(), tmp_path / "bench.json"
    if said is not None:
        file.write_text(said)
    with pytest.raises(CommandError, match=message):
        refresh(kept, file)
    assert kept.read_bytes() == before


def test_a_report_is_not_taken_by_who_writes_nothing() -> None:
    result = CliRunner().invoke(app, ["docs", "--check", "--bench", "bench.json"])
    assert isinstance(result.exception, CommandError)
    assert "neither --check nor --dry-run" in str(result.exception)
    assert figures.load(ROOT / figures.FILE).shown[0].figure > 0
