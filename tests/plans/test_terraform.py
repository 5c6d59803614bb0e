"""What Terraform prints when it refuses, in one line each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.plans.facts import StateMark
from scripts.plans.terraform import Terraform, TerraformError, diagnostics, managed, mark

FRAMED = """
Initializing the backend...
╷
│ Error: Failed to get existing workspaces: containers.Client#ListBlobs
│
│ StatusCode=403, it may
│ not list blobs.
╵
"""


def event(summary: str, detail: str = "", **more: str) -> str:
    diagnostic = {"severity": "error", "summary": summary, "detail": detail, **more}
    return json.dumps(
        {"@level": "error", "@message": f"Error: {summary}", "type": "diagnostic", "diagnostic": diagnostic}
    )


def test_errors_are_read_from_json_and_from_the_frame() -> None:
    text = "\n".join(
        (event("cannot create job", "HTTP 400:\n bad cron\n\nSee the docs.", address="databricks_job.a"), "{")
    )
    assert [each.line for each in diagnostics(text)] == ["databricks_job.a: cannot create job: HTTP 400: bad cron"]
    assert [each.line for each in diagnostics(FRAMED)] == [
        "Failed to get existing workspaces: containers.Client#ListBlobs: StatusCode=403, it may not list blobs."
    ]
    warning = json.dumps({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "old"}})
    assert list(diagnostics(warning)) == []


def program(folder: Path, script: str) -> Terraform:
    """Return Terraform with a program of ours in its place: for what the real one says only when something breaks."""
    (folder / "terraform").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "terraform").chmod(0o755)
    (folder / "dev").mkdir()
    return Terraform(folder / "dev", {"PATH": f"{folder}:/usr/bin:/bin"}, folder / "logs")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -9 $$", "terraform init of stack dev was killed by SIGKILL"),
        ("exit 3", "terraform init of stack dev: exited 3 without a word"),
        (f"echo '{event('one')}'; echo '{event('two')}'; exit 1", "terraform init of stack dev: one (and 1 more)"),
    ],
    ids=["killed", "silent", "two"],
)
def test_how_terraform_ended_is_told_in_one_line(script: str, said: str, tmp_path: Path) -> None:
    terraform = program(tmp_path, script)
    with pytest.raises(TerraformError) as raised:
        terraform.init()
    assert (str(raised.value), raised.value.code) == (said, 1)


def test_a_machine_without_terraform_is_told_what_to_install(tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, {"PATH": str(tmp_path)}, tmp_path / "logs")
    for ask in (terraform.init, terraform.state):
        with pytest.raises(TerraformError, match="terraform cannot be started"):
            ask()


def test_what_terraform_prints_is_for_its_owner_only(tmp_path: Path) -> None:
    terraform = program(tmp_path, "echo fine")
    terraform.init()
    log = tmp_path / "logs" / "dev.init.log"
    assert (log.read_text(), log.stat().st_mode & 0o777) == ("fine\n", 0o600)


def test_a_state_is_marked_and_read() -> None:
    entry = {"mode": "managed", "type": "databricks_job", "name": "a", "instances": [{}]}
    tainted = {**entry, "name": "b", "instances": [{"status": "tainted"}]}
    state = {"lineage": "l", "serial": 7, "resources": [entry, tainted, {**entry, "name": "c", "instances": []}]}
    assert managed(state) == {"databricks_job.a"}
    assert (mark(state), mark({})) == (StateMark("l", 7), StateMark("", 0))
