"""What the repository stands at, as Git says it; who deploys, as CI or Git says it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.deploy import record
from scripts.errors import CommandError
from scripts.plans import commit


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for arguments in (
        ("init", "-q"),
        ("config", "user.name", "Ada"),
        ("config", "user.email", "ada@example.com"),
        ("commit", "-q", "--allow-empty", "-m", "first"),
    ):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


def test_a_file_that_no_commit_has_makes_it_dirty(repository: Path) -> None:
    clean = commit.read(repository)
    assert len(clean.hash) == 40
    assert not clean.dirty
    (repository / "notebook.py").touch()
    assert commit.read(repository) == commit.Commit(clean.hash, dirty=True)


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="git rev-parse in"):
        commit.read(tmp_path)


def test_who_deploys_is_the_actor_of_the_run_or_whom_git_knows(repository: Path) -> None:
    run = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "shop/platform", "GITHUB_RUN_ID": "12"}
    assert record.who({"GITHUB_ACTOR": "octocat", **run}, repository) == (
        "octocat (https://github.com/shop/platform/actions/runs/12)"
    )
    assert record.who({"GITHUB_ACTOR": "octocat"}, repository) == "octocat"
    assert record.who({}, repository) == "Ada <ada@example.com>"
