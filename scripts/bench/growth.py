"""Whether a resource costs a plan as much among many as among few, beside what Terraform itself adds."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from local.workspace.process import RunningWorkspace, start
from scripts.bench import plan
from scripts.bench.measurement import Measurement
from scripts.bench.terraform import environment, run_terraform

_GOAL = 1.5
_FILES_PER_JOB = 5
_FEW = 100  # jobs
_MANY = 400
_PART = 50  # jobs that are deployed at once
_ROUNDS = 2  # the shorter of so many plans counts

Resources = dict[str, dict[str, Any]]


def measure_growth(few: int = _FEW, many: int = _MANY, part: int = _PART) -> list[Measurement]:
    """Time plans of unchanged jobs, each with five workspace files, and of as many resources that ask nobody."""
    with tempfile.TemporaryDirectory(prefix="bench-growth-") as folder:
        root = Path(folder)
        with start(root / "workspace", arguments=["--no-driver"]) as workspace:
            sizes = (few // part, many // part)
            ours = _grow(root / "ours", _ours, part * (1 + _FILES_PER_JOB), sizes, workspace)
            bare = _grow(root / "bare", _bare, part * (1 + _FILES_PER_JOB), sizes, workspace)
    times = many / few
    terraform = bare[1] / bare[0] / times
    return [
        Measurement(
            name=f"plan, each resource of {many} jobs and {many * _FILES_PER_JOB} files",
            figure=round(1000 * ours[1] / many / (1 + _FILES_PER_JOB), 2),
            baseline=round(1000 * ours[0] / few / (1 + _FILES_PER_JOB), 2),
            ratio=round(ours[1] / ours[0] / times, 2),
            goal=_GOAL,
            unit="ms",
            note=f"floor: each of {few} and {few * _FILES_PER_JOB}; Terraform alone grows by {terraform:.2f}",
        )
    ]


def _grow(
    root: Path,
    resources: Callable[[range], Resources],
    part: int,
    sizes: tuple[int, int],
    workspace: RunningWorkspace,
) -> tuple[float, float]:
    """Return the seconds of a plan of the first parts, and of all parts, each in one stack."""
    root.mkdir()
    few, many = sizes
    numbers = [range(part * number, part * (number + 1)) for number in range(many)]
    stacks = [plan.stack(root / str(n), {"resource": resources(each)}, workspace) for n, each in enumerate(numbers)]
    wholes = (_join(root / "few", stacks[:few], workspace), _join(root / "many", stacks, workspace))
    first, second = (min(plan.time_plan(whole, workspace) for _ in range(_ROUNDS)) for whole in wholes)
    return first, second


def _join(folder: Path, stacks: Sequence[Path], workspace: RunningWorkspace) -> Path:
    """Make one stack of what several have deployed, with their states in one.

    Terraform copies the whole state for each resource that it adds: to deploy all at once takes it time by the square
    of how many there are.
    """
    folder.mkdir()
    declared = [json.loads((stack / "main.tf.json").read_text()) for stack in stacks]
    states = [json.loads((stack / "terraform.tfstate").read_text()) for stack in stacks]
    kinds = {kind for part in declared for kind in part["resource"]}
    together = {kind: {k: v for part in declared for k, v in part["resource"][kind].items()} for kind in kinds}
    (folder / "main.tf.json").write_text(json.dumps({**declared[0], "resource": together}))
    resources = [each for state in states for each in state["resources"]]
    (folder / "terraform.tfstate").write_text(json.dumps({**states[0], "resources": resources}))
    run_terraform(folder, environment(workspace.host, workspace.token), "init")
    return folder


def _ours(numbers: range) -> Resources:
    found: Resources = {}
    for number in numbers:
        kind, arguments = (plan.file if number % (1 + _FILES_PER_JOB) else plan.job)(number)
        found.setdefault(kind, {})[f"r{number}"] = arguments
    return found


def _bare(numbers: range) -> Resources:
    return {"terraform_data": {f"r{number}": {"input": "x" * 100} for number in numbers}}
