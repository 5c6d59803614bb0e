"""Plain Terraform from a synthesized stack: the same declarations, no metadata, contents as files."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from rich.console import Console

from scripts.errors import CommandError
from scripts.export import command, plain

STACK = {
    "//": {"metadata": {"stackName": "local"}},
    "provider": {"databricks": [{"retry_timeout_seconds": 120}]},
    "terraform": {"backend": {"local": {"path": "/somewhere/state/local.tfstate"}}},
    "resource": {
        "databricks_job": {"master": {"//": {"metadata": {}}, "name": "master", "task": [{"//": 1, "task_key": "a"}]}},
        "databricks_notebook": {
            "gate": {
                "//": {},
                "path": "/Shared/x/gate",
                "content_base64": base64.b64encode(b"${not} Terraform").decode(),
            }
        },
    },
}


def test_everything_is_there_but_the_metadata() -> None:
    files = plain.files(STACK, Path("/somewhere/out"))
    assert sorted(files) == [
        "contents/Shared/x/gate",
        "databricks_job.tf.json",
        "databricks_notebook.tf.json",
        "terraform.tf.json",
    ]
    assert files["contents/Shared/x/gate"] == b"${not} Terraform"
    assert json.loads(files["databricks_job.tf.json"]) == {
        "resource": {"databricks_job": {"master": {"name": "master", "task": [{"task_key": "a"}]}}}
    }
    notebook = json.loads(files["databricks_notebook.tf.json"])["resource"]["databricks_notebook"]["gate"]
    assert notebook["content_base64"] == '${filebase64("${path.module}/contents/Shared/x/gate")}'
    assert json.loads(files["terraform.tf.json"]) == {
        "provider": {"databricks": [{"retry_timeout_seconds": 120}]},
        "terraform": {"backend": {"local": {"path": "../state/local.tfstate"}}},
    }


def test_two_contents_for_one_file_are_refused() -> None:
    other = {"path": "/Shared/x/gate", "content_base64": base64.b64encode(b"another").decode()}
    notebooks = {**STACK["resource"]["databricks_notebook"], "z": other}
    with pytest.raises(
        CommandError, match=r"databricks_notebook\.z: its content would overwrite contents/Shared/x/gate"
    ):
        plain.files({**STACK, "resource": {"databricks_notebook": notebooks}}, Path("/out"))


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(CommandError, match="is not empty; name a new folder"):
        command.run("local", tmp_path, Console())
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_an_unknown_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'prood': expected local, dev, staging, prod"):
        command.run("prood", tmp_path / "out", Console())
