"""Leaving CDKTF: what is exported plans no change against what cdktf deployed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.toolchain import ROOT

pytestmark = pytest.mark.slow


def test_the_export_plans_no_change_and_one_edit_plans_exactly_that(serve: Callable[..., Any], tmp_path: Path) -> None:
    deployer = serve("export", "--no-driver")
    deployer.cdktf("deploy", "local", "--auto-approve")
    out = tmp_path / "plain"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, env=deployer.env, cwd=ROOT, capture_output=True, text=True, check=False)

    said = run(sys.executable, "-m", "scripts", "export", "terraform", "--to", str(out))
    assert said.returncode == 0, said.stderr
    assert b'"//"' not in b"".join(file.read_bytes() for file in out.glob("*.json"))
    started = run("terraform", f"-chdir={out}", "init", "-input=false", "-no-color")
    assert started.returncode == 0, started.stdout + started.stderr

    plan = ("terraform", f"-chdir={out}", "plan", "-input=false", "-no-color", "-detailed-exitcode", "-out=p.tfplan")
    unchanged = run(*plan)
    assert unchanged.returncode == 0, unchanged.stdout + unchanged.stderr

    (out / "contents/Shared/ecommerce/local/sql/thresholds.toml").write_text("# edited\n")
    edited = run(*plan)
    assert edited.returncode == 2, edited.stdout + edited.stderr
    changes = json.loads(run("terraform", f"-chdir={out}", "show", "-json", "p.tfplan").stdout)["resource_changes"]
    moved = [each["address"] for each in changes if each["change"]["actions"] != ["no-op"]]
    assert len(moved) == 1, moved
    assert "thresholds" in moved[0]
