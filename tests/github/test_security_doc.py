"""docs/security.md says what is so: its tests exist, its table is the one that is deployed, its variables are read."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from infra.access import ACCESS, ANALYSTS, ENGINEERS, ON_CALL

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
GROUPS = (ANALYSTS, ENGINEERS, ON_CALL)


@cache
def functions(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def missing(text: str) -> list[str]:
    """Return the tests that a text names and that are not there."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    return [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)]


def test_every_test_that_is_named_exists() -> None:
    assert len(re.findall(r"`tests/[^`]*::", TEXT)) >= 35
    assert len(re.findall(r"`tests/[^`]*`", TEXT)) == len(re.findall(r"`tests/[\w/]+\.py::test_\w+`", TEXT))
    assert missing(TEXT) == []


def test_a_test_that_is_not_there_is_found() -> None:
    here = "tests/github/test_security_doc.py"
    gone = [f"{here}::test_of_another_day", "tests/github/test_gone.py::test_a"]
    assert missing(" ".join(f"`{each}`" for each in gone)) == gone


def test_every_claim_in_a_table_of_dangers_names_a_test() -> None:
    for heading in ("## What could leak", "## The local workspace"):
        section = TEXT.partition(heading)[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
        assert len(rows) >= 7
        assert [row for row in rows if "::test_" not in row.split("|")[-2]] == []


def test_the_table_of_access_is_the_one_that_is_deployed() -> None:
    subjects = sorted({(entry.kind, entry.key or "") for entry in ACCESS})
    levels = {(entry.kind, entry.key or "", entry.group): entry.level for entry in ACCESS}
    rows = []
    for kind, key in subjects:
        cells = [levels.get((kind, key, group), "-") for group in GROUPS]
        rows.append(f"| {kind}{f' `{key}`' if key else ''} | {' | '.join(cells)} |")
    assert {entry.group for entry in ACCESS} == set(GROUPS)
    assert "\n".join([f"| object | {' | '.join(GROUPS)} |", "|---|---|---|---|", *rows, ""]) in TEXT


def test_every_variable_that_a_workflow_reads_is_to_be_set() -> None:
    read = {
        name
        for file in (ROOT / ".github" / "workflows").iterdir()
        for name in re.findall(r"vars\.(\w+)", file.read_text())
    }
    step = TEXT.partition("\n4. ")[2].partition("\n5. ")[0]
    assert set(re.findall(r"`([A-Z_]+)`", step)) == read
