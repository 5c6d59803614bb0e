"""The set-up names a missing prerequisite in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap.py"


def tool(folder: Path, name: str, prints: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{prints}'\n")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ({}, "Java is not installed"),
        ({"java": 'openjdk version "11.0.2"'}, "Java 11 is too old: install Java 17"),
        ({"java": 'openjdk version "17.0.2"'}, "Terraform is not installed"),
        ({"java": 'openjdk version "17.0.2"', "terraform": "Terraform v1.1.0"}, "Terraform is too old"),
    ],
)
def test_a_missing_prerequisite_is_named_in_one_line(tools: dict[str, str], expected: str, tmp_path: Path) -> None:
    for name, prints in tools.items():
        tool(tmp_path, name, prints)
    result = subprocess.run(
        [sys.executable, str(BOOTSTRAP)], env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert expected in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_old_python_is_named_in_one_line() -> None:
    old = next((p for v in ("3.8", "3.9", "3.10") if (p := _find(f"python{v}"))), None)
    if old is None:
        pytest.skip("no Python older than 3.11 on this machine")
    result = subprocess.run([old, str(BOOTSTRAP)], capture_output=True, text=True)
    assert result.returncode == 1
    assert "is too old: install Python 3.11" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def _find(name: str) -> str | None:
    found = subprocess.run(["/bin/sh", "-c", f"command -v {name}"], capture_output=True, text=True).stdout.strip()
    works = found and subprocess.run([found, "--version"], capture_output=True).returncode == 0
    return found if works else None
