"""One process per dbt task: runs its commands in order in one dbt, reports each, and dies with the workspace.

Reads one JSON line `{"commands": [["build", …], …], "report": "<file>"}` from stdin. Stdin stays open while the
workspace wants the task; when it closes, by order or because the workspace was killed, the whole process group goes.
An interrupt is left to dbt, which cancels its queries before it goes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def main() -> int:
    """Run the commands until one fails; return its exit code."""
    # A shell that starts the workspace in the background makes it, and so its children, deaf to the interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch, name="watch", daemon=True).start()
    # dbt's import is the dear part of its start: once per task, not once per command.
    from dbt.cli.main import dbtRunner

    runner = dbtRunner()
    done: list[dict[str, Any]] = []
    code = 0
    for command in order["commands"]:
        _say(f"$ dbt {' '.join(command)}")
        result = runner.invoke(command)
        error = f"{type(result.exception).__name__}: {result.exception}" if result.exception else ""
        code = 0 if result.success else 2 if result.exception else 1
        if error:
            _say(error)
        done.append({"command": command, "exit_code": code, "error": error})
        Path(order["report"]).write_text(json.dumps(done))
        if code:
            break
    return code


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _watch() -> None:
    sys.stdin.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    exit_code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)  # pools of the SQL connector need seconds to wind down; nothing of theirs is needed any more
