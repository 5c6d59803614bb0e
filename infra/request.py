"""Which environments the caller wants: said in a variable, or read off the cdktf command that started us."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePath

from infra.environments import ENVIRONMENTS, ConfigurationError

_GENERATIONS = 5  # cdktf, a shell or two, us


def environments_named(text: str) -> list[str]:
    """Return the environments of a comma-separated list; an unknown name is an error."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in ENVIRONMENTS:
            raise ConfigurationError(f"ECOM_ENVIRONMENT: {name!r} is none of {', '.join(ENVIRONMENTS)}")
    return names


def environments_asked_for(command_lines: Iterable[str]) -> list[str]:
    """Return the environments a `cdktf <command> <stack>…` among the command lines names; none if it names none.

    cdktf tells its app everything but the stacks it was asked for. Synthesizing just those saves time and lets
    `deploy local` work while prod is not configured.
    """
    for line in command_lines:
        words = line.split()
        programs = [index for index, word in enumerate(words) if PurePath(word).name in ("cdktf", "cdktf.js")]
        if programs:
            patterns = words[programs[0] + 1 :]
            return [name for name in ENVIRONMENTS if any(fnmatchcase(name, pattern) for pattern in patterns)]
    return []


def ancestor_command_lines() -> Iterator[str]:
    """Yield the command lines of our parent, its parent, and so on; nothing where there is no `ps`."""
    pid = os.getppid()
    for _ in range(_GENERATIONS):
        try:
            shown = subprocess.run(
                ["ps", "-ww", "-o", "ppid=,args=", "-p", str(pid)], capture_output=True, text=True, check=True
            ).stdout.split(maxsplit=1)
        except (OSError, subprocess.CalledProcessError):
            return
        if len(shown) != 2:
            return
        pid = int(shown[0])
        yield shown[1]
