"""Terraform as benchmarks run it: in a stack folder, with the local provider, asking nobody anything."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from scripts import toolchain
from scripts.errors import CommandError

_ASKING = ("init", "plan", "apply")  # the others know no -input
_TAIL = 2000  # characters of what Terraform said last


def run_terraform(folder: Path, variables: Mapping[str, str], *arguments: str, fine: Collection[int] = (0,)) -> str:
    """Run Terraform in a stack folder and return what it printed; an exit code that is not fine is a CommandError."""
    command = ["terraform", *arguments]
    command += ["-input=false", "-no-color"] if arguments[0] in _ASKING else []
    result = subprocess.run(command, cwd=folder, env=dict(variables), capture_output=True, text=True, check=False)
    if result.returncode not in fine:
        said = (result.stderr or result.stdout)[-_TAIL:]
        raise CommandError(f"terraform {arguments[0]} in the benchmark: {said}")
    return result.stdout


def environment(host: str, token: str) -> dict[str, str]:
    """Return the process environment that deploys to a workspace, without what the caller has set for Terraform."""
    known = toolchain.environment(toolchain.local_provider(), host, token)
    return {name: value for name, value in known.items() if not name.startswith("TF_") or name == "TF_CLI_CONFIG_FILE"}
