"""What Terraform would be given: for every test that looks at it, environments are synthesized by this one module."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from infra import platform
from infra.environments import ENVIRONMENTS, Environment

REPOSITORY = Path(__file__).resolve().parents[1]
RUN_AS = "01234567-89ab-cdef-0123-456789abcdef"

Stack = dict[str, Any]


def environments() -> dict[str, Environment]:
    """Return the four environments; prod with the service principal it insists on."""
    return {**ENVIRONMENTS, "prod": replace(ENVIRONMENTS["prod"], run_as=RUN_AS)}


def synthesize(wanted: Iterable[Environment], folder: Path) -> dict[str, Stack]:
    """Return for each environment what Terraform would be given, without CDKTF's own notes."""
    from cdktf import App  # takes a second and starts Node: who only collects these tests does not need it

    from infra.stack import EnvironmentStack

    app = App(outdir=str(folder), stack_traces=False)
    names = []
    for env in wanted:
        EnvironmentStack(app, env, platform.load(REPOSITORY, env, date(2026, 11, 23)), REPOSITORY)
        names.append(env.name)
    app.synth()
    return {name: _read(folder / "stacks" / name / "cdk.tf.json") for name in names}


def _read(file: Path) -> Stack:
    stack: Stack = json.loads(file.read_text())
    for resources in stack["resource"].values():
        for resource in resources.values():
            del resource["//"]
    return stack
