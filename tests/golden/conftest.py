from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.synthesis import Stack

GOLDEN = Path(__file__).parent / "expected"

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def resources(stacks: dict[str, Stack]) -> dict[str, Resources]:
    """Resources by type and key, of every environment."""
    return {name: stack["resource"] for name, stack in stacks.items()}


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
