"""Which files of this repository go into the workspace, and what they are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infra.sql_text import qualify

_NOTEBOOK_HEADERS = {".py": b"# Databricks notebook source", ".sql": b"-- Databricks notebook source"}
_LANGUAGES = {".py": "PYTHON", ".sql": "SQL"}
_LIBRARY = "lakehouse"

# What dbt and people leave behind; none of it is source.
_DBT_LEFTOVERS = {"target", "logs", "dbt_packages", "profiles.yml", ".user.yml"}


class WorkspaceFileError(ValueError):
    """A file that cannot be deployed as what its place says it is."""


@dataclass(frozen=True)
class WorkspaceFile:
    """One file as it will lie in the workspace; `path` counts from the workspace root of the environment."""

    path: PurePosixPath
    content: bytes

    def __post_init__(self) -> None:
        if not self.content:
            raise WorkspaceFileError(f"{self.path}: is empty, and the provider cannot send nothing; write a line")

    @property
    def room(self) -> str:
        """The top folder the file belongs to."""
        return self.path.parts[0]


@dataclass(frozen=True)
class Notebook(WorkspaceFile):
    """One notebook; its path has no extension, as the workspace shows it."""

    language: str


def notebooks(repository: Path) -> list[Notebook]:
    """Return every notebook, in order of path; a file without the notebook header is an error."""
    found = []
    for file in _files(repository / "notebooks"):
        path = _relative(file, repository)
        if path.parts[1] == _LIBRARY or file.suffix not in _LANGUAGES:
            continue
        content = file.read_bytes()
        if not content.startswith(_NOTEBOOK_HEADERS[file.suffix]):
            header = _NOTEBOOK_HEADERS[file.suffix].decode()
            raise WorkspaceFileError(f"{path}: first line is not '{header}'; importable code belongs in {_LIBRARY}/")
        found.append(Notebook(path.with_suffix(""), content, _LANGUAGES[file.suffix]))
    if not found:
        raise WorkspaceFileError(f"{repository / 'notebooks'}: no notebook found")
    return found


def files(repository: Path, catalog: str) -> list[WorkspaceFile]:
    """Return library modules, the dbt project and everything under sql/, in order of path.

    SQL that people may paste into an editor names the catalog; dbt writes its own.
    """
    library = [file for file in _files(repository / "notebooks" / _LIBRARY) if file.suffix == ".py"]
    dbt = [file for file in _files(repository / "dbt") if not _DBT_LEFTOVERS & set(file.relative_to(repository).parts)]
    sql = [file for file in _files(repository / "sql") if file.suffix in (".sql", ".toml")]
    for room, members in (("notebooks/lakehouse", library), ("dbt", dbt), ("sql", sql)):
        if not members:
            raise WorkspaceFileError(f"{repository / room}: no file found to deploy")
    plain = [WorkspaceFile(_relative(file, repository), file.read_bytes()) for file in [*library, *dbt]]
    return sorted([*plain, *(_sql_file(file, repository, catalog) for file in sql)], key=lambda each: each.path)


def _sql_file(file: Path, repository: Path, catalog: str) -> WorkspaceFile:
    text = file.read_text(encoding="utf-8")
    content = qualify(text, catalog) if file.suffix == ".sql" else text
    return WorkspaceFile(_relative(file, repository), content.encode())


def _files(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.relative_to(folder).parts)
    )


def _relative(file: Path, repository: Path) -> PurePosixPath:
    return PurePosixPath(file.relative_to(repository).as_posix())
