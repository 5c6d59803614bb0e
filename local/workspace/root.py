"""The server's folder: who may use it, what must be in it before a request is answered."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path

FOLDERS = ("files", "volumes", "lake", "runs", "log", "tls", "incoming")


class RootError(Exception):
    """The folder cannot be served; the message says why in one line."""


def prepare(root: Path) -> None:
    """Make the folder and its parts, readable by the owner alone."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FOLDERS:
            (root / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise RootError(f"cannot write to --root {root}: {error.strerror}; choose a folder of your own") from None


def clear_incoming(root: Path) -> None:
    """Remove the unfinished uploads of a server that was killed; the folder must be locked."""
    for path in (root / "incoming").iterdir():
        path.unlink()


def lock(root: Path) -> int:
    """Take the folder for this process until it ends, however it ends; return the descriptor that holds it."""
    try:
        descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RootError(f"cannot write to --root {root}: {error.strerror}; choose a folder of your own") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise RootError(f"another server is running on --root {root}; stop it or choose another folder") from None
    return descriptor


def read_or_make_token(root: Path) -> str:
    """Return the token of this workspace; made once, readable by the owner alone."""
    path = root / "token"
    if not path.exists() or not path.read_text().strip():
        write_private(path, f"dapi{secrets.token_hex(16)}")
    path.chmod(0o600)
    return path.read_text().strip()


def write_server_file(root: Path, url: str, port: int) -> None:
    """Say that the server answers, and where; `host` is what a client's DATABRICKS_HOST would be."""
    write_private(root / "server.json", json.dumps({"host": url, "port": port, "pid": os.getpid()}))


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
