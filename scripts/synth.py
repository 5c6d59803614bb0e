"""The stacks of environments as the code declares them now."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts import toolchain
from scripts.errors import CommandError


def synthesize(environment: str, output: Path, variables: Mapping[str, str]) -> Path:
    """Return the folder of the stack as the code declares it now; CommandError with the app's own line."""
    return synthesize_all([environment], output, variables)[environment]


def synthesize_all(environments: Sequence[str], output: Path, variables: Mapping[str, str]) -> dict[str, Path]:
    """Return the folders of several stacks by environment; CommandError with the app's own line.

    This starts the app as `cdktf synth` would, with the same result to the byte, and saves the six seconds that the
    tool around it takes.
    """
    stacks = {name: output.resolve() / "stacks" / name for name in environments}
    for stack in stacks.values():
        (stack / ".terraform.lock.hcl").unlink(missing_ok=True)  # of an earlier provider, maybe: the app writes it anew
    chosen = {**variables, "ECOM_ENVIRONMENT": ",".join(environments), "CDKTF_OUTDIR": str(output.resolve())}
    result = subprocess.run(
        [sys.executable, "-m", "infra.main"],
        env=chosen,
        cwd=toolchain.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        own = next((line for line in lines if line.startswith("error: ")), lines[-1] if lines else "no word")
        raise CommandError(f"synth of '{', '.join(environments)}': {own.removeprefix('error: ')}")
    return stacks
