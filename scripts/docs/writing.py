"""How a file of the documentation is replaced."""

from __future__ import annotations

from pathlib import Path

from scripts.data.files import write_atomically
from scripts.errors import CommandError


def write(file: Path, text: str) -> None:
    """Replace a file in one step: whoever reads it sees the old page or the new one."""
    try:
        write_atomically(file, text.encode())
    except OSError as error:
        raise CommandError(f"{file}: {error}") from error
