from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cdktf import App

from infra import platform
from infra.environments import ENVIRONMENTS, Environment
from infra.stack import EnvironmentStack

REPOSITORY = Path(__file__).resolve().parents[2]
RUN_AS = "01234567-89ab-cdef-0123-456789abcdef"

Stack = dict[str, Any]


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Environment], Stack]:
    """Return what Terraform would be given for an environment, without CDKTF's own notes."""

    def run(env: Environment) -> Stack:
        app = App(outdir=str(tmp_path_factory.mktemp(env.name)), stack_traces=False)
        EnvironmentStack(app, env, platform.load(REPOSITORY, env, date(2026, 11, 23)), REPOSITORY)
        app.synth()
        stack: Stack = json.loads((Path(app.outdir) / "stacks" / env.name / "cdk.tf.json").read_text())
        for resources in stack["resource"].values():
            for resource in resources.values():
                del resource["//"]
        return stack

    return run


@pytest.fixture(scope="session")
def environments() -> dict[str, Environment]:
    """The four environments; prod with the service principal it insists on."""
    return {**ENVIRONMENTS, "prod": replace(ENVIRONMENTS["prod"], run_as=RUN_AS)}


@pytest.fixture(scope="session")
def stacks(synthesize: Callable[[Environment], Stack], environments: dict[str, Environment]) -> dict[str, Stack]:
    return {name: synthesize(env) for name, env in environments.items()}
