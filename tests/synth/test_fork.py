"""Going on with the fork of CDKTF: what the page says is done to a copy, which then synthesizes the same stacks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.environments import ENVIRONMENTS
from scripts import toolchain
from scripts.synth import synthesize_all
from tests.docs import reading

pytestmark = pytest.mark.slow

RUN_AS = "01234567-89ab-cdef-0123-456789abcdef"
PAGE = toolchain.ROOT / "docs" / "how-to" / "leave-cdktf.md"
BIN = toolchain.ROOT / ".venv" / "bin"
ROOMS = ("infra", "notebooks", "dbt", "sql")
# All that may differ: who wrote the file, and the provider that the fork's bindings were made from.
NAMED = {"//.metadata.version", "terraform.required_providers.databricks.version"}

Stack = dict[str, Any]


def renaming() -> str:
    """The one command of the page that changes code."""
    blocks = [block for _, block in reading.fences(PAGE.read_text()) if "cdktn" in block]
    assert len(blocks) == 1, PAGE
    return blocks[0]


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield where two documents are not the same."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            here = f"{path}.{name}" if path else name
            yield from differences(old[name], new[name], here) if name in old and name in new else iter([here])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif old != new:
        yield path


def fork(home: Path) -> Path:
    """Install the fork from its lock and return its Python."""
    python, lock = home / "bin" / "python", toolchain.ROOT / "requirements" / "fork.txt"
    for words in (
        ["venv", "--quiet", "--python", sys.executable, str(home)],
        ["pip", "install", "--quiet", "--no-cache", "--require-hashes", "--python", str(python), "-r", str(lock)],
    ):
        made = subprocess.run([str(BIN / "uv"), *words], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
    return python


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Stack, Stack]]:
    """Every environment as our CDKTF synthesizes it, and as the fork does from a renamed copy."""
    folder = tmp_path_factory.mktemp("fork")
    copy, output, python = folder / "copy", folder / "theirs", fork(folder / "venv")
    for room in ROOMS:
        shutil.copytree(
            toolchain.ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__", "target", "logs")
        )
    subprocess.run(["bash", "-euo", "pipefail", "-c", renaming()], cwd=copy, check=True)
    variables = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "ECOM_RUN_AS": RUN_AS}
    ours = synthesize_all(list(ENVIRONMENTS), folder / "ours", variables)
    asked = {"ECOM_ENVIRONMENT": ",".join(ENVIRONMENTS), "CDKTF_OUTDIR": str(output)}
    made = subprocess.run(
        [str(python), "-m", "infra.main"],
        cwd=copy,
        env={**variables, **asked, "PYTHONPATH": f"{copy}{os.pathsep}{copy / 'notebooks'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return {name: (_read(stack, toolchain.ROOT), _read(output / "stacks" / name, copy)) for name, stack in ours.items()}


def _read(stack: Path, root: Path) -> Stack:
    """Return a stack; the state of `local` lies below the repository that it is synthesized in."""
    text = (stack / "cdk.tf.json").read_text()
    found: Stack = json.loads(text.replace(json.dumps(str(root))[1:-1], "<repository>"))
    return found


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_the_fork_synthesizes_the_same(name: str, stacks: dict[str, tuple[Stack, Stack]]) -> None:
    ours, theirs = stacks[name]
    assert sum(len(group) for group in ours["resource"].values()) > 200
    assert set(differences(ours, theirs)) == NAMED


def test_nothing_of_cdktf_is_left_and_the_page_names_what_is_installed(stacks: dict[str, tuple[Stack, Stack]]) -> None:
    lock = (toolchain.ROOT / "requirements" / "fork.txt").read_text()
    assert not re.search(r"^cdktf", lock, re.M)
    told = set(re.findall(r"`(cdktn[\w-]*==[\d.]+)`", PAGE.read_text()))
    assert told == set(re.findall(r"^(cdktn[\w-]*==[\d.]+)", lock, re.M))
    provider = stacks["prod"][1]["terraform"]["required_providers"]["databricks"]["version"]
    assert f"provider {provider}" in PAGE.read_text()


def test_a_difference_is_found() -> None:
    old = {"a": [{"b": 1}, {"b": 2}], "c": 1, "e": [1]}
    assert list(differences(old, {"a": [{"b": 1}, {"b": 3}], "d": 1, "e": []})) == ["a[1].b", "c", "d", "e"]
