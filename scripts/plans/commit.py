"""Which commit the repository stands at, and whether anything in it is not committed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.connection import first_line
from scripts.errors import CommandError


@dataclass(frozen=True)
class Commit:
    """A commit by its full hash; `dirty` when a file differs from it or is not in it: that one is deployed too."""

    hash: str
    dirty: bool


def read(repository: Path) -> Commit:
    """Return what `repository` stands at; CommandError where Git cannot say."""
    return Commit(_git(repository, "rev-parse", "HEAD"), bool(_git(repository, "status", "--porcelain")))


def person(repository: Path) -> str:
    """Return who Git says is working here: `Name <address>`, or "" when it was never told."""
    name, address = (_setting(repository, key) for key in ("user.name", "user.email"))
    return f"{name} <{address}>".strip() if address else name


def _git(repository: Path, *arguments: str) -> str:
    try:
        result = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise CommandError(f"git cannot be started: {error}") from error
    if result.returncode != 0:
        raise CommandError(f"git {arguments[0]} in {repository}: {first_line(result.stderr)}")
    return result.stdout.strip()


def _setting(repository: Path, key: str) -> str:
    command = ["git", "-C", str(repository), "config", "--get", key]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
