"""Is it still what was reviewed? One line and exit code 4 when it is not, naming what has moved."""

from __future__ import annotations

from scripts.errors import CommandError
from scripts.plans.commit import Commit
from scripts.plans.facts import STALE, Facts, StateMark


def same_commit(reviewed: Facts, now: Commit) -> None:
    """Refuse another commit: what was read in the review is not what would be synthesized."""
    if reviewed.commit != now.hash:
        raise _moved(reviewed, f"the commit moved, from {reviewed.commit[:12]} to {now.hash[:12]}")


def same_state(reviewed: Facts, now: StateMark) -> None:
    """Refuse another state, or another version of it: somebody deployed, or a deploy was interrupted."""
    before = reviewed.state
    if before.lineage != now.lineage:
        words = {"": "no state"}
        was, is_now = (words.get(each, each) for each in (before.lineage, now.lineage))
        raise _moved(reviewed, f"the state's lineage moved, from {was} to {is_now}")
    if before.serial != now.serial:
        raise _moved(reviewed, f"the state's serial moved, from {before.serial} to {now.serial}")


def same_plan(reviewed: Facts, now: Facts) -> None:
    """Refuse another plan: the workspace changed under it, or files that no commit has."""
    if reviewed.digest != now.digest:
        raise _moved(reviewed, f"the plan's digest moved, from {reviewed.digest[:12]} to {now.digest[:12]}")


def _moved(reviewed: Facts, what: str) -> CommandError:
    name = reviewed.environment
    return CommandError(
        f"'{name}' is not deployed: {what} since {reviewed.planned_at}, when the reviewed plan was made."
        f" Plan again and review: ecom plan --environment {name}",
        STALE,
    )
