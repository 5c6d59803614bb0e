"""The files of the repository arrive in the workspace, each where jobs and imports look for it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from infra.sql_text import qualify

REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = "/Shared/ecommerce/dev"


def test_files_arrive_byte_by_byte_and_sql_names_the_catalog(stacks: dict[str, Any]) -> None:
    files = stacks["dev"]["resource"]["databricks_workspace_file"]
    assert len(files) > 40
    for file in files.values():
        source = REPOSITORY / Path(file["path"]).relative_to(ROOT)
        expected = source.read_bytes()
        if source.is_relative_to(REPOSITORY / "sql") and source.suffix == ".sql":
            expected = qualify(expected.decode(), "ecommerce_dev").encode()
        assert base64.b64decode(file["content_base64"]) == expected, source


def test_every_source_file_is_deployed(stacks: dict[str, Any]) -> None:
    resources = stacks["dev"]["resource"]
    deployed = {file["path"].removeprefix(f"{ROOT}/") for file in resources["databricks_workspace_file"].values()}
    wanted = {
        str(path.relative_to(REPOSITORY))
        for pattern in (
            "notebooks/lakehouse/**/*.py",
            "dbt/models/**/*.*",
            "dbt/macros/**/*.sql",
            "sql/**/*.sql",
            "sql/**/*.toml",
        )
        for path in REPOSITORY.glob(pattern)
    }
    assert len(wanted) > 40
    assert wanted <= deployed
    assert {"dbt/dbt_project.yml", "sql/thresholds.toml"} <= deployed
    assert not [path for path in deployed if "target/" in path or "logs/" in path or "__pycache__" in path]


def test_every_notebook_is_deployed_and_every_task_finds_its_own(stacks: dict[str, Any]) -> None:
    resources = stacks["dev"]["resource"]
    deployed = {notebook["path"] for notebook in resources["databricks_notebook"].values()}
    sources = {
        f"{ROOT}/{path.relative_to(REPOSITORY).with_suffix('')}"
        for path in REPOSITORY.glob("notebooks/*/*.py")
        if path.parent.name != "lakehouse"
    }
    assert deployed == sources
    tasks = [
        task["notebook_task"]
        for job in resources["databricks_job"].values()
        for task in job["task"]
        if "notebook_task" in task
    ]
    assert len(tasks) >= 10
    for task in tasks:
        assert task["notebook_path"] in deployed
        assert task["base_parameters"]["catalog"] == "ecommerce_dev"
        assert task["base_parameters"]["code_root"] == f"/Workspace{ROOT}"


def test_files_wait_for_their_folder_and_folders_for_the_root(stacks: dict[str, Any]) -> None:
    resources = stacks["dev"]["resource"]
    folders = resources["databricks_directory"]
    assert {key for key, folder in folders.items() if "depends_on" not in folder} == {"root"}
    assert all(
        folder["depends_on"] == ["databricks_directory.root"] for key, folder in folders.items() if key != "root"
    )
    for kind in ("databricks_notebook", "databricks_workspace_file"):
        for each in resources[kind].values():
            room = each["path"].removeprefix(f"{ROOT}/").split("/")[0]
            assert each["depends_on"] == [f"databricks_directory.{room}"]
