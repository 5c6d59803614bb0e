"""Which stacks a cdktf command line asks for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from infra.environments import ConfigurationError
from infra.request import environments_asked_for, environments_named

NODE = "node /home/me/tools/node_modules/.bin/cdktf"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("deploy local", ["local"]),
        ("deploy local --auto-approve --output /tmp/x", ["local"]),
        ("diff dev", ["dev"]),
        ("destroy prod dev", ["dev", "prod"]),
        ("deploy d* staging", ["dev", "staging"]),
        ("deploy *", ["local", "dev", "staging", "prod"]),
        ("synth", []),
        ("deploy elsewhere", []),
    ],
)
def test_stacks_named_on_the_command_line(command: str, expected: list[str]) -> None:
    shell = "/bin/sh -c PATH=x python -m infra.main"
    assert environments_asked_for([shell, f"{NODE} {command}", "bash cdktf deploy staging"]) == expected


def test_a_name_elsewhere_is_no_request() -> None:
    assert environments_asked_for(["python -m pytest local dev", "make deploy prod"]) == []


def test_variable_names_environments() -> None:
    assert environments_named("dev, local") == ["dev", "local"]
    with pytest.raises(ConfigurationError, match="'production' is none of local, dev"):
        environments_named("dev,production")


def test_our_own_ancestors_are_readable() -> None:
    """Through a real process tree: a script called cdktf, a shell, and the reader."""
    read = "from infra.request import *; print(environments_asked_for(ancestor_command_lines()))"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {read!r}], check=True)"
    caller = [sys.executable, "-c", script, "cdktf", "deploy", "staging"]
    assert subprocess.run(caller, capture_output=True, text=True, check=True).stdout.strip() == "['staging']"
