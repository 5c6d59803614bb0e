"""Landing files on disk: formatted here, written whole or not at all, never changed once written."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.sources import SOURCES, Source
from scripts.errors import CommandError

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class DayFile:
    """One landing file: its source, its day, its data lines without the header."""

    source: str
    day: dt.date
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        """Path below the landing folder."""
        return f"{self.source}/{self.day.isoformat()}.{SOURCES[self.source].extension}"

    @property
    def content(self) -> bytes:
        """The file's bytes, header included."""
        return "".join(line + "\n" for line in (*header_lines(SOURCES[self.source]), *self.lines)).encode()


@dataclass(frozen=True)
class Manifest:
    """What a folder of landing files holds after a call, and what the call itself wrote."""

    folder: Path
    first_day: dt.date
    last_day: dt.date
    lines: Mapping[str, int]
    written: int
    unchanged: int

    def __str__(self) -> str:
        lines = ", ".join(f"{source} {count}" for source, count in self.lines.items())
        return (
            f"{self.folder}: {self.first_day} to {self.last_day}, lines: {lines};"
            f" {self.written} files written, {self.unchanged} already there."
        )


def header_lines(source: Source) -> tuple[str, ...]:
    """Return what precedes the data lines: a CSV's header row, nothing in JSON lines."""
    return (csv_line(source.columns),) if source.format == "csv" else ()


def csv_line(fields: Sequence[str | None]) -> str:
    """Format one CSV record, quoted only where needed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(["" if field is None else field for field in fields])
    return buffer.getvalue()


def format_row(source: Source, row: Row) -> str:
    """Format one row as a data line of its source."""
    fields = {column: row[column] for column in source.columns}
    if source.format == "csv":
        return csv_line(list(fields.values()))
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def make_folder(folder: Path) -> None:
    """Create the target folder, or say in one line why it cannot be one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder} cannot be a landing folder: {error.strerror}; name another one.") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a kill at any moment, sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Spark and the upload ignore names that start with a dot.
    handle, name = tempfile.mkstemp(prefix=".", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Delete the partial files that a killed call left behind."""
    for path in folder.glob("*/.*.partial"):
        path.unlink(missing_ok=True)


def differing(folder: Path, files: Iterable[DayFile]) -> list[str]:
    """Return the names of files that are there with another content."""
    return [file.name for file in files if _differs(folder / file.name, file.content)]


def _differs(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() != content


def write_missing(folder: Path, files: Sequence[DayFile]) -> Manifest:
    """Write the files that are not there yet and leave every other alone."""
    remove_leftovers(folder)
    files = [file for file in files if file.lines]
    written = 0
    for file in sorted(files, key=lambda file: (file.day, file.source)):
        path = folder / file.name
        if not path.exists():
            write_atomically(path, file.content)
            written += 1
    days = [file.day for file in files]
    lines = {source: sum(len(file.lines) for file in files if file.source == source) for source in SOURCES}
    return Manifest(folder, min(days), max(days), lines, written, len(files) - written)
