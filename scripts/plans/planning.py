"""From the code to a plan: synthesize one stack, let Terraform plan it, say what that amounts to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.plans import facts
from scripts.plans.commit import Commit
from scripts.plans.digest import digest
from scripts.plans.facts import Facts, StateMark
from scripts.plans.folder import Room
from scripts.plans.progress import Say, Steps
from scripts.plans.terraform import Event, Terraform
from scripts.synth import synthesize

PLAN_FILE = "plan.tfplan"
PLAN_JSON = "plan.json"


@dataclass(frozen=True)
class Plan:
    """A plan file, what it was computed from, and whether Terraform calls it a change."""

    file: Path
    facts: Facts
    counts: Mapping[str, int]
    changes: bool
    document: Mapping[str, Any]


def ready(environment: str, room: Room, variables: Mapping[str, str], steps: Steps) -> Terraform:
    """Synthesize an environment's stack and return Terraform, initialised in it."""
    with steps.step("synth") as say:
        terraform = Terraform(synthesize(environment, room.synth, variables), variables, room.logs)
        say(f"{len(terraform.declared())} resources")
    with steps.step("init"):
        terraform.init()
    return terraform


def plan(
    terraform: Terraform, commit: Commit, state: StateMark, folder: Path, steps: Steps, name: str = "plan"
) -> Plan:
    """Plan into `folder`; `state` is the version that was there before, so that a change meanwhile is never missed."""
    file = folder / PLAN_FILE
    with steps.step(name) as say:
        changes = terraform.plan(file, _refreshing(say))
        document = terraform.show(file)
        counted = facts.counts(document)
        say(facts.in_words(counted))
    found = Facts(
        environment=terraform.stack,
        stack=terraform.stack,
        digest=digest(document),
        commit=commit.hash,
        dirty=commit.dirty,
        state=state,
        terraform=document["terraform_version"],
        provider=terraform.provider_version(),
        planned_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )
    return Plan(file, found, counted, changes, document)


def write(made: Plan, folder: Path) -> None:
    """Write the plan as JSON and its facts beside the plan file, all for their owner only.

    `plan.json` holds sensitive values in the clear, as the plan file does: whoever shows it has to redact it.
    """
    for name, value in ((PLAN_JSON, made.document), (facts.FILE, made.facts.as_json())):
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2 if name == facts.FILE else None)
            file.write("\n")


def _refreshing(say: Say) -> Any:
    refreshed = 0

    def told(event: Event) -> None:
        nonlocal refreshed
        if event.get("type") == "refresh_complete":
            refreshed += 1
            say(f"{refreshed} objects read")

    return told
