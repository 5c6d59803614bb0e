"""`python -m local.workspace --root DIR --port N`: serve until told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from local.workspace.root import RootError
from local.workspace.server import Options, run


def main() -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m local.workspace", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(".local/workspace"), help="folder of this workspace")
    parser.add_argument("--port", type=int, default=8765, help="loopback port; 0 picks a free one")
    parser.add_argument("--no-driver", action="store_true", help="objects only: no Spark, every run fails")
    smtp = parser.add_argument("--smtp", type=_address, default=_smtp_of_environment(), metavar="HOST:PORT")
    smtp.help = "where mail goes; else LOCAL_SMTP_HOST and LOCAL_SMTP_PORT, else files in ROOT/mail"
    log = parser.add_argument("--request-log", type=Path, default=os.environ.get("LOCAL_REQUEST_LOG"), metavar="FILE")
    log.help = "append a line for each request; else LOCAL_REQUEST_LOG, else none"
    parser.add_argument("--leave-with-stdin", action="store_true", help="stop when stdin closes: its holder is gone")
    given = parser.parse_args()
    if given.leave_with_stdin:
        threading.Thread(target=_leave_with_stdin, daemon=True).start()
    try:
        run(Options(given.root, given.port, not given.no_driver, given.smtp, given.request_log))
    except RootError as error:
        print(f"local.workspace: {error}", file=sys.stderr)
        return 1
    return 0


def _leave_with_stdin() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock a waiting thread would still hold when Python ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not host:port")
    return host, int(port)


def _smtp_of_environment() -> str | None:
    host = os.environ.get("LOCAL_SMTP_HOST")
    return f"{host}:{os.environ.get('LOCAL_SMTP_PORT', '25')}" if host else None


if __name__ == "__main__":
    sys.exit(main())
