"""Run the rules over plans and return their verdicts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scripts.connection import first_line
from scripts.errors import CommandError
from scripts.toolchain import ROOT, TOOLS

PYTHON = TOOLS / "policy" / "bin" / "python"
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
_SECONDS = 600

Result = Literal["failed", "passed", "waived"]


@dataclass(frozen=True)
class Rule:
    """One rule: why it matters and what to do when it is broken."""

    id: str
    title: str
    severity: str
    reason: str
    fix: str


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one resource of one environment; `details` are its faults, `waiver` why we live with it."""

    rule: Rule
    environment: str
    address: str
    result: Result
    details: tuple[str, ...] = ()
    waiver: str = ""

    def record(self) -> dict[str, Any]:
        """Return the verdict as the plan review reads it."""
        return {
            "id": self.rule.id,
            "severity": self.rule.severity,
            "title": self.rule.title,
            "environment": self.environment,
            "address": self.address,
            "result": self.result,
            "reason": self.waiver or self.rule.reason,
            "fix": self.rule.fix,
            "details": list(self.details),
        }


@dataclass(frozen=True)
class Scan:
    """All rules, how many resources they looked at, and what they said."""

    rules: tuple[Rule, ...]
    resources: int
    verdicts: tuple[Verdict, ...]


def scan(plans: Mapping[str, Path], python: Path = PYTHON) -> Scan:
    """Check plan files by environment; CommandError when checkov is missing or nothing was checked."""
    return judged(ask_checkov([file.resolve() for file in plans.values()], python), plans)


def judged(said: Mapping[str, Any], plans: Mapping[str, Path]) -> Scan:
    """Return what checkov said of plan files by environment; CommandError when that is worth nothing."""
    if said["problems"]:
        raise CommandError(f"checkov: {first_line(said['problems'][0])}")
    if not said["rules"] or not said["verdicts"]:
        raise CommandError(
            f"policies: {len(said['rules'])} rules looked at {said['resources']} resources and had nothing to say:"
            " a run that checks nothing proves nothing"
        )
    rules = {each["id"]: _rule(each) for each in said["rules"]}
    environments = {str(file.resolve()): name for name, file in plans.items()}
    verdicts = [
        Verdict(
            rule=rules[each["id"]],
            environment=environments[each["file"]],
            address=each["address"],
            result="failed" if each["failed"] else "passed",
            details=tuple(each["details"]),
        )
        for each in said["verdicts"]
    ]
    if silent := [name for name in plans if all(verdict.environment != name for verdict in verdicts)]:
        raise CommandError(f"policies: the plan of environment '{silent[0]}' has no resource to check")
    return Scan(tuple(rules.values()), said["resources"], tuple(verdicts))


def _rule(said: Mapping[str, Any]) -> Rule:
    return Rule(said["id"], said["title"], said["severity"], said["reason"], said["fix"])


def ask_checkov(files: Sequence[Path], python: Path = PYTHON) -> dict[str, Any]:
    """Return what `python -m infra.policies` prints about plan files; CommandError when it cannot run."""
    if not python.exists():
        raise CommandError(f"checkov is not installed ({python.parent.parent} is missing): run make setup.")
    result = subprocess.run(
        [str(python), "-m", "infra.policies", *map(str, files)],
        # The rules are our code, checkov's packages are not: only the repository goes on its path.
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        last = result.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise CommandError(f"checkov ended with code {result.returncode}: {last[0]}")
    said: dict[str, Any] = json.loads(result.stdout)
    return said
