"""Which files are deployed, and as what."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.workspace_files import WorkspaceFileError, files, notebooks


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for path, content in {
        "notebooks/ingestion/bronze.py": "# Databricks notebook source\nprint(1)\n",
        "notebooks/quality/gate.sql": "-- Databricks notebook source\nselect 1\n",
        "notebooks/lakehouse/bronze.py": "x = 1\n",
        "notebooks/lakehouse/__pycache__/bronze.pyc": "",
        "dbt/dbt_project.yml": "name: x\n",
        "dbt/models/gold/a.sql": "select * from gold.b\n",
        "dbt/target/manifest.json": "{}",
        "dbt/logs/dbt.log": "",
        "dbt/profiles.yml": "secret: x",
        "sql/queries/q.sql": "select * from gold.b\n",
        "sql/thresholds.toml": "[a]\n",
        "sql/.DS_Store": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


def test_notebooks_lose_their_extension_and_keep_their_language(repository: Path) -> None:
    assert [(str(each.path), each.language) for each in notebooks(repository)] == [
        ("notebooks/ingestion/bronze", "PYTHON"),
        ("notebooks/quality/gate", "SQL"),
    ]


def test_sources_are_deployed_and_leftovers_are_not(repository: Path) -> None:
    assert [str(each.path) for each in files(repository, "c")] == [
        "dbt/dbt_project.yml",
        "dbt/models/gold/a.sql",
        "notebooks/lakehouse/bronze.py",
        "sql/queries/q.sql",
        "sql/thresholds.toml",
    ]


def test_questions_name_the_catalog_and_models_do_not(repository: Path) -> None:
    content = {str(each.path): each.content for each in files(repository, "c")}
    assert content["sql/queries/q.sql"] == b"select * from c.gold.b\n"
    assert content["dbt/models/gold/a.sql"] == b"select * from gold.b\n"


def test_notebook_without_its_header_is_refused(repository: Path) -> None:
    (repository / "notebooks/ingestion/helper.py").write_text("x = 1\n")
    with pytest.raises(WorkspaceFileError, match=r"notebooks/ingestion/helper\.py: first line"):
        notebooks(repository)


def test_empty_file_is_refused(repository: Path) -> None:
    (repository / "notebooks/lakehouse/__init__.py").write_text("")
    with pytest.raises(WorkspaceFileError, match=r"__init__\.py: is empty"):
        files(repository, "c")


@pytest.mark.parametrize("room", ["dbt", "sql", "notebooks/lakehouse"])
def test_room_without_files_is_an_error(repository: Path, room: str) -> None:
    (repository / room).rename(repository / "elsewhere")
    with pytest.raises(WorkspaceFileError, match=f"{room}: no file found"):
        files(repository, "c")


def test_repository_without_notebooks_is_an_error(repository: Path) -> None:
    (repository / "notebooks").rename(repository / "elsewhere")
    with pytest.raises(WorkspaceFileError, match="no notebook found"):
        notebooks(repository)
