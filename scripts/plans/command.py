"""`ecom plan` from the environment's name to the exit code."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from scripts import connection, toolchain
from scripts.console import say, say_json
from scripts.plans import commit, facts, planning, surroundings
from scripts.plans.folder import room
from scripts.plans.planning import Plan
from scripts.plans.progress import Steps
from scripts.plans.terraform import CHANGES, NO_CHANGES


def run(environment: str, to: Path, as_json: bool) -> int:
    """Plan an environment into `<to>/<environment>/`; return 0 without changes and 2 with, CommandError is 1.

    The folder has `plan.tfplan`, `plan.json` (as `terraform show -json` writes it) and `facts.json`, and replaces an
    earlier one at once. The first two hold sensitive values in the clear: all files are 0600, none is to be shown
    without redaction, and a deploy needs `facts.json` alone.
    """
    env = connection.environment(environment)
    steps = Steps(Console(stderr=True))
    stands_at = commit.read(toolchain.ROOT)
    around = surroundings.find(env)
    with room(to, env.name) as folders:
        terraform = planning.ready(env.name, folders, around.variables, steps)
        made = planning.plan(terraform, stands_at, terraform.mark(), folders.fresh, steps)
        planning.write(made, folders.fresh)
        folders.publish()
    _print(made, to, as_json)
    return CHANGES if made.changes else NO_CHANGES


def _print(made: Plan, to: Path, as_json: bool) -> None:
    console = Console()
    found = made.facts
    if as_json:
        say_json(console, {**found.as_json(), "counts": dict(made.counts)})
        return
    state = f"serial {found.state.serial}" if found.state.lineage else "none yet"
    lines = (
        f"{found.environment}: {facts.in_words(made.counts)}",
        f"plan     {to / found.environment}",
        f"digest   {found.digest}",
        f"commit   {found.commit}{' with changes that are not committed' if found.dirty else ''}",
        f"state    {state}",
        f"deploy   ecom deploy --environment {found.environment} --plans {to}",
    )
    say(console, "\n".join(lines))
