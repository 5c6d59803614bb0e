"""Everything that one look for drift found, as JSON and as an exit code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from scripts.drift.detection import Detection
from scripts.drift.findings import SEVERITIES, Finding
from scripts.drift.ignores import Ignore

FINE, COULD_NOT_TELL, DRIFT = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Report:
    """One look at one environment; `seconds` and `calls` are of reading the workspace."""

    environment: str
    host: str
    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...]
    detection: Detection
    notes: tuple[str, ...]
    problems: dict[str, str]
    calls: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 none, 2 drift, 1 when something could not be compared: then 0 and 2 would both claim too much."""
        if self.problems or any(each.kind == "unsupported type" for each in self.findings):
            return COULD_NOT_TELL
        return DRIFT if self.findings else FINE

    @property
    def managed(self) -> int:
        """Declared objects that are there, and access lists that are declared."""
        return sum(each.managed for each in self.detection.coverage)

    @property
    def seen(self) -> int:
        """Objects and access lists of ours that were seen."""
        return sum(each.seen for each in self.detection.coverage)

    @property
    def fingerprint(self) -> str | None:
        """What stays the same as long as the same drift does; None without drift."""
        if not self.findings:
            return None
        each = sorted(finding.fingerprint(self.environment) for finding in self.findings)
        return hashlib.sha256("\n".join(each).encode()).hexdigest()[:16]

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.exit_code == COULD_NOT_TELL:
            problems = len(self.problems) + sum(each.kind == "unsupported type" for each in self.findings)
            return f"could not tell: {problems} unread or unknown, {len(self.findings)} findings"
        if not self.findings:
            return "no drift"
        counts = {level: sum(each.severity == level for each in self.findings) for level in SEVERITIES}
        split = ", ".join(f"{count} {level}" for level, count in counts.items() if count)
        return f"{len(self.findings)} finding{'s' if len(self.findings) > 1 else ''}: {split}"

    def as_json(self) -> dict[str, Any]:
        """Return the whole report."""
        return {
            "environment": self.environment,
            "host": self.host,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "fingerprint": self.fingerprint,
            "findings": [each.as_json(self.environment) for each in self.findings],
            "ignored": [
                each.as_json(self.environment) | {"reason": entry.reason, "expires": entry.expires.isoformat()}
                for each, entry in self.ignored
            ],
            "coverage": [
                {"type": each.noun, "declared": each.declared, "managed": each.managed, "seen": each.seen}
                for each in self.detection.coverage
            ],
            "notes": list(self.notes),
            "problems": dict(self.problems),
            "calls": self.calls,
            "seconds": round(self.seconds, 2),
        }
