"""SQLite store shared by the parts of the local workspace: whole objects or none, whatever is killed when."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_MAPPED_BYTES = 1024 * 1024 * 1024
_OBJECTS = """
create table if not exists objects (
    kind text not null, id text not null, body text not null, sequence integer not null,
    primary key (kind, id)
) without rowid;
create index if not exists objects_in_order on objects (kind, sequence);
create table if not exists counters (name text primary key, value integer not null) without rowid;
"""


class Store:
    """One SQLite file in WAL mode with a connection per thread; every write is one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self.migrate(_OBJECTS)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            # A connection per thread: mapped, they share one copy of the file where each would read its own.
            connection.execute(f"pragma mmap_size = {_MAPPED_BYTES}")
            self._local.connection = connection
        return connection

    def migrate(self, script: str) -> None:
        """Create a part's own tables; the script must be safe to repeat."""
        with self.write() as connection:
            for statement in script.split(";"):
                if statement.strip():
                    connection.execute(statement)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction; nested use joins the outer transaction."""
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        connection.execute("begin immediate")
        try:
            yield connection
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a read."""
        return self._connection().execute(sql, parameters).fetchall()

    def next_id(self, name: str, start: int = 1001) -> int:
        """Return the next value of a counter that survives restarts and never repeats."""
        with self.write() as connection:
            row = connection.execute(
                "insert into counters values (?, ?) on conflict (name) do update set value = value + 1 returning value",
                (name, start),
            ).fetchone()
        return int(row[0])

    def put(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Write one object whole; an existing one keeps its place in the listing order."""
        with self.write() as connection:
            connection.execute(
                "insert into objects values"
                " (?1, ?2, ?3, (select coalesce(max(sequence), 0) + 1 from objects where kind = ?1))"
                " on conflict (kind, id) do update set body = excluded.body",
                (kind, key, json.dumps(body)),
            )

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return one object, or None."""
        rows = self.query("select body from objects where kind = ? and id = ?", (kind, key))
        return json.loads(rows[0]["body"]) if rows else None

    def newest(self, kind: str, start: int, size: int) -> list[dict[str, Any]]:
        """Return some objects of a kind, newest first, without reading the others."""
        sql = "select body from objects where kind = ? order by sequence desc limit ? offset ?"
        return [json.loads(row["body"]) for row in self.query(sql, (kind, size, start))]

    def list(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Return all objects of a kind with their keys, oldest first."""
        rows = self.query("select id, body from objects where kind = ? order by sequence", (kind,))
        return [(row["id"], json.loads(row["body"])) for row in rows]

    def count(self, kind: str) -> int:
        """Return how many objects of a kind there are."""
        return int(self.query("select count(*) from objects where kind = ?", (kind,))[0][0])

    def delete(self, kind: str, key: str) -> bool:
        """Delete one object; return whether it was there."""
        with self.write() as connection:
            return connection.execute("delete from objects where kind = ? and id = ?", (kind, key)).rowcount > 0
