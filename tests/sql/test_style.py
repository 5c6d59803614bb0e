from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def lint(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sqlfluff", "lint", "--config", "dbt/.sqlfluff", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("templater", "folders"), [("jinja", ["dbt/models", "dbt/tests"]), ("placeholder", ["sql/queries"])]
)
def test_sql_keeps_to_the_house_style(templater: str, folders: list[str]) -> None:
    assert all(any((REPOSITORY / folder).rglob("*.sql")) for folder in folders)

    done = lint("--templater", templater, *folders)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_other_styles_are_seen(tmp_path: Path) -> None:
    (tmp_path / "shouting.sql").write_text("SELECT a from b where c < :stale_hours\n")

    done = lint("--templater", "placeholder", tmp_path)

    assert done.returncode == 1
    assert "capitalisation.keywords" in done.stdout
