"""Put the provider where Terraform's filesystem mirror looks for it."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from pathlib import Path

SOURCE = "registry.terraform.io/databricks/databricks"
VERSION = "1.99.0"

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def install(mirror: Path, terraformrc: Path) -> Path:
    """Write the provider's start script and a CLI configuration that knows no other place; return the script."""
    python = Path(sys.executable)
    # -I: neither the folder Terraform runs in nor PYTHON* variables may decide which `local` is imported.
    probe = subprocess.run([python, "-I", "-c", "import local.provider"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        raise SystemExit(
            f"{python} cannot import local.provider from elsewhere: put the project's root on its path (.pth)"
        )
    machine = platform.machine().lower()
    target = f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"
    script = mirror.resolve() / SOURCE / VERSION / target / f"terraform-provider-databricks_v{VERSION}"
    # Terraform's lock file hashes these bytes: nothing in them may change from one installation to the next.
    _write(script, f'#!/bin/sh\nexec {shlex.quote(str(python))} -I -m local.provider "$@"\n', 0o755)
    path = str(mirror.resolve()).replace("\\", "\\\\").replace('"', '\\"')
    _write(
        terraformrc,
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{path}"\n'
        f'    include = ["{SOURCE}"]\n'
        "  }\n"
        "}\n",
        0o644,
    )
    return script


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text)
    draft.chmod(mode)
    draft.replace(path)
