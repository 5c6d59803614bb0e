"""`infra/drift_ignores.toml`: drift that is known and meant, each with its reason and the day it ends."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scripts.drift.findings import Finding
from scripts.errors import CommandError
from scripts.jobs.pauses import Pause
from scripts.words import moment

_KEYS = {"address", "path", "reason", "expires"}


@dataclass(frozen=True)
class Ignore:
    """One entry: `*` in address and path stands for anything; from the day after `expires` on it ignores nothing."""

    address: str
    path: str
    reason: str
    expires: date

    def matches(self, finding: Finding) -> bool:
        """Whether a finding is the one that is meant."""
        return _matches(self.address, finding.address) and _matches(self.path, finding.path)

    def __str__(self) -> str:
        return f"{self.address} {self.path or '(whole object)'}"


@dataclass(frozen=True)
class Sorted:
    """Findings that count, those that are ignored with why, and what is wrong with the list itself."""

    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...]
    notes: tuple[str, ...]


def load(file: Path) -> list[Ignore]:
    """Read the list; CommandError names the entry that is malformed. No file is no entry."""
    if not file.exists():
        return []
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{file.name}: {error}") from error
    if unknown := sorted(table.keys() - {"ignore"}):
        raise CommandError(f"{file.name}: {unknown[0]!r}: expected [[ignore]] entries and nothing else.")
    entries = table.get("ignore", [])
    if not isinstance(entries, list):
        raise CommandError(f"{file.name}: ignore: expected [[ignore]] entries.")
    return [_entry(f"{file.name}: entry {number}", entry) for number, entry in enumerate(entries, start=1)]


def of_pause(pause: Pause) -> Ignore:
    """Return the entry that a pause of a job amounts to: somebody answers for it until it ends."""
    reason = f"paused by {pause.who} until {pause.until}: {pause.reason}"
    return Ignore(f"databricks_job.{pause.job}", "schedule.pause_status", reason, moment(pause.until).date())


def sort(findings: Sequence[Finding], ignores: Sequence[Ignore], today: date) -> Sorted:
    """Set aside what is ignored today; an entry that is over, or that met nothing, is told."""
    kept: list[Finding] = []
    ignored: list[tuple[Finding, Ignore]] = []
    live = [each for each in ignores if each.expires >= today]
    for finding in findings:
        entry = next((each for each in live if each.matches(finding)), None)
        # That a type cannot be compared is no drift: nobody can mean it.
        if entry is None or finding.kind == "unsupported type":
            kept.append(finding)
        else:
            ignored.append((finding, entry))
    used = {entry for _, entry in ignored}
    notes = [f"ignore entry is over since {each.expires}: {each}" for each in ignores if each.expires < today]
    notes += [f"ignore entry meets nothing: {each}" for each in live if each not in used]
    return Sorted(tuple(kept), tuple(ignored), tuple(notes))


def _entry(where: str, entry: object) -> Ignore:
    if not isinstance(entry, dict):
        raise CommandError(f"{where}: {entry!r} is no table.")
    for name in sorted(_KEYS - entry.keys()):
        raise CommandError(f"{where}: {name} is missing; an entry has {', '.join(sorted(_KEYS))}.")
    for name in sorted(entry.keys() - _KEYS):
        raise CommandError(f"{where}: {name}: unknown; an entry has {', '.join(sorted(_KEYS))}.")
    for name in ("address", "path", "reason"):
        if not isinstance(entry[name], str):
            raise CommandError(f"{where}: {name}: {entry[name]!r} is no text.")
    for name in ("address", "reason"):
        if not entry[name].strip():
            raise CommandError(f"{where}: {name} is empty.")
    if not entry["address"].strip("*. "):
        raise CommandError(f"{where}: address: {entry['address']!r} would ignore everything.")
    if type(entry["expires"]) is not date:
        raise CommandError(f"{where}: expires: {entry['expires']!r} is no day; write it as 2026-12-31 without quotes.")
    return Ignore(entry["address"], entry["path"], entry["reason"], entry["expires"])


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
