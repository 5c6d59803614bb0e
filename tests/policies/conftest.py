from __future__ import annotations

from pathlib import Path

import pytest

from scripts.policy.verdicts import Scan, scan

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def fixtures() -> dict[str, Path]:
    """Fixture plans by `<id>/<pass, fail or unknown>`."""
    return {f"{file.parent.name}/{file.stem}": file for file in sorted(FIXTURES.glob("*/*.json"))}


@pytest.fixture(scope="session")
def checked(fixtures: dict[str, Path]) -> Scan:
    """All fixtures through checkov's own runner, in one process."""
    return scan(fixtures)
