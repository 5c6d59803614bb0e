"""Apply one plan file, then prove it: all is in the state, a second plan has no change, the workspace has no drift."""

from __future__ import annotations

from pathlib import Path

from databricks.sdk import WorkspaceClient

from infra.environments import Environment
from scripts.console import say
from scripts.drift import command as drift
from scripts.drift import declared
from scripts.errors import CommandError
from scripts.plans.facts import in_words
from scripts.plans.planning import PLAN_FILE, Plan
from scripts.plans.progress import Say, Steps
from scripts.plans.terraform import Event, Terraform, TerraformError, Told, managed

_AGAIN = "what it had done is in the state: plan, review and deploy again, it goes on from there"


def apply(terraform: Terraform, made: Plan, steps: Steps) -> None:
    """Apply the plan file itself, so that nothing is planned anew; what Terraform could not do is a CommandError."""
    total = sum(made.counts[name] for name in ("create", "update", "delete")) + 2 * made.counts["replace"]
    with steps.step("apply") as told:
        try:
            terraform.apply(made.file, _counting(told, total))
        except TerraformError as error:
            for problem in error.problems[1:]:
                say(steps.console, f"  {problem}")
            raise CommandError(str(error) if error.code != 1 else f"{error}; {_AGAIN}", error.code) from error
        told(f"{in_words(made.counts)}: done")


def read_back(terraform: Terraform, steps: Steps) -> None:
    """Refuse a state that lacks something declared: an apply that was cut short can look like one that ended."""
    with steps.step("read back") as told:
        declared = terraform.declared()
        if missing := sorted(declared - managed(terraform.state())):
            raise CommandError(
                f"stack {terraform.stack}: {len(missing)} declared resources are not in the state,"
                f" {missing[0]} for one; {_AGAIN}"
            )
        told(f"{len(declared)} resources")


def prove(terraform: Terraform, folder: Path, steps: Steps) -> None:
    """Plan once more and refuse a plan with changes: what was applied is not what the workspace then says."""
    with steps.step("prove") as told:
        file = folder / f"second-{PLAN_FILE}"
        if terraform.plan(file):
            first = next(each for each in terraform.show(file)["resource_changes"] if _changes(each))
            raise CommandError(
                f"stack {terraform.stack}: all was applied, and yet a second plan has changes: {first['address']}"
                f" ({', '.join(first['change']['actions'])}) for one; plan and review them"
            )
        told("a second plan has no changes")


def watch(env: Environment, client: WorkspaceClient, terraform: Terraform, steps: Steps) -> None:
    """Compare the workspace with what was declared; what is not in it as it was told is a CommandError."""
    with steps.step("drift") as told:
        report = drift.look(env, client, declared.load(terraform.folder, terraform.variables), told)
        if report.problems:
            name, problem = next(iter(report.problems.items()))
            raise CommandError(f"stack {terraform.stack}: all was applied; drift could not read {name}: {problem}")
        if report.findings:
            first = report.findings[0]
            raise CommandError(
                f"stack {terraform.stack}: all was applied, and yet the workspace differs in {len(report.findings)}"
                f" places: {' '.join((first.address, first.path)).strip()} for one; ecom drift shows them all"
            )
        told(f"none, in {report.calls} calls")


def _changes(entry: Event) -> bool:
    return bool(entry["change"]["actions"] != ["no-op"])


def _counting(counted: Say, total: int) -> Told:
    done = 0

    def told(event: Event) -> None:
        nonlocal done
        if event.get("type") == "apply_complete":
            done += 1
            counted(f"{done} of {total}, {event['hook']['resource']['addr']}")

    return told
