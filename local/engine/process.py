"""The Java virtual machine behind the driver, and what an earlier driver left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

# A JVM whose Python was killed notices its closed stdin and needs a moment to leave the metastore.
_LEAVE_SECONDS = 10.0
_POLL_SECONDS = 0.1


def remember(lake: Path, jvm: int) -> None:
    """Write down which process holds the metastore of this lake."""
    path = lake / "driver.json"
    temporary = path.with_suffix(".partial")
    temporary.write_text(json.dumps({"jvm": jvm}))
    temporary.replace(path)


def end_leftover(lake: Path) -> None:
    """Wait for the JVM of a killed driver to leave the lake, and end it if it does not: the metastore admits one."""
    with contextlib.suppress(FileNotFoundError):
        jvm = int(json.loads((lake / "driver.json").read_text())["jvm"])
        deadline = time.monotonic() + _LEAVE_SECONDS
        while _holds(jvm, lake) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if _holds(jvm, lake):
            os.kill(jvm, signal.SIGKILL)
        (lake / "driver.json").unlink()


def _holds(process: int, lake: Path) -> bool:
    # Process ids are used again: the command line tells whether it is still ours.
    command = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return str(lake) in command.stdout
