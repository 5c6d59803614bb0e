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
_FEW = 250  # jobs
_TIMES = 4
_ROUNDS = 2  # the shorter of so many plans counts

Resources = dict[str, dict[str, Any]]


def measure_growth(few: int = _FEW, times: int = _TIMES) -> list[Measurement]:
    """Time plans of unchanged jobs, each with five workspace files, and of as many resources that ask nobody."""
    with tempfile.TemporaryDirectory(prefix="bench-growth-") as folder:
        root = Path(folder)
        with start(root / "workspace", arguments=["--no-driver"]) as workspace:
            ours = _grow(root / "ours", _ours, _parts(few, times), workspace)
            bare = _grow(root / "bare", _bare, _parts(few, times), workspace)
    many, size = few * times, few * (1 + _FILES_PER_JOB)
    terraform = bare[1] / bare[0] / times
    return [
        Measurement(
            name=f"plan, each resource of {many} jobs and {many * _FILES_PER_JOB} files",
            figure=round(1000 * ours[1] / size / times, 2),
            baseline=round(1000 * ours[0] / size, 2),
            ratio=round(ours[1] / ours[0] / times, 2),
            goal=_GOAL,
            unit="ms",
            note=f"floor: each of {few} and {few * _FILES_PER_JOB}; Terraform alone grows by {terraform:.2f}",
        )
    ]


def _parts(few: int, times: int) -> list[range]:
    size = few * (1 + _FILES_PER_JOB)
    return [range(size * part, size * (part + 1)) for part in range(times)]


def _grow(
    root: Path, resources: Callable[[range], Resources], parts: Sequence[range], workspace: RunningWorkspace
) -> tuple[float, float]:
    """Return the seconds of a plan of one part, and of all parts in one stack."""
    root.mkdir()
    stacks = [
        plan.stack(root / str(number), {"resource": resources(part)}, workspace) for number, part in enumerate(parts)
    ]
    whole = _join(root / "all", stacks, workspace)
    few, many = (min(plan.time_plan(each, workspace) for _ in range(_ROUNDS)) for each in (stacks[0], whole))
    return few, many


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
