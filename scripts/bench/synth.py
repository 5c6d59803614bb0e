"""What our code adds to the bindings: the synth of one environment beside importing them and doing nothing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.environments import DEV
from scripts import toolchain
from scripts.bench.measurement import Measurement, beside, seconds
from scripts.synth import synthesize

_GOAL = 1.5
_ROUNDS = 5
_FOREIGN = ("cdktf", "cdktf_cdktf_provider_databricks", "constructs")


def measure_synth() -> list[Measurement]:
    """Time synths of `dev` and imports of the very modules that they import, in turn."""
    variables = toolchain.with_tools(os.environ)
    modules = bindings(toolchain.ROOT / "infra")
    bare = [sys.executable, "-c", f"import {', '.join(modules)}"]
    ours, floor = [], []
    with tempfile.TemporaryDirectory(prefix="bench-synth-") as folder:
        for _ in range(_ROUNDS):
            floor.append(seconds(lambda: subprocess.run(bare, env=variables, cwd=toolchain.ROOT, check=True)))
            ours.append(seconds(lambda: synthesize(DEV.name, Path(folder), variables)))
    note = f"floor: python -c 'import …' of the {len(modules)} modules of the bindings; every call of one goes to Node"
    return [beside(f"synth of {DEV.name}", ours, floor, _GOAL, note)]


def bindings(folder: Path) -> list[str]:
    """Return the modules of CDKTF and its bindings that code below a folder imports."""
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name for name in names if name.partition(".")[0] in _FOREIGN}
    return sorted(found)
