"""The app as cdktf starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.environments import ConfigurationError, LocalState
from infra.main import wanted

REPOSITORY = Path(__file__).resolve().parents[2]
RUN_AS = "01234567-89ab-cdef-0123-456789abcdef"


def test_variables_choose_and_complete_environments(tmp_path: Path) -> None:
    variables = {"ECOM_ENVIRONMENT": "prod", "ECOM_RUN_AS": RUN_AS, "ECOM_STATE": f"local:{tmp_path}"}
    (prod,) = wanted(variables)
    assert (prod.name, prod.run_as, prod.state) == ("prod", RUN_AS, LocalState(tmp_path))


def test_without_a_choice_prod_is_left_out_until_it_can_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert [env.name for env in wanted({})] == ["local", "dev", "staging"]
    assert "left out: Environment 'prod'" in capsys.readouterr().err
    assert [env.name for env in wanted({"ECOM_RUN_AS": RUN_AS})] == ["local", "dev", "staging", "prod"]


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"ECOM_ENVIRONMENT": "prod"}, "ECOM_RUN_AS"),
        ({"ECOM_ENVIRONMENT": "production"}, "production"),
        ({"ECOM_ENVIRONMENT": "dev", "ECOM_RUN_AS": "me@example.com"}, "me@example.com"),
        ({"ECOM_ENVIRONMENT": "dev", "ECOM_STATE": "s3:bucket"}, "s3:bucket"),
        ({"ECOM_ENVIRONMENT": "dev", "ECOM_STATE": "local:"}, "local:"),
    ],
)
def test_wrong_variable_is_refused(variables: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        wanted(variables)


def run_app(output: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ECOM_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "infra.main"],
        env={**env, "CDKTF_OUTDIR": str(output), **variables},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_app_synthesizes_what_is_asked_for_with_its_lock(tmp_path: Path) -> None:
    result = run_app(tmp_path, ECOM_ENVIRONMENT="dev")
    assert result.returncode == 0, result.stderr
    assert [folder.name for folder in (tmp_path / "stacks").iterdir()] == ["dev"]
    assert 'version     = "1.99.0"' in (tmp_path / "stacks" / "dev" / ".terraform.lock.hcl").read_text()


@pytest.mark.slow
def test_app_refuses_in_one_line_and_writes_nothing(tmp_path: Path) -> None:
    result = run_app(tmp_path, ECOM_ENVIRONMENT="prod")
    assert result.returncode == 1
    assert (
        result.stderr.strip().splitlines()[-1].startswith("error: Environment 'prod' has no run-as service principal")
    )
    assert not (tmp_path / "stacks").exists()
