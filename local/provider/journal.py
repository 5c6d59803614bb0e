"""A record of creates that Terraform may never have heard of.

Terraform writes its state after a create has been answered. A kill in between orphans the object, and the next run
would make a second one. So a create first notes here what it is about to make, and then the id; an id that turns up in
the state later proves that all went well, and its note is dropped. A note of a process that is gone marks an orphan.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

# A provider outlives a killed Terraform by the request it is in; longer than this it would be another run.
_LAST_BREATH_SECONDS = 5.0


@dataclass(frozen=True)
class Ticket:
    """One note: what was to be made, since when, by which process, and its id once known."""

    file: Path
    kind: str
    name: str
    owner: str
    since: float
    id: str = ""


class Journal:
    """Notes in one folder, one small file each, written whole or not at all."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._host = host
        self._me = os.urandom(16).hex()
        self._lock = threading.Lock()
        self._alive = contextlib.ExitStack()  # holds the lock file that proves we live
        self._old: list[Ticket] | None = None
        self._claimed: set[tuple[str, str]] = set()

    def begin(self, type_name: str, name: str) -> Ticket:
        """Note that an object is about to be made."""
        with self._lock:
            if not (self._folder / f"{self._me}.lock").exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                handle = self._alive.enter_context((self._folder / f"{self._me}.lock").open("w"))
                fcntl.flock(handle, fcntl.LOCK_EX)
        file = self._folder / f"{os.urandom(16).hex()}.json"
        ticket = Ticket(file, self._kind(type_name), _digest(name), self._me, time.time())
        _write(ticket)
        return ticket

    def record(self, ticket: Ticket, type_name: str, identity: str) -> None:
        """Note the id of the object that was made."""
        _write(replace(ticket, id=identity))
        with self._lock:
            self._claimed.add((type_name, identity))

    def orphans(self, type_name: str, name: str) -> list[Ticket]:
        """Return notes of the same thing by processes that are gone, those with an id first."""
        wanted = (self._kind(type_name), _digest(name))
        found = [
            ticket
            for ticket in self._tickets()
            if (ticket.kind, ticket.name) == wanted and ticket.owner != self._me and self._is_gone(ticket.owner)
        ]
        # Once the owner is gone its notes no longer change: read the ids it wrote with its last breath.
        fresh = {ticket.file: ticket for ticket in self._tickets()} if found else {}
        found = [fresh[ticket.file] for ticket in found if ticket.file in fresh]
        return sorted(found, key=lambda ticket: (not ticket.id, ticket.since))

    def is_claimed(self, type_name: str, identity: str) -> bool:
        """Tell whether this process already knows the object: from the state, by making it or by taking it over."""
        return (type_name, identity) in self._claimed

    def claim(self, orphan: Ticket, type_name: str, identity: str) -> bool:
        """Take an orphan over; only one of several creates gets it."""
        with self._lock:
            if self.is_claimed(type_name, identity) or not orphan.file.exists():
                return False
            self._claimed.add((type_name, identity))
            self.forget(orphan)
            return True

    def confirm(self, type_name: str, identity: str) -> None:
        """The state has this id: whatever was noted about it is settled."""
        with self._lock:
            self._claimed.add((type_name, identity))
            if self._old is None:
                self._old = self._tickets()
            kind = self._kind(type_name)
            for ticket in self._old:
                if (ticket.kind, ticket.id) == (kind, identity):
                    self.forget(ticket)

    def forget(self, ticket: Ticket) -> None:
        """Drop a note."""
        ticket.file.unlink(missing_ok=True)

    def close(self) -> None:
        """Say that this process makes nothing any more."""
        self._alive.close()
        (self._folder / f"{self._me}.lock").unlink(missing_ok=True)

    def _kind(self, type_name: str) -> str:
        return _digest(f"{self._host}\0{type_name}")

    def _tickets(self) -> list[Ticket]:
        tickets = []
        for file in self._folder.glob("*.json"):
            # Another process may drop its note between the listing and the reading.
            with contextlib.suppress(FileNotFoundError):
                tickets.append(Ticket(file=file, **json.loads(file.read_text())))
        return tickets

    def _is_gone(self, owner: str) -> bool:
        deadline = time.monotonic() + _LAST_BREATH_SECONDS
        file = self._folder / f"{owner}.lock"
        while file.exists():
            with file.open("w") as handle, contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink(missing_ok=True)
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(ticket: Ticket) -> None:
    note = {"kind": ticket.kind, "name": ticket.name, "owner": ticket.owner, "since": ticket.since, "id": ticket.id}
    draft = ticket.file.with_suffix(".tmp")
    draft.write_text(json.dumps(note))
    draft.replace(ticket.file)
