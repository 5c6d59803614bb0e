"""A plan's folder is there whole or not at all, for its owner only, and for one command at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import CommandError
from scripts.plans.folder import room


def test_a_plan_replaces_the_one_before_with_all_its_files(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with room(tmp_path, "dev") as folders:
            (folders.fresh / text).write_text(text)
            assert not list(folders.plan.glob("second"))
            folders.publish()
    assert [file.name for file in (tmp_path / "dev").iterdir()] == ["second"]
    assert (tmp_path / "dev").stat().st_mode & 0o777 == 0o700


def test_a_plan_that_failed_leaves_the_one_before(tmp_path: Path) -> None:
    with room(tmp_path, "dev") as folders:
        (folders.fresh / "kept").touch()
        folders.publish()
    with room(tmp_path, "dev") as folders:
        (folders.fresh / "half").touch()  # and not published
    assert [file.name for file in (tmp_path / "dev").iterdir()] == ["kept"]
    assert not list(tmp_path.rglob("half"))


def test_two_commands_do_not_share_an_environment(tmp_path: Path) -> None:
    with room(tmp_path, "dev"):
        with pytest.raises(CommandError, match="another command plans or deploys 'dev'"), room(tmp_path, "dev"):
            pass
        with room(tmp_path, "staging"):
            pass


def test_what_a_killed_command_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".work" / "dev" / "plan-killed"
    left.mkdir(parents=True)
    (left / "plan.json").touch()
    with room(tmp_path, "dev"):
        assert not left.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"file: cannot be written"), room(tmp_path / "file", "dev"):
        pass


def test_its_paths_are_whole_when_what_was_typed_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with room(Path("plans"), "dev") as folders:
        assert {folders.plan, folders.synth.parents[2]} == {tmp_path / "plans" / "dev", tmp_path / "plans"}
        assert folders.fresh.is_absolute()
        assert folders.logs.is_absolute()
