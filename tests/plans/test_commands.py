"""What is typed wrong, or not reviewed, ends before anything is started; what is printed is for its reader."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from scripts.deploy import command as deploy
from scripts.deploy import record
from scripts.deploy.record import Record
from scripts.errors import CommandError
from scripts.plans import command as plan
from scripts.plans.facts import StateMark

RECORD = Record(
    environment="dev",
    host="https://adb-1.azuredatabricks.net",
    who="octocat [bot]",
    principal="8f1e4c1a-5a1e-4b67-9b6e-0d6f6a2f1c11",
    started_at="2026-11-27T18:00:00Z",
    seconds=61.2,
    commit="c" * 40,
    dirty=False,
    digest="d" * 64,
    state_before=StateMark("", 0),
    state_after=StateMark("4711", 228),
    counts={"create": 227, "update": 0, "replace": 0, "delete": 0, "move": 0},
    problem="",
)


def test_an_unknown_environment_is_named_with_the_known_ones(tmp_path: Path) -> None:
    for run in (lambda: plan.run("nope", tmp_path, False), lambda: deploy.run("nope", tmp_path, False, False)):
        with pytest.raises(CommandError, match=r"--environment 'nope': expected local, dev, staging, prod\."):
            run()
    assert not list(tmp_path.iterdir())


def test_nothing_is_deployed_without_a_plan(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no plan to deploy by: ecom plan --environment dev") as raised:
        deploy.run("dev", tmp_path, dry_run=False, as_json=False)
    assert raised.value.code == 4
    assert not list(tmp_path.iterdir())


def test_a_record_is_written_whole_and_shown_for_people(tmp_path: Path) -> None:
    file = record.write(RECORD, tmp_path)
    assert list(tmp_path.iterdir()) == [file]
    said = json.loads(file.read_text())
    assert said == RECORD.as_json()
    assert said["state_after"] == {"lineage": "4711", "serial": 228}

    shown = io.StringIO()
    record.show(RECORD, Console(file=shown, width=120))
    for text in ("227 to create", "octocat [bot], as 8f1e4c1a", "serial 0 → serial 228, lineage 4711", "no changes"):
        assert text in shown.getvalue()

    record.show(replace(RECORD, counts={"create": 0}), Console(file=shown, width=120))
    assert "nothing to deploy: all that is declared is in the state and in the workspace" in shown.getvalue()
