"""The workspace tree: the database is the truth, `files/` a copy that Python and dbt can read."""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from local.errors import ApiError, invalid, not_found
from local.store import Store
from local.workspace.clock import milliseconds

PREFIX = "/Workspace"
PROTECTED = ("/", "/Shared", "/Users")
HEADERS = {
    "PYTHON": "# Databricks notebook source\n",
    "SQL": "-- Databricks notebook source\n",
    "SCALA": "// Databricks notebook source\n",
    "R": "# Databricks notebook source\n",
}
_SCHEMA = """
create table if not exists tree (
    path text primary key, object_id integer not null unique, object_type text not null, language text,
    content blob, created_at integer not null, modified_at integer not null
) without rowid
"""


@dataclass(frozen=True)
class Node:
    """A folder, notebook or file; content is None for a folder."""

    path: str
    object_id: int
    object_type: str
    language: str | None
    content: bytes | None
    created_at: int
    modified_at: int


def clean(path: str) -> str:
    """Return a path without the /Workspace prefix; refuse what is not absolute or not in its simplest form."""
    if not path.startswith("/") or "\0" in path:
        raise invalid(f"Path ({path}) is not a valid workspace path: it must be absolute")
    parts = path.removesuffix("/").split("/")[1:]
    if any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts):
        raise invalid(f"Path ({path}) is not a valid workspace path: empty, '.', '..' or overlong parts")
    if parts[:1] == [PREFIX[1:]]:
        parts = parts[1:]
    return "/" + "/".join(parts)


