"""What an operator types wrong is answered in one line, with a non-zero exit and nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import toolchain, workspaces
from scripts.demo import demo

ROOT = Path(__file__).resolve().parents[3]


def ecom(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_real_days_from_a_folder_that_is_not_there(tmp_path: Path) -> None:
    missing, target = tmp_path / "missing", tmp_path / "landing"
    result = ecom("data", "load", str(missing), "--to", str(target))
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert str(missing) in result.stderr
    assert not target.exists()


def test_a_day_with_a_wrong_header_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "2011-01-04.csv").write_text("InvoiceNo,Quantity\n1,2\n")
    result = ecom("data", "load", str(tmp_path / "in"), "--to", str(tmp_path / "landing"))
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "2011-01-04.csv" in result.stderr
    assert "InvoiceNo,Quantity" in result.stderr
    assert not list((tmp_path / "landing").glob("*/*"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("demo", "--provider", "mine"), "--provider 'mine': expected auto, official or local."),
        (("data", "generate", "--to", "x", "--end", "31.12.2026"), "--end '31.12.2026': expected a day as YYYY-MM-DD."),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(arguments: tuple[str, ...], expected: str) -> None:
    result = ecom(*arguments)
    assert result.returncode == 1
    assert result.stderr.strip() == f"error: {expected}"


def test_generated_files_are_told_in_one_line(tmp_path: Path) -> None:
    result = ecom("data", "generate", "--to", str(tmp_path / "landing"), "--days", "2", "--customers", "5")
    assert result.returncode == 0, result.stderr
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"{tmp_path / 'landing'}: 2026-06-29 to ")
    assert ", lines: customers 5, products " in line


def test_a_reset_leaves_neither_workspace_nor_state_and_may_be_repeated(tmp_path: Path) -> None:
    root, state = tmp_path / "workspace", tmp_path / "state"
    for folder in (root, state):
        folder.mkdir()
        (folder / "kept").write_text("x")
    workspaces.reset(root, state)
    workspaces.reset(root, state)
    assert list(tmp_path.iterdir()) == []


def test_what_the_demo_leaves_for_a_shell_says_where_and_as_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the checkout lies, and whatever the token is: a shell takes neither apart."""
    home = tmp_path / "with a space & more"
    home.mkdir()
    (home / "token").write_text("a$b `c` d\n")
    monkeypatch.setattr(demo, "ENV_FILE", home / "env")
    monkeypatch.setattr(workspaces, "HOME", home)
    here = workspaces.Workspace("http://127.0.0.1:1", "a$b `c` d", 1, started=True)
    demo.write_env_file(toolchain.Provider("local", home / "terraformrc"), here)
    assert (home / "env").stat().st_mode & 0o777 == 0o600
    script = (
        '. "$1/env"; printf "%s\\n" "$DATABRICKS_HOST" "$DATABRICKS_TOKEN" "$TF_CLI_CONFIG_FILE"; command -v ecom cdktf'
    )
    told = subprocess.run(["bash", "-c", script, "bash", str(home)], capture_output=True, text=True, check=True)
    host, token, terraformrc, *programs = told.stdout.splitlines()
    assert (host, token, terraformrc) == (here.host, here.token, str(home / "terraformrc"))
    assert programs == [str(toolchain.ROOT / ".venv" / "bin" / "ecom"), str(toolchain.CDKTF)]
