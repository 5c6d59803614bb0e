"""The Spark driver process: `python -m local.engine --root ROOT --internal-url URL`, token on stdin."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from local.engine import mlflow_setup, process
from local.engine.imports import WorkspaceImports
from local.engine.internal import Internal
from local.engine.output import current_output, redirect_streams
from local.engine.paths import refuse_volume_paths
from local.engine.runs import Host, NotebookRuns
from local.engine.server import build_app
from local.engine.session import build_session
from local.engine.sessions import Sessions
from local.engine.threads import inherit_context
from local.warehouse import driver as warehouse

_STOP_SECONDS = 8.0
_JVM_DIED = 70
_log = logging.getLogger("local.engine")


def main() -> int:
    """Serve until SIGTERM, or until stdin closes."""
    parser = argparse.ArgumentParser(prog="python -m local.engine")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--internal-url", required=True)
    options = parser.parse_args()
    token = sys.stdin.readline().strip()
    if not token:
        parser.error("no token on stdin: its first line must be the driver's token")
    # Only the supervisor's line goes to stdout; what Python and the JVM print there goes to the log.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _log_to_stderr()
    root: Path = options.root.resolve()
    os.environ["MPLBACKEND"] = "module://local.engine.figures"
    mlflow_setup.install(root / "mlflow")
    process.end_leftover(root / "lake")
    sessions = Sessions(build_session(root, []))
    process.remember(root / "lake", sessions.jvm().pid)
    redirect_streams()
    inherit_context()
    refuse_volume_paths()
    imports = WorkspaceImports(root / "files")
    imports.install()
    runs = NotebookRuns(Host(root, sessions, imports, Internal(options.internal_url, token)))
    listener = socket.create_server(("127.0.0.1", 0))
    app = build_app(sessions, runs, token, warehouse.routes(sessions))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1))
    threading.Thread(target=_leave_with_jvm, args=(sessions,), daemon=True).start()
    threading.Thread(target=_leave_with_stdin, args=(server,), daemon=True).start()
    print(json.dumps({"port": listener.getsockname()[1]}), file=answers, flush=True)
    # uvicorn raises the signal again once it has stopped: this makes that one harmless, so that Spark stops in order.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    server.run(sockets=[listener])
    _stop(runs, sessions)
    return 0


class _RedactingFormatter(logging.Formatter):
    """Blots out the secrets of the run in which a line is logged."""

    def format(self, record: logging.LogRecord) -> str:
        output = current_output.get()
        line = super().format(record)
        return line if output is None else output.redact(line)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("httpx", "py4j", "pyspark"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _leave_with_stdin(server: uvicorn.Server) -> None:
    """Stop when the supervisor is gone."""
    sys.stdin.read()
    _log.info("stdin closed: stopping")
    server.should_exit = True


def _leave_with_jvm(sessions: Sessions) -> None:
    """Without its JVM the driver is of no use: end, so that the supervisor starts another."""
    sessions.jvm().wait()
    _log.error("the Java virtual machine is gone: stopping")
    os._exit(_JVM_DIED)


def _stop(runs: NotebookRuns, sessions: Sessions) -> None:
    # A thread in a C call could hold us forever.
    timer = threading.Timer(_STOP_SECONDS, os._exit, args=(0,))
    timer.daemon = True
    timer.start()
    runs.cancel_all(_STOP_SECONDS / 2)
    sessions.stop()
    _log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
