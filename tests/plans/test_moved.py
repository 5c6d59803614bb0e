"""A rename in the code is a move in the state: what the stack says, and what it refuses to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

# CDKTF takes a second to import and starts Node: one worker does, when these tests run.
pytestmark = pytest.mark.xdist_group("synthesis")


def synthesized(folder: Path, renames: Mapping[str, str], optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    from cdktf import App, TerraformStack
    from cdktf_cdktf_provider_databricks.directory import Directory

    from infra.render.moved import render_moved
    from infra.render.naming import named
    from infra.render.provider import render_provider

    app = App(outdir=str(folder), stack_traces=False)
    stack = TerraformStack(app, "small")
    render_provider(stack)
    for key in ("new", "kept"):
        named(Directory(stack, f"directory.{key}", path=f"/Shared/{key}"), key)
    render_moved(stack, renames, optional)
    app.synth()
    text: dict[str, Any] = json.loads((folder / "stacks" / "small" / "cdk.tf.json").read_text())
    return text


def test_a_rename_is_a_block_and_a_second_one_is_a_chain(tmp_path: Path) -> None:
    renames = {"databricks_directory.older": "databricks_directory.old", "databricks_directory.old": NEW}
    assert synthesized(tmp_path, renames)["moved"] == [
        {"from": "databricks_directory.old", "to": NEW},
        {"from": "databricks_directory.older", "to": "databricks_directory.old"},
    ]


def test_no_rename_is_no_block(tmp_path: Path) -> None:
    assert "moved" not in synthesized(tmp_path, {})


def test_what_only_other_environments_declare_is_left_out(tmp_path: Path) -> None:
    elsewhere = frozenset({"databricks_secret_acl.email-run-as"})
    renames = {"databricks_secret_acl.mail": "databricks_secret_acl.email-run-as"}
    assert "moved" not in synthesized(tmp_path, renames, elsewhere)


NEW = "databricks_directory.new"


@pytest.mark.parametrize(
    ("renames", "said"),
    [
        ({"databricks_directory.old": "databricks_directory.nwe"}, "declares no 'databricks_directory.nwe'"),
        ({"databricks_directory.kept": NEW}, "'databricks_directory.kept' is still declared"),
        ({"databricks_directory.a": NEW, "databricks_directory.b": NEW}, "new address of two objects"),
        (
            {
                "databricks_directory.a": "databricks_directory.b",
                "databricks_directory.b": "databricks_directory.a",
            },
            "in a circle",
        ),
    ],
)
def test_a_rename_that_would_not_move_is_refused(renames: dict[str, str], said: str, tmp_path: Path) -> None:
    from infra.render.moved import RenameError

    with pytest.raises(RenameError, match=said):
        synthesized(tmp_path, renames)
