"""One finding: one place where the workspace is not what is declared, how bad that is, and what to do about it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from scripts.drift.compare import Json

FindingKind = Literal["missing", "changed", "content", "undeclared", "permission", "unsupported type"]
Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Proposal:
    """Two ways out: make the workspace as declared, or the code as the workspace is."""

    revert: str
    adopt: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One drift. None as a value is absent; values are redacted already. `also` counts what comes with it by address.

    `who` and `when` (UTC) are of the audit log, `unknown` where it does not say. `ids` are what the log may name the
    object by.
    """

    kind: FindingKind
    address: str
    path: str
    declared: Json
    actual: Json
    severity: Severity
    proposal: Proposal
    diff: str = ""
    note: str = ""
    also: tuple[str, ...] = ()
    who: str = UNKNOWN
    when: str = UNKNOWN
    ids: frozenset[str] = field(default_factory=frozenset)
    object_type: str = ""  # of the object itself, where the address is that of its access list

    def fingerprint(self, environment: str) -> str:
        """Return what stays the same as long as this drift does; of the redacted value, for a hash can be guessed."""
        said = [environment, self.kind, self.address, self.path, self.actual]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    def as_json(self, environment: str) -> dict[str, Any]:
        """Return it for `--json`."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "address": self.address,
            "path": self.path,
            "declared": self.declared,
            "actual": self.actual,
            "diff": self.diff,
            "note": self.note,
            "also": list(self.also),
            "who": self.who,
            "when": self.when,
            "revert": self.proposal.revert,
            "adopt": self.proposal.adopt,
            "fingerprint": self.fingerprint(environment),
        }


@dataclass(frozen=True)
class Coverage:
    """How many objects of a type are there that are ours, and how many of them are declared."""

    noun: str
    managed: int
    seen: int
    declared: int
