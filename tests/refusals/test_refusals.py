"""What people give wrong is answered in one line that names the thing and the mend, and nothing is written.

`expected.md` shows every answer, to be read as those who get it: `make golden` writes it anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts import cli
from tests.refusals.cases import TYPED, WRITTEN, Case

EXPECTED = Path(__file__).parent / "expected.md"
HEAD = "# What is answered to bad input\n\n| given | exit code | answer |\n|---|---|---|\n"


def _typed(case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["ecom", *case.said.split()])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    said = capsys.readouterr()
    assert said.out == ""
    return int(exit_.value.code or 0), said.err.removeprefix("error: ")


def _written(case: Case) -> tuple[int, str]:
    """Every loader refuses with an error of its own kind, which the command that called it prints."""
    assert case.load is not None
    with pytest.raises((ValueError, cli.CommandError)) as refusal:
        case.load(Path.cwd() / next(iter(case.files), ""))
    assert type(refusal.value) is not ValueError
    return 1, str(refusal.value)


def _files() -> dict[Path, str]:
    return {file: file.read_text() for file in Path.cwd().rglob("*") if file.is_file()}


@pytest.mark.parametrize("case", [*TYPED, *WRITTEN], ids=lambda case: case.said.replace("/", " ")[:60])
def test_bad_input_gets_one_line_and_nothing_is_written(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "ECOM_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    for name, value in case.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # no profile of whoever runs this
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    before = _files()

    code, answer = _written(case) if case.load else _typed(case, monkeypatch, capsys)

    assert code != 0
    assert len(answer.strip().splitlines()) == 1
    assert _files() == before
    line = _line(case, code, answer.strip().replace(f"{tmp_path}/", ""))
    assert line in _expected(request, line), f"not in {EXPECTED.name}: make golden, and review the change\n{line}"


def _line(case: Case, code: int, answer: str) -> str:
    given = case.said
    if case.load is None:
        typed = [*(f"{name}={value}" for name, value in case.variables.items()), "ecom", case.said]
        found = [f"{name} holds {' '.join(text.split())!r}" for name, text in case.files.items()]
        given = "; ".join([" ".join(typed), *found])
    cells = [f"`{given}`", str(code), answer]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _expected(request: pytest.FixtureRequest, line: str) -> list[str]:
    """Return the lines of the golden table, with this one in its place under --golden."""
    lines = EXPECTED.read_text().splitlines() if EXPECTED.exists() else HEAD.splitlines()
    if request.config.getoption("--golden"):
        given = line.split(" | ")[0]
        kept = [each for each in lines if each.split(" | ")[0] != given]
        lines = [*kept, line]
        EXPECTED.write_text("\n".join(lines) + "\n")
    return lines


def test_the_table_has_every_case_and_no_other() -> None:
    assert len(EXPECTED.read_text().splitlines()) == len(HEAD.splitlines()) + len(TYPED) + len(WRITTEN)
    assert len(TYPED) + len(WRITTEN) >= 40
