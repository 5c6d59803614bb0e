"""What must be true of the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    existing = [file for file in files if file.is_file()]
    assert existing, f"no tracked file matches {patterns}"
    return existing


def test_locks_pin_by_hash_and_name_no_host() -> None:
    for lock in tracked("requirements/*.txt", "requirements/package-lock.json"):
        text = lock.read_text()
        assert not re.search(r'--(extra-)?index-url|"resolved"|://[^"\s]*/(simple|maven2|packages)/', text), lock
    pins = re.findall(r"^[a-z][\w.-]*==", (ROOT / "requirements" / "dev.txt").read_text(), re.M)
    hashes = (ROOT / "requirements" / "dev.txt").read_text().count("--hash=sha256:")
    assert len(pins) > 100
    assert hashes >= len(pins)


def test_the_project_file_stays_short() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert len(text.splitlines()) < 120
    tomllib.loads(text)


def test_ci_runs_what_a_developer_runs() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make test"


def test_no_python_file_outgrows_its_reader() -> None:
    long = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in tracked("*.py")}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


@pytest.mark.parametrize(
    "pattern", [r"/root/", r"/work/(main|shared)", r"dapi[0-9a-f]{32}", r"BEGIN (EC |RSA )?PRIVATE KEY"]
)
def test_nothing_of_a_machine_and_no_secret_is_committed(pattern: str) -> None:
    found = [
        str(file.relative_to(ROOT))
        for file in tracked()
        if file != Path(__file__).resolve() and re.search(pattern, file.read_text(errors="replace"))
    ]
    assert found == []


def test_only_the_render_layer_touches_cdktf() -> None:
    allowed = ("infra/render/", "infra/stack.py", "infra/main.py", "tests/")
    users = [
        str(file.relative_to(ROOT))
        for file in tracked("*.py")
        if re.search(r"^(from|import) (cdktf|constructs)\b", file.read_text(), re.M)
    ]
    assert users
    assert [user for user in users if not user.startswith(allowed)] == []
