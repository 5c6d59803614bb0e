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
from infra.environments import ENVIRONMENTS
from infra.stack import EnvironmentStack

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "expected"
RUN_AS = "01234567-89ab-cdef-0123-456789abcdef"

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Resources]:
    """Resources by type and key, of every environment."""
    app = App(outdir=str(tmp_path_factory.mktemp("golden")), stack_traces=False)
    for env in ENVIRONMENTS.values():
        ready = replace(env, run_as=RUN_AS) if env.name == "prod" else env
        EnvironmentStack(app, ready, platform.load(REPOSITORY, ready, date(2026, 11, 23)), REPOSITORY)
    app.synth()
    synthesized = {}
    for name in ENVIRONMENTS:
        stack = json.loads((Path(app.outdir) / "stacks" / name / "cdk.tf.json").read_text())
        for group in stack["resource"].values():
            for resource in group.values():
                del resource["//"]
        synthesized[name] = stack["resource"]
    return synthesized


@pytest.fixture
def same_as_golden(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Compare a value with its golden file, or rewrite the file under --golden."""

    def check(name: str, value: Any) -> None:
        file = GOLDEN / name
        text = value if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True) + "\n"
        if request.config.getoption("--golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert file.exists(), f"{file} is missing: make golden, and review it"
        assert file.read_text() == text, f"{file} differs: make golden, and review the change"

    return check
