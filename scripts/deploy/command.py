"""`ecom deploy`: compare with what was reviewed, apply exactly that, prove it, write it down."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console

from scripts import connection, toolchain
from scripts.console import say, say_json
from scripts.deploy import guard, record, review, rollout
from scripts.deploy.record import Record
from scripts.errors import CommandError
from scripts.plans import commit, facts, planning, surroundings
from scripts.plans.commit import Commit
from scripts.plans.facts import Facts, StateMark
from scripts.plans.folder import room
from scripts.plans.planning import Plan
from scripts.plans.progress import Steps
from scripts.plans.terraform import Terraform


@dataclass(frozen=True)
class Deployer:
    """Who deploys, where, and from what."""

    host: str
    principal: str
    who: str
    commit: Commit


def run(environment: str, plans: Path, dry_run: bool, as_json: bool) -> None:
    """Deploy the reviewed plan in `<plans>/<environment>/`, write `deploy.json` beside it and print it.

    CommandError: 4 when commit, state or plan is not the reviewed one, 3 when this must not deploy here, 1 when
    something could not be done.
    """
    env = connection.environment(environment)
    steps = Steps(Console(stderr=True))
    reviewed = facts.read(plans / env.name, env.name)
    stands_at = commit.read(toolchain.ROOT)
    review.same_commit(reviewed, stands_at)
    guard.refuse_uncommitted(env, stands_at)
    around = surroundings.find(env)
    principal = guard.principal(around.client)
    guard.refuse_person(env, principal)
    deployer = Deployer(around.client.config.host or "", principal, record.who(os.environ, toolchain.ROOT), stands_at)
    signal.signal(signal.SIGTERM, _as_interrupt)
    with room(plans, env.name) as folders:
        terraform = planning.ready(env.name, folders, around.variables, steps)
        made = checked(terraform, reviewed, stands_at, folders.fresh, steps)
        if dry_run:
            _say_what_would_be(made, as_json)
            return
        done = roll_out(
            terraform, made, deployer, folders.fresh, steps, lambda: rollout.watch(env, around.client, terraform, steps)
        )
        file = record.write(done, folders.plan)
    _print(done, file, as_json)
    if done.problem:
        raise CommandError(done.problem)


def checked(terraform: Terraform, reviewed: Facts, stands_at: Commit, folder: Path, steps: Steps) -> Plan:
    """Plan anew and return that plan once it is known to be the reviewed one; else CommandError, exit code 4."""
    state = terraform.mark()
    review.same_state(reviewed, state)
    made = planning.plan(terraform, stands_at, state, folder, steps)
    review.same_plan(reviewed, made.facts)
    return made


def roll_out(
    terraform: Terraform, made: Plan, deployer: Deployer, folder: Path, steps: Steps, watch: Callable[[], None]
) -> Record:
    """Apply a checked plan, prove it and look for drift; the record says what went wrong, if anything did."""
    started, at = time.monotonic(), datetime.now(UTC)
    problem = ""
    try:
        if made.changes:
            rollout.apply(terraform, made, steps)
        rollout.read_back(terraform, steps)
        if made.changes:
            rollout.prove(terraform, folder, steps)
        watch()
    except CommandError as error:
        if error.code == facts.STALE:  # refused by Terraform itself, before it did anything
            raise
        problem = str(error)
    return Record(
        environment=made.facts.environment,
        host=deployer.host,
        who=deployer.who,
        principal=deployer.principal,
        started_at=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        seconds=round(time.monotonic() - started, 1),
        commit=deployer.commit.hash,
        dirty=deployer.commit.dirty,
        digest=made.facts.digest,
        state_before=made.facts.state,
        state_after=_mark(terraform),
        counts=made.counts,
        problem=problem,
    )


def _mark(terraform: Terraform) -> StateMark | None:
    """Return the version of the state after an apply; None where a broken backend does not say it."""
    try:
        return terraform.mark()
    except CommandError:
        return None


def _say_what_would_be(made: Plan, as_json: bool) -> None:
    text = f"{made.facts.environment}: is what was reviewed, would deploy it: {facts.in_words(made.counts)}"
    if as_json:
        say_json(Console(), {**made.facts.as_json(), "counts": dict(made.counts)})
    else:
        say(Console(), text)


def _print(done: Record, file: Path, as_json: bool) -> None:
    if as_json:
        say_json(Console(), done.as_json())
        return
    record.show(done, Console())
    say(Console(), f"record       {file}")


def _as_interrupt(_: int, __: FrameType | None) -> None:
    """A runner that cancels sends SIGTERM: Terraform then has to end in good order, as on Ctrl-C."""
    raise KeyboardInterrupt
