"""Terraform, CDKTF and the Databricks provider as this machine can have them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import CommandError

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".local" / "tools"
CDKTF = TOOLS / "node" / "node_modules" / ".bin" / "cdktf"

# What the CDKTF bindings were generated from; the bindings and the provider must not drift apart.
PROVIDER_VERSION = "1.99.0"

# A registry that does not answer within this time is out of reach for a demo that promises minutes.
REGISTRY_TIMEOUT_SECONDS = 60

_PROBE = f"""
terraform {{
  required_providers {{
    databricks = {{ source = "databricks/databricks", version = "{PROVIDER_VERSION}" }}
  }}
}}
"""


@dataclass(frozen=True)
class Provider:
    """Where Terraform gets the Databricks provider from: `official` or `local`, and its CLI configuration."""

    origin: str
    terraformrc: Path


def local_provider() -> Provider:
    """Return the provider of this repository, installed by the set-up."""
    return Provider("local", TOOLS / "terraformrc")


def official_provider() -> Provider | None:
    """Return the official provider when Terraform can download it, else None."""
    cache = TOOLS / "plugin-cache"
    cache.mkdir(parents=True, exist_ok=True)
    config = TOOLS / "terraformrc-official"
    config.write_text(f'plugin_cache_dir = "{cache}"\nplugin_cache_may_break_dependency_lock_file = true\n')
    with tempfile.TemporaryDirectory(prefix="provider-probe-") as folder:
        (Path(folder) / "main.tf").write_text(_PROBE)
        command = ["terraform", "init", "-input=false", "-no-color", "-backend=false"]
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1"}
        try:
            result = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, timeout=REGISTRY_TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return None
    return Provider("official", config) if result.returncode == 0 else None


def environment(provider: Provider, host: str, token: str) -> dict[str, str]:
    """Return the process environment in which cdktf and terraform deploy to `host`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "ARM_"))}
    return {
        **with_tools(inherited),
        "TF_CLI_CONFIG_FILE": str(provider.terraformrc),
        "DATABRICKS_HOST": host,
        "DATABRICKS_TOKEN": token,
        "DATABRICKS_AUTH_TYPE": "pat",
    }


def with_tools(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a process environment completed so that cdktf and terraform are found and stay by themselves."""
    return {
        **variables,
        "PATH": os.pathsep.join([str(ROOT / ".venv" / "bin"), str(CDKTF.parent), variables.get("PATH", "")]),
        "CHECKPOINT_DISABLE": "1",
        "CI": "1",
        # Else cdktf keeps a copy of the local provider in the user's home.
        "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }


def run(command: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path = ROOT) -> None:
    """Run a tool with its output kept in `log`; raise CommandError with the end of it when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        result = subprocess.run(command, env=dict(env), cwd=cwd, stdout=output, stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").strip().splitlines()[-20:])
        name = " ".join([Path(command[0]).name, *command[1:3]])
        raise CommandError(f"{name} exited {result.returncode}; the whole output is in {log}:\n{tail}")
