"""Who holds the lock of a Terraform state, from what Terraform says when it does not get it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts.words import span

REFUSED = "Error acquiring the state lock"

# The Lock Info of every backend, as statemgr.LockInfo writes it (Terraform 1.11); `│` is the frame around an error.
_LINE = re.compile(r"^[│|\s]*(ID|Who|Created|Operation):[ \t]+(\S.*?)\s*$", re.MULTILINE)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d{4})?")


@dataclass(frozen=True)
class Lock:
    """A held lock: its id, `user@host` of who took it, when, and for what. What was not said is empty."""

    id: str
    who: str
    created: datetime | None
    operation: str


def read(text: str) -> Lock | None:
    """Return the lock that an error of Terraform tells of; None when it tells of none."""
    found = dict(_LINE.findall(text))
    if "ID" not in found:
        return None
    return Lock(found["ID"], found.get("Who", ""), _moment(found.get("Created", "")), found.get("Operation", ""))


def in_words(lock: Lock, stack: str, folder: str, now: datetime) -> str:
    """Return the one line for whoever was refused: who holds it, since when, how old it is, and the mend."""
    who = lock.who or "somebody"
    doing = f" for {operation}" if (operation := lock.operation.removeprefix("OperationType").lower()) else ""
    since = f" since {lock.created:%Y-%m-%d %H:%M} UTC, {age(lock.created, now)} ago" if lock.created else ""
    return (
        f"the state of stack {stack} is locked by {who}{doing}{since}."
        f" If that run is dead: terraform -chdir={folder} force-unlock {lock.id}"
    )


def age(created: datetime, now: datetime) -> str:
    """Return how long ago that was, in its largest units."""
    return span((now - created).total_seconds())


def _moment(text: str) -> datetime | None:
    found = _MOMENT.search(text)
    if found is None:
        return None
    zone = (found[2] or "Z").replace("Z", "+0000")
    return datetime.strptime(found[1].replace("T", " ") + zone, "%Y-%m-%d %H:%M:%S%z").astimezone(UTC)
