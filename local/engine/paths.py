"""Python's own file functions do not reach volumes here; a notebook that tries hears so, instead of missing files."""

from __future__ import annotations

import os
import sys
from typing import Any

from local.engine.output import current_output

_PREFIXES = ("/Volumes/", "/dbfs/")
# Not os.stat and what builds on it: Python tells nobody of them.
_EVENTS = frozenset(
    {"open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.truncate", "os.chdir"}
)


class VolumePathError(OSError):
    """A notebook asked Python for a file of a volume; no FileNotFoundError, which would pass for an absent file."""


def refuse_volume_paths() -> None:
    """Refuse them in notebook runs, for the rest of this process: an audit hook cannot be taken back."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS:
        return
    path = arguments[0]
    if not isinstance(path, str | bytes) or current_output.get() is None:
        return
    if f"{os.fsdecode(path)}/".startswith(_PREFIXES):
        raise VolumePathError(
            f"Python's own file functions do not reach {os.fsdecode(path)} in the local workspace: "
            "use dbutils.fs or Spark for volumes."
        )
