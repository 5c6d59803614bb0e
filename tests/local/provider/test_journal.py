"""The notes of creates serve a killed run of the same workspace, and nobody after it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from local.workspace.process import RunningWorkspace, start

pytestmark = pytest.mark.slow

NO_DRIVER = ("--no-driver",)
TWO = """
resource "databricks_cluster_policy" "small" {
  name       = "small"
  definition = "{}"
  depends_on = [%s]
}
resource "databricks_cluster_policy" "large" {
  name       = "large"
  definition = "{}"
  depends_on = [%s]
}
"""
SMALL_FIRST = TWO % ("", "databricks_cluster_policy.small")
LARGE_FIRST = TWO % ("databricks_cluster_policy.large", "")


def held(workspace: RunningWorkspace) -> dict[str | None, str | None]:
    client = WorkspaceClient(host=workspace.host, token=workspace.token, auth_type="pat")
    return {policy.policy_id: policy.name for policy in client.cluster_policies.list()}


def test_what_was_noted_of_a_workspace_that_is_no_more_takes_nothing_of_its_successor(
    terraform: Callable[..., Any], tmp_path: Path
) -> None:
    """As after `make reset`: same address, ids counted from the start, no state, but the notes of the last deploy."""
    with start(tmp_path / "first", arguments=NO_DRIVER) as gone:
        stack = terraform(gone.host, gone.token, SMALL_FIRST)
        stack.apply()
        before = held(gone)
    notes = list((stack.folder / ".terraform" / "local-provider").rglob("*.json"))
    assert len(notes) == 2, "nothing was read since the deploy: without its notes this proves nothing"
    (stack.folder / "terraform.tfstate").unlink()
    main = stack.folder / "main.tf"
    main.write_text(main.read_text().replace(SMALL_FIRST, LARGE_FIRST))
    shutil.rmtree(tmp_path / "first")
    with start(tmp_path / "second", int(gone.host.rpartition(":")[2]), NO_DRIVER) as anew:
        stack.environment["TF_VAR_token"] = anew.token
        stack.apply()
        after = held(anew)
        stack.plan(expect=0)
    assert sorted(map(str, after.values())) == ["large", "small"]
    assert after.keys() == before.keys(), "ids count from the start again"
    assert after != before, "and stand for the other one"