class Tree:
    """Reads and writes of the workspace tree."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store = store
        self._files = root / "files"
        self._incoming = root / "incoming"
        store.migrate(_SCHEMA)

    def get(self, path: str) -> Node | None:
        """Return the node at a path, with or without the /Workspace prefix, or None."""
        rows = self._store.query("select * from tree where path = ?", (clean(path),))
        return Node(*rows[0]) if rows else None

    def require(self, path: str) -> Node:
        """Return the node at a path or raise the API's 404."""
        node = self.get(path)
        if node is None:
            raise not_found(f"Path ({path}) doesn't exist.")
        return node

    def by_id(self, object_id: int, object_type: str) -> Node | None:
        """Return the node of an id if it is of that type."""
        rows = self._store.query("select * from tree where object_id = ? and object_type = ?", (object_id, object_type))
        return Node(*rows[0]) if rows else None

    def children(self, path: str) -> list[Node]:
        """Return what lies directly in a folder, by name."""
        prefix = clean(path).rstrip("/") + "/"
        sql = "select * from tree where path > ? and path < ? and instr(substr(path, ?), '/') = 0"
        rows = self._store.query(sql, (prefix, prefix[:-1] + "0", len(prefix) + 1))
        return [Node(*row) for row in rows]

    def source(self, path: str) -> tuple[str, str]:
        """Return the language and the source of a notebook."""
        node = self.require(path)
        if node.object_type != "NOTEBOOK" or node.content is None or node.language is None:
            raise invalid(f"{path} is not a notebook but a {node.object_type.lower()}")
        return node.language, node.content.decode()

    def make_standard_folders(self, user: str) -> None:
        """Make the folders that every workspace has."""
        self.make_folder(f"/Users/{user}")
        self.make_folder("/Shared")

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it; one that exists is fine, a file in the way is not."""
        target = PurePosixPath(clean(path))
        with self._store.write() as connection:
            for folder in [*reversed(target.parents), target]:
                node = self.get(str(folder))
                if node is None:
                    self._insert(connection, str(folder), "DIRECTORY", None, None)
                elif node.object_type != "DIRECTORY":
                    raise ApiError(
                        400, "RESOURCE_ALREADY_EXISTS", f"Path ({folder}) already exists and is not a folder"
                    )
            self._folder(str(target)).mkdir(parents=True, exist_ok=True)

    def write(self, path: str, object_type: str, language: str | None, content: bytes, overwrite: bool) -> Node:
        """Write a notebook or file whole, in the database and as a real file, and return it."""
        key = clean(path)
        with self._store.write() as connection:
            self.require_folder(str(PurePosixPath(key).parent))
            old = self.get(key)
            if old is None:
                self._insert(connection, key, object_type, language, content)
            else:
                _check_overwrite(path, old, object_type, overwrite)
                connection.execute(
                    "update tree set language = ?, content = ?, modified_at = ? where path = ?",
                    (language, content, milliseconds(), key),
                )
            # Within the transaction, so that two writers of a path leave the same content in both places.
            self._materialise(key, content)
        return self.require(key)

    def require_folder(self, path: str) -> None:
        """Raise the API's 404 for a parent folder that is not there."""
        node = self.get(path)
        if node is None:
            raise not_found(f"The parent folder ({clean(path)}) does not exist.")
        if node.object_type != "DIRECTORY":
            raise invalid(f"The parent ({clean(path)}) is not a folder")

    def delete(self, path: str, recursive: bool) -> list[Node]:
        """Delete a node and, if recursive, the nodes below it; return what was deleted."""
        if clean(path) in PROTECTED:
            raise invalid(f"Folder ({path}) is protected and cannot be deleted")
        with self._store.write() as connection:
            node = self.require(path)
            below = list(self._below(node.path))
            if below and not recursive:
                raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
            connection.executemany("delete from tree where path = ?", [(n.path,) for n in [node, *below]])
        real = self._folder(node.path)
        if node.object_type == "DIRECTORY":
            shutil.rmtree(real, ignore_errors=True)
        else:
            real.unlink(missing_ok=True)
        return [node, *below]

    def repair(self) -> None:
        """Make `files/` equal to the database: what a kill left behind goes, what is missing or differs comes back."""
        wanted = {row["path"]: row for row in self._store.query("select path, content from tree")}
        for folder, _, files in os.walk(self._files, topdown=False):
            for name in files:
                self._discard_unless(Path(folder) / name, wanted)
            if self._path_of(Path(folder)) not in wanted:
                shutil.rmtree(folder, ignore_errors=True)
        for path, row in sorted(wanted.items()):
            if row["content"] is None:
                self._folder(path).mkdir(parents=True, exist_ok=True)
            elif not self._folder(path).is_file() or self._folder(path).read_bytes() != row["content"]:
                self._materialise(path, row["content"])

    def _discard_unless(self, real: Path, wanted: dict[str, sqlite3.Row]) -> None:
        row = wanted.get(self._path_of(real))
        if row is None or row["content"] is None:
            real.unlink(missing_ok=True)

    def _path_of(self, real: Path) -> str:
        relative = real.relative_to(self._files).as_posix()
        return "/" if relative == "." else f"/{relative}"

    def _below(self, folder: str) -> Iterator[Node]:
        prefix = folder.rstrip("/") + "/"
        # '0' follows '/': a range on the key, where LIKE would take % and _ of a name for wildcards
        rows = self._store.query("select * from tree where path > ? and path < ?", (prefix, prefix[:-1] + "0"))
        return (Node(*row) for row in rows)

    def _insert(
        self, connection: sqlite3.Connection, path: str, object_type: str, language: str | None, content: bytes | None
    ) -> None:
        now, object_id = milliseconds(), self._store.next_id("object_id")
        values = (path, object_id, object_type, language, content, now, now)
        connection.execute("insert into tree values (?, ?, ?, ?, ?, ?, ?)", values)

    def _folder(self, path: str) -> Path:
        return self._files / path.lstrip("/")

    def _materialise(self, path: str, content: bytes) -> None:
        real, temporary = self._folder(path), self._incoming / uuid.uuid4().hex
        temporary.write_bytes(content)
        real.parent.mkdir(parents=True, exist_ok=True)
        if real.is_dir():
            shutil.rmtree(real)
        temporary.replace(real)


def _check_overwrite(path: str, old: Node, object_type: str, overwrite: bool) -> None:
    if not overwrite:
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
    if old.object_type != object_type:
        asked = f"asked: {object_type}, actual: {old.object_type}"
        raise invalid(f"Cannot overwrite the asset at {path} due to type mismatch ({asked})")
