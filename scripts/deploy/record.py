"""What a deploy leaves in writing: who applied which plan, when, and what came of it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.errors import CommandError
from scripts.plans import commit, facts
from scripts.plans.facts import StateMark

FILE = "deploy.json"

_PROVEN = "deployed, read back; a second plan has no changes, the workspace no drift"
_NOTHING = "nothing to deploy: all that is declared is in the state and in the workspace"


@dataclass(frozen=True)
class Record:
    """One deploy. `problem` is empty when all of it was applied, read back and planned again without a change."""

    environment: str
    host: str
    who: str
    principal: str
    started_at: str  # ISO 8601, UTC
    seconds: float
    commit: str
    dirty: bool
    digest: str
    state_before: StateMark
    state_after: StateMark | None  # unknown when the state could not be asked for afterwards
    counts: Mapping[str, int]
    problem: str

    def as_json(self) -> dict[str, Any]:
        """Return the record as it stands in `deploy.json`."""
        return {**asdict(self), "counts": dict(self.counts)}


def who(variables: Mapping[str, str], repository: Path) -> str:
    """Return who started this: the actor of a CI run with the run's page, or whom Git knows, or the login."""
    if actor := variables.get("GITHUB_ACTOR"):
        page = "/".join(variables.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY"))
        run = variables.get("GITHUB_RUN_ID")
        return f"{actor} ({page}/actions/runs/{run})" if run else actor
    return commit.person(repository) or getpass.getuser()


def write(record: Record, folder: Path) -> Path:
    """Write the record beside the plan it deployed, whole or not at all, and return its file."""
    file = folder / FILE
    half = folder / f".{FILE}"
    try:
        half.write_text(json.dumps(record.as_json(), indent=2) + "\n", encoding="utf-8")
        half.replace(file)
    except OSError as error:
        raise CommandError(f"{file}: the deploy is done, its record cannot be written: {error}") from error
    return file


def show(record: Record, console: Console) -> None:
    """Print the record for people."""
    after = record.state_after
    state = f"serial {after.serial}, lineage {after.lineage}" if after else "unknown"
    table = Table.grid(padding=(0, 2))
    rows = {
        "environment": f"{record.environment} on {record.host}",
        "plan": facts.in_words(record.counts),
        "result": record.problem or (_PROVEN if any(record.counts.values()) else _NOTHING),
        "who": f"{record.who}, as {record.principal}",
        "when": f"{record.started_at}, {record.seconds:.0f} s",
        "commit": record.commit + (" with changes that are not committed" if record.dirty else ""),
        "digest": record.digest,
        "state": f"serial {record.state_before.serial} → {state}",
    }
    for name, value in rows.items():
        table.add_row(name, Text(value))
    console.print(table, highlight=False)
