"""Whether a resource costs a plan as much among many as among few, beside what Terraform itself adds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from local.workspace.process import RunningWorkspace, start
from scripts.bench import plan
from scripts.bench.measurement import Measurement

_GOAL = 1.5
_FILES_PER_JOB = 5
_ROUNDS = 2  # the shorter of so many plans counts


def measure_growth(few: int = 250, many: int = 1000) -> list[Measurement]:
    """Time plans of unchanged jobs, each with five workspace files, and of as many resources that ask nobody."""
    with tempfile.TemporaryDirectory(prefix="bench-growth-") as folder:
        root = Path(folder)
        with start(root / "workspace", arguments=["--no-driver"]) as workspace:
            ours = {jobs: _seconds(root / f"ours-{jobs}", _ours(jobs), workspace) for jobs in (few, many)}
            bare = {jobs: _seconds(root / f"bare-{jobs}", _bare(jobs), workspace) for jobs in (few, many)}
    terraform = bare[many] / bare[few] / (many / few)
    return [
        Measurement(
            name=f"plan, each resource of {many} jobs and {many * _FILES_PER_JOB} files",
            figure=round(1000 * ours[many] / _size(many), 2),
            baseline=round(1000 * ours[few] / _size(few), 2),
            ratio=round(ours[many] / ours[few] / (many / few), 2),
            goal=_GOAL,
            unit="ms",
            note=f"floor: each of {few} and {few * _FILES_PER_JOB}; Terraform alone grows by {terraform:.2f}",
        )
    ]


def _size(jobs: int) -> int:
    return jobs * (1 + _FILES_PER_JOB)


def _ours(jobs: int) -> dict[str, Any]:
    """Return names that differ from those of the other size: both stand in one workspace."""
    found: dict[str, dict[str, Any]] = {}
    for number in range(_size(jobs)):
        kind, arguments = (plan.file if number % (1 + _FILES_PER_JOB) else plan.job)(number + 100_000 * jobs)
        found.setdefault(kind, {})[f"r{number}"] = arguments
    return {"resource": found}


def _bare(jobs: int) -> dict[str, Any]:
    return {"resource": {"terraform_data": {f"r{number}": {"input": "x" * 100} for number in range(_size(jobs))}}}


def _seconds(folder: Path, configuration: dict[str, Any], workspace: RunningWorkspace) -> float:
    stack = plan.stack(folder, configuration, workspace)
    return min(plan.time_plan(stack, workspace) for _ in range(_ROUNDS))
