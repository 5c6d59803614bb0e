from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.environments import Environment
from tests import synthesis


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Environment], synthesis.Stack]:
    """Return what Terraform would be given for one environment that is not as it is declared."""
    return lambda env: synthesis.synthesize([env], tmp_path_factory.mktemp(env.name))[env.name]


@pytest.fixture(scope="session")
def environments() -> dict[str, Environment]:
    return synthesis.environments()
