"""What the shell offers while somebody types `ecom`."""

from __future__ import annotations

import os
import subprocess

import pytest

from infra import jobs
from infra.environments import ENVIRONMENTS
from scripts.toolchain import ROOT

ECOM = ROOT / ".venv" / "bin" / "ecom"
ALERTS = sorted(file.stem for file in (ROOT / "sql" / "alerts").glob("*.toml"))


def ecom(*arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [ECOM, *arguments], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return done.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ecom jo", ["jobs"]),
        ("ecom jobs pa", ["pause"]),
        ("ecom jobs run ", list(jobs.discover())),
        ("ecom jobs wait ma", ["master_pipeline"]),
        ("ecom status --environment ", list(ENVIRONMENTS)),
        ("ecom alerts check ", ALERTS),
        ("ecom dashboards render da", ["data_quality"]),
        ("ecom jobs run nothing-like-that", []),
    ],
)
def test_the_shell_offers_what_may_follow(typed: str, offered: list[str]) -> None:
    number = str(len(typed.split(" ")) - 1)
    said = ecom(_ECOM_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=number)
    assert said.split() == offered


def test_what_a_shell_is_taught_is_the_command_that_people_type() -> None:
    said = ecom("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "complete -o default -F _ecom_completion ecom" in said
