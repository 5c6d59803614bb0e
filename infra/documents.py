"""Strict reading of the small TOML files under sql/: nothing missing, nothing unknown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class DocumentError(ValueError):
    """A TOML file with a wrong, missing or unknown key; the message starts with the file."""


def read(file: Path, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """Return the top table of a file that has all required keys and no others."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DocumentError(f"{file}: {error}") from error
    check_keys(str(file), table, required, optional)
    return table


def check_keys(where: str, table: Mapping[str, Any], required: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Raise DocumentError naming the keys that are missing or unknown."""
    required = set(required)
    if missing := sorted(required - table.keys()):
        raise DocumentError(f"{where}: missing key: {', '.join(missing)}")
    if unknown := sorted(table.keys() - required - set(optional)):
        raise DocumentError(f"{where}: unknown key: {', '.join(unknown)}")


def files(folder: Path) -> list[Path]:
    """Return the TOML files of a folder in order of name; none is an error."""
    found = sorted(folder.glob("*.toml"))
    if not found:
        raise DocumentError(f"{folder}: no *.toml found")
    return found
