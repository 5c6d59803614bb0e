"""How a file of the documentation is replaced."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from scripts.errors import CommandError


def write(file: Path, text: str) -> None:
    """Replace a file in one step: whoever reads it sees the old page or the new one."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as output:
            output.write(text.encode("utf-8"))
        fresh.chmod(file.stat().st_mode)
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CommandError(f"{file}: {error}") from error
