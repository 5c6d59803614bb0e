"""What a person waits for: `make demo` where nothing is there and once more, `make test-fast`; the memory of each.

The second demo brings nothing new: its run of master is a night without news. After it dbt builds what is there.

`make test` is left out: it runs what a benchmark runs beside, and CI says in each run how long it took.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient

from scripts import toolchain, workspaces
from scripts.bench.dbt import measure_dbt
from scripts.bench.measurement import Measurement, against, beside, seconds
from scripts.bench.memory import Peak
from scripts.errors import CommandError

_FAST_SECONDS = 60.0
_NIGHT_SECONDS = 15.0
# Not set up anew: how long an installation takes is the network's figure.
_MAKE = ("make", "--assume-old=setup", "--no-print-directory")


def measure_commands() -> list[Measurement]:
    """Run the demo in a checkout without a workspace, again with it, and the fast tests in this one."""
    with checkout() as root:
        try:
            cold, news = _demo(root, "in a new checkout")
            warm, nothing = _demo(root, "again")
            builds = measure_dbt(_client(root))
        finally:
            _run([*_MAKE, "stop"], root)
    note = "floor: the first run, which takes in 60 days; small statements one after the other, dbt among them"
    night = against("master without news", [nothing], news, _NIGHT_SECONDS, note)
    return [cold, warm, night, *builds, _fast()]


def _client(root: Path) -> WorkspaceClient:
    running = workspaces.find(root / ".local" / "workspace")
    if running is None:
        raise CommandError("The demo of the benchmark left no workspace.")
    return WorkspaceClient(host=running.host, token=running.token, auth_type="pat")


@contextmanager
def checkout() -> Iterator[Path]:
    """Copy what git knows of this checkout, with the same tools: the demo must not touch the workspace of this one."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=toolchain.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="bench-demo-") as name:
        root = Path(name)
        for each in filter(None, listed.stdout.split("\0")):
            if (file := toolchain.ROOT / each).is_file():
                (root / each).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, root / each)
        (root / ".local").mkdir()
        (root / ".venv").symlink_to(toolchain.ROOT / ".venv")
        (root / ".local" / "tools").symlink_to(toolchain.TOOLS)
        yield root


def _demo(root: Path, when: str) -> tuple[Measurement, float]:
    """Return what a demo took, and the seconds of the master run in it."""
    running = workspaces.find(root / ".local" / "workspace")
    pids = [running.pid] if running and running.pid else []
    with Peak(os.getpid(), *pids) as peak:
        spent = seconds(lambda: _run([*_MAKE, "demo"], root))
    summary: dict[str, Any] = json.loads((root / ".local" / "report" / "summary.json").read_text())
    steps = {step["name"]: float(step["seconds"]) for step in summary["steps"]}
    longest = sorted(steps, key=lambda name: -steps[name])[:3]
    note = "floor: the master run in it; " + ", ".join(f"{name} {steps[name]:.0f} s" for name in longest)
    found = beside(f"make demo, {when}", [spent], [steps["master"]], None, f"{note}; without the set-up")
    return replace(found, peak_mb=round(peak.megabytes)), steps["master"]


def _fast() -> Measurement:
    collect = [str(toolchain.ROOT / ".venv" / "bin" / "pytest"), "-m", "not slow", "--collect-only", "-q"]
    floor = seconds(lambda: _run(collect, toolchain.ROOT))
    with Peak(os.getpid()) as peak:
        spent = seconds(lambda: _run([*_MAKE, "test-fast"], toolchain.ROOT))
    note = "floor: collecting the same tests; make test is CI's to measure"
    return replace(against("make test-fast", [spent], floor, _FAST_SECONDS, note), peak_mb=round(peak.megabytes))


def _run(command: Sequence[str], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        said = "\n".join((result.stdout + result.stderr).strip().splitlines()[-15:])
        raise CommandError(f"{Path(command[0]).name} {command[-1]} in the benchmark: {said}")


def _environment() -> Mapping[str, str]:
    """Return this process's environment without what its own make told it, and without other trade than the demo's."""
    ours = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "DATA", "ONLY", "DAYS")
    return {name: value for name, value in os.environ.items() if name not in ours}
