"""Where plans lie: one folder per environment that is there whole or not at all, and a room to work in beside it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import CommandError

_WORK = ".work"


@dataclass(frozen=True)
class Room:
    """Folders of one environment: of its plan, of its synthesized stack, of what programs print, of a plan to be."""

    plan: Path
    synth: Path
    logs: Path
    fresh: Path

    def publish(self) -> None:
        """Put the fresh plan where plans are read from; a kill in between leaves no plan, never half of one."""
        if self.plan.exists():
            self.plan.rename(self.fresh / "replaced")
        self.fresh.rename(self.plan)
        shutil.rmtree(self.plan / "replaced", ignore_errors=True)


@contextmanager
def room(plans: Path, environment: str) -> Iterator[Room]:
    """Give the folders of an environment to one command at a time; CommandError while another has them.

    Whatever is in them is for its owner only (0700): plans hold sensitive values in the clear. All have whole paths,
    whatever `plans` is: Terraform works in another folder than we do.
    """
    whole = plans.absolute()
    work = whole / _WORK / environment
    try:
        work.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(work / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CommandError(f"{plans}: cannot be written: {error}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(
                f"{plans}: another command plans or deploys '{environment}' here; wait for it."
            ) from error
        for left in work.glob("plan-*"):  # by a command that was killed
            shutil.rmtree(left)
        fresh = Path(tempfile.mkdtemp(prefix="plan-", dir=work))
        try:
            yield Room(whole / environment, work / "synth", work / "logs", fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    finally:
        os.close(handle)
