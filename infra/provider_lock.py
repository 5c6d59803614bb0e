"""The lock file that lets `cdktf deploy` initialise a stack without asking a registry."""

from __future__ import annotations

import json
from pathlib import Path

_REGISTRY = "registry.terraform.io"


def write_provider_lock(stack_folder: Path) -> None:
    """Write a lock with the providers' exact versions next to a synthesized stack, unless it has one.

    Without a lock file cdktf runs `terraform providers lock`, which always asks the registry, even where a mirror on
    this machine has the provider. Hashes are left out: `terraform init` adds those of what it installs.
    """
    lock = stack_folder / ".terraform.lock.hcl"
    if lock.exists():
        return
    stack = json.loads((stack_folder / "cdk.tf.json").read_text(encoding="utf-8"))
    lock.write_text("".join(_entry(**each) for each in stack["terraform"]["required_providers"].values()))


def _entry(source: str, version: str) -> str:
    return f'provider "{_REGISTRY}/{source}" {{\n  version     = "{version}"\n  constraints = "{version}"\n}}\n'
