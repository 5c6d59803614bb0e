"""What a plan was computed from, and what it amounts to; the part of a plan that holds no value of any object."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.errors import CommandError
from scripts.plans.digest import actual_changes, moved

STALE = 4  # exit code: the plan is stale, or not the reviewed one
FILE = "facts.json"
COUNTED = ("create", "update", "replace", "delete", "move")


@dataclass(frozen=True)
class StateMark:
    """Which Terraform state, and which version of it; "" and 0 before the first deploy."""

    lineage: str
    serial: int


@dataclass(frozen=True)
class Facts:
    """All that a deploy compares, and where the plan comes from. `planned_at` is ISO 8601 in UTC."""

    environment: str
    stack: str
    digest: str
    commit: str
    dirty: bool
    state: StateMark
    terraform: str
    provider: str
    planned_at: str

    def as_json(self) -> dict[str, Any]:
        """Return the facts as they stand in `facts.json`."""
        return asdict(self)


def read(folder: Path, environment: str) -> Facts:
    """Return the facts of a reviewed plan; CommandError with exit code 4 when there are none to deploy by."""
    file = folder / FILE
    mend = f"ecom plan --environment {environment} --to {folder.parent}"
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        found = Facts(**{**said, "state": StateMark(**said["state"])})
    except FileNotFoundError as error:
        raise CommandError(f"{file}: there is no plan to deploy by: {mend}, and review it.", STALE) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file}: not the facts of a plan ({error}): {mend}, and review it.", STALE) from error
    if found.environment != environment:
        raise CommandError(f"{file}: is the plan of '{found.environment}', not of '{environment}': {mend}.", STALE)
    return found


def counts(plan: Mapping[str, Any]) -> dict[str, int]:
    """Return how many objects a plan creates, updates, replaces, deletes and moves; a move may also be an update."""
    found = Counter({name: 0 for name in COUNTED})
    for change in actual_changes(plan):
        actions = change["change"]["actions"]
        found["replace" if len(actions) > 1 else actions[0]] += 1
        found["move"] += moved(change)
    return {name: found[name] for name in COUNTED}


def in_words(counted: Mapping[str, int]) -> str:
    """Return the counts as people read them, without those that are zero."""
    said = [f"{number} to {name}" for name, number in counted.items() if number]
    return ", ".join(said) or "no changes"
