from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from scripts.docs import command, facts, places

from .reading import ROOT


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that pages are generated from, and the pages, brought up to date so that only a test's own change shows."""
    root = tmp_path_factory.mktemp("template")
    ignored = shutil.ignore_patterns("__pycache__", "target", "dbt_packages", "logs")
    for folder in ("infra", "notebooks", "sql", "dbt", "docs", "tests/sql/critical_alerts"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for file in ("README.md", facts.MAILED):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    for change in places.CHANGES:  # something where the table of changes points at
        for pattern in (*change.files, change.proof):
            there = root / next(ROOT.glob(pattern)).relative_to(ROOT)
            there.parent.mkdir(parents=True, exist_ok=True)
            if not there.exists():
                there.touch()
    command.run(False, False, None, False, Console(file=io.StringIO()), root)
    return root


@pytest.fixture
def copy(template: Path, tmp_path: Path) -> Path:
    """A copy of the repository for one test to change."""
    return Path(shutil.copytree(template, tmp_path / "copy"))
