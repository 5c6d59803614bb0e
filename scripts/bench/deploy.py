"""Deploy, deploy again, deploy one change: `cdktf deploy` beside a bare `terraform apply` of the same stack folder."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import JobSettings

from infra.environments import LOCAL
from local.workspace.process import RunningWorkspace, start
from scripts import runs, toolchain
from scripts.bench.measurement import Measurement, beside, seconds
from scripts.bench.terraform import environment, run_terraform
from scripts.demo import deployment
from scripts.synth import synthesize

_GOAL = 1.5
_ROUNDS = 2
_STEPS = ("deploy", "deploy of nothing new", "deploy of one change")


@dataclass(frozen=True)
class _Site:
    """A workspace of its own, with a state of its own."""

    workspace: RunningWorkspace
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        known = environment(self.workspace.host, self.workspace.token)
        return {**known, "ECOM_STATE": f"local:{self.folder / 'state'}"}

    def change(self) -> None:
        """Make one job differ from what is declared, so that the next deploy has one thing to do."""
        client = WorkspaceClient(host=self.workspace.host, token=self.workspace.token, auth_type="pat")
        job = runs.job_id(client, LOCAL.display_name("master_pipeline"))
        client.jobs.update(job, new_settings=JobSettings(timeout_seconds=61))


def measure_deploy() -> list[Measurement]:
    """Time all three ways on workspaces that start empty, ours and the bare one in turn."""
    ours: dict[str, list[float]] = {step: [] for step in _STEPS}
    bare: dict[str, list[float]] = {step: [] for step in _STEPS}
    synths: list[float] = []
    alone: list[float] = []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory(prefix="bench-deploy-") as name:
            _round(Path(name), ours, bare, synths, alone)
    note = (
        f"floor: terraform apply, initialised and synthesized before; of ours {statistics.median(synths):.1f} s are the"
        f" synth, the rest is cdktf: Node starting and a plan before the apply; {_ROUNDS} rounds"
    )
    steps = [beside(f"{step} ({LOCAL.name})", ours[step], bare[step], _GOAL, note) for step in _STEPS]
    why = "cdktf deploy --skip-synth beside the same terraform apply: what no code of ours is part of"
    return [*steps, beside("deploy of nothing new, cdktf alone", alone, bare[_STEPS[1]], None, why)]


def _round(
    root: Path,
    ours: dict[str, list[float]],
    bare: dict[str, list[float]],
    synths: list[float],
    alone: list[float],
) -> None:
    quiet = ["--no-driver"]
    with start(root / "ours", arguments=quiet) as first, start(root / "bare", arguments=quiet) as second:
        site, plain = _Site(first, root / "1"), _Site(second, root / "2")
        site.folder.mkdir()
        plain.folder.mkdir()
        synths.append(seconds(lambda: synthesize(LOCAL.name, plain.folder / "out", plain.variables)))
        stack = plain.folder / "stack"
        shutil.copytree(plain.folder / "out" / "stacks" / LOCAL.name, stack)
        run_terraform(stack, plain.variables, "init")
        for step in _STEPS:
            if step == _STEPS[-1]:
                site.change()
                plain.change()
            bare[step].append(seconds(lambda: run_terraform(stack, plain.variables, "apply", "-auto-approve")))
            ours[step].append(seconds(lambda: _deploy(site)))
        alone.append(seconds(lambda: _deploy_again(site)))


def _deploy(site: _Site) -> None:
    deployment.deploy(LOCAL.name, site.variables, site.folder / "deploy.log", site.folder / "out")


def _deploy_again(site: _Site) -> None:
    command = [str(toolchain.CDKTF), "deploy", LOCAL.name, "--skip-synth", "--auto-approve"]
    toolchain.run([*command, "--output", str(site.folder / "out")], site.variables, site.folder / "alone.log")
