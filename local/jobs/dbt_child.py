"""One process per dbt task: runs its commands in order in one dbt, reports each, and dies with the workspace.

Importing dbt takes longer than most of what it is then asked. So `python -m local.jobs.dbt_child <fd>` imports it once
and waits on a socket; for each order that comes it forks, and the copy becomes the task's process: a session, a folder,
an environment and a log of its own. An order is one JSON line `{"commands": [["build", …], …], "report": "<file>",
"folder": "<project>", "environment": {…}}` with three descriptors. The first stays open while the workspace wants the
task; when it closes, by order or because the workspace was killed, the whole process group goes. The second is the log.
To the third the process writes its id, and its exit code when it ends by itself. An interrupt is left to dbt, which
cancels its queries before it goes.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

IDLE_SECONDS = 900.0  # dbt holds a quarter of a gigabyte: too much to keep for tomorrow's run
PIECE = 64 * 1024
DESCRIPTORS = 3


def main() -> int:
    """Serve orders until the workspace is gone or has none for a while."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    _import_dbt()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the tasks: they say themselves how they ended
    gc.freeze()  # a collection in a copy would write to, and so copy, every page
    while select.select([orders], [], [], IDLE_SECONDS)[0]:
        text, descriptors, _, _ = socket.recv_fds(orders, PIECE, DESCRIPTORS)
        while text and not text.endswith(b"\n"):  # the next order comes only when this one has been answered
            text = text + more if (more := orders.recv(PIECE)) else b""
        if not text:
            break
        if os.fork() == 0:
            orders.close()
            _become(json.loads(text), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
    return 0


def _import_dbt() -> None:
    import dbt.adapters.databricks
    import dbt.cli.main  # noqa: F401 both are imported for the copies


def _become(order: dict[str, Any], wanted: int, log: int, status: int) -> None:
    """Turn a fresh copy into the process of a task; never returns."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # A shell that starts the workspace in the background makes it, and so its children, deaf to the interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor, place in ((wanted, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, place)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.write(status, f"{os.getpid()}\n".encode())
    code = 1
    try:
        os.chdir(order["folder"])
        code = run(order)
    except Exception as error:  # noqa: BLE001 whatever it is, the log is where somebody looks for it
        _say(f"{type(error).__name__}: {error}")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(status, f"{code}\n".encode())
        os._exit(code)  # pools of the SQL connector need seconds to wind down; nothing of theirs is needed any more


def run(order: dict[str, Any]) -> int:
    """Run the commands until one fails; return its exit code."""
    threading.Thread(target=_watch, name="watch", daemon=True).start()
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
    while os.read(0, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
