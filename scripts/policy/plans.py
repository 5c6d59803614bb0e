"""Plans of environments that need no account: real Terraform against an empty local workspace."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.workspace import process
from scripts import toolchain
from scripts.connection import first_line
from scripts.errors import CommandError
from scripts.plans.terraform import Terraform
from scripts.synth import synthesize_all

# Production does not synthesize without a service principal. Which one it is makes no difference to a policy.
STAND_IN_RUN_AS = "00000000-0000-4000-8000-000000000000"


def recorded(folder: Path, environments: Sequence[str]) -> dict[str, Path]:
    """Return plan files that were written before, `<folder>/<environment>/plan.json`; CommandError when one misses."""
    plans = {name: folder / name / "plan.json" for name in environments}
    for name, file in plans.items():
        if not file.is_file():
            raise CommandError(f"--plans: there is no {file}: run ecom plan --environment {name} first.")
    return plans


def planned(
    folder: Path, environments: Sequence[str], variables: Mapping[str, str], told: Callable[[str], None]
) -> dict[str, Path]:
    """Synthesize and plan environments as new ones; the plan files lie in the folder. `told` hears each step."""
    try:
        with process.start(folder / "workspace", arguments=("--no-driver",)) as workspace:
            provider = toolchain.local_provider()
            settings = {
                **toolchain.environment(provider, workspace.host, workspace.token),
                "ECOM_RUN_AS": variables.get("ECOM_RUN_AS") or STAND_IN_RUN_AS,
                "ECOM_STATE": f"local:{folder / 'state'}",
            }
            told("synthesizing")
            stacks = synthesize_all(environments, folder / "cdktf.out", settings)
            plans = {}
            for name, stack in stacks.items():
                told(f"planning {name}")
                plans[name] = _plan(Terraform(stack, settings, folder / "log"), folder / name / "plan.json")
            return plans
    except process.WorkspaceError as error:
        raise CommandError(first_line(error)) from error


def _plan(terraform: Terraform, file: Path) -> Path:
    terraform.init()
    file.parent.mkdir()
    plan = file.with_name("plan.tfplan")
    terraform.plan(plan)
    file.write_text(json.dumps(terraform.show(plan)))
    return file
