"""What figures were taken on: the machine, and the versions of what they depend on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version

import psutil

from scripts import toolchain

_JARS = toolchain.TOOLS / "jars"


def machine() -> dict[str, object]:
    """Return what the machine is."""
    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
    }


def versions() -> dict[str, str]:
    """Return the version of each tool; one that does not answer is said to be absent."""
    terraform = _said(["terraform", "version", "-json"])
    return {
        "python": platform.python_version(),
        "terraform": json.loads(terraform)["terraform_version"] if terraform else "absent",
        "spark": version("pyspark"),
        "delta": _delta(),
        "dbt": f"{version('dbt-core')}, dbt-databricks {version('dbt-databricks')}",
        "provider": f"{toolchain.PROVIDER_VERSION}, local",
        "node": _said(["node", "--version"]).removeprefix("v") or "absent",
    }


def _delta() -> str:
    found = sorted(jar.stem.rpartition("-")[2] for jar in _JARS.glob("*delta-spark_*.jar"))
    return found[-1] if found else "absent"


def _said(command: Sequence[str]) -> str:
    try:
        result = subprocess.run(
            command, env=toolchain.with_tools(os.environ), capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()
