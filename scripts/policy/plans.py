"""Plans of environments that need no account: real Terraform against an empty local workspace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.workspace import process
from scripts import toolchain
from scripts.connection import first_line
from scripts.errors import CommandError

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
                "ECOM_ENVIRONMENT": ",".join(environments),
                "ECOM_RUN_AS": variables.get("ECOM_RUN_AS") or STAND_IN_RUN_AS,
                "ECOM_STATE": f"local:{folder / 'state'}",
                "CDKTF_OUTDIR": str(folder / "cdktf.out"),
            }
            told("synthesizing")
            _run([sys.executable, "-m", "infra.main"], settings)
            plans = {}
            for name in environments:
                told(f"planning {name}")
                plans[name] = _plan(folder, name, settings)
            return plans
    except process.WorkspaceError as error:
        raise CommandError(first_line(error)) from error


def _plan(folder: Path, name: str, settings: Mapping[str, str]) -> Path:
    terraform = ["terraform", f"-chdir={folder / 'cdktf.out' / 'stacks' / name}"]
    _run([*terraform, "init", "-input=false", "-no-color"], settings)
    _run([*terraform, "plan", "-input=false", "-no-color", "-lock=false", "-out=policy.tfplan"], settings)
    file = folder / name / "plan.json"
    file.parent.mkdir()
    file.write_text(_run([*terraform, "show", "-json", "policy.tfplan"], settings))
    return file


def _run(command: list[str], settings: Mapping[str, str]) -> str:
    result = subprocess.run(
        command, env=dict(settings), cwd=toolchain.ROOT, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        step = next((word for word in command[1:] if not word.startswith("-")), "")
        raise CommandError(f"{Path(command[0]).name} {step} exited {result.returncode}: {said[-2000:]}")
    return result.stdout
