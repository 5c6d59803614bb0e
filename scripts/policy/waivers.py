"""Findings we live with: each has a reason and a last day."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from scripts.errors import CommandError
from scripts.policy.verdicts import Rule, Verdict
from scripts.toolchain import ROOT

FILE = ROOT / "infra" / "policies" / "waivers.toml"
_KEYS = {"check", "address", "reason", "expires"}
_CHECK = re.compile(r"CKV_ECOM_\d+")
_SHORTEST_REASON = 10  # letters; "todo" is no reason

# The rule over the waivers themselves; it cannot be waived.
WAIVER_RULE = Rule(
    id="CKV_ECOM_WAIVER",
    title="Waivers are in use and in date",
    severity="HIGH",
    reason="A waiver that outlives its day or its finding hides the next one.",
    fix="Mend what it waives or give it a new day with its reason; remove one that waives nothing.",
)


@dataclass(frozen=True)
class Waiver:
    """One entry: the check, a shell pattern over addresses, why, and the last day it holds."""

    check: str
    address: str
    reason: str
    expires: dt.date

    def covers(self, verdict: Verdict) -> bool:
        """Whether it is about this failure."""
        same = verdict.rule.id == self.check and fnmatchcase(verdict.address, self.address)
        return same and verdict.result != "passed"


def load(file: Path = FILE) -> tuple[Waiver, ...]:
    """Read the file; CommandError names the first entry that is wrong and how."""
    try:
        content = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CommandError(f"{file.name}: {error}") from error
    if set(content) - {"waiver"}:
        raise CommandError(f"{file.name}: {', '.join(sorted(set(content) - {'waiver'}))}: only [[waiver]] is known")
    entries = content.get("waiver", [])
    if not isinstance(entries, list):
        raise CommandError(f"{file.name}: waiver is a single table: write [[waiver]]")
    return tuple(_waiver(f"{file.name}: waiver {number}", each) for number, each in enumerate(entries, 1))


def _waiver(where: str, entry: dict[str, Any]) -> Waiver:
    if set(entry) != _KEYS:
        missing, unknown = sorted(_KEYS - set(entry)), sorted(set(entry) - _KEYS)
        faults = [f"{name} is missing" for name in missing] + [f"{name} is unknown" for name in unknown]
        raise CommandError(f"{where}: {', '.join(faults)}")
    for name in ("check", "address", "reason"):
        if not isinstance(entry[name], str) or not entry[name].strip():
            raise CommandError(f"{where}: {name} {entry[name]!r} is no text")
    if not _CHECK.fullmatch(entry["check"]):
        raise CommandError(f"{where}: check {entry['check']!r} is not CKV_ECOM_<number>")
    if len(entry["reason"].strip()) < _SHORTEST_REASON:
        raise CommandError(f"{where}: reason {entry['reason']!r} explains nothing")
    if type(entry["expires"]) is not dt.date:
        raise CommandError(f"{where}: expires {entry['expires']!r} is not a day as 2027-03-31, without quotes")
    return Waiver(**entry)


def waived(
    verdicts: Iterable[Verdict], waivers: Sequence[Waiver], today: dt.date, complete: bool
) -> tuple[Verdict, ...]:
    """Return the verdicts with those in date waived, and a failure per waiver that expired or waives nothing.

    Whether one waives nothing is only known when the run is `complete`: every environment was checked.
    """
    kept = [_apply(verdict, waivers, today) for verdict in verdicts]
    for waiver in waivers:
        if waiver.expires < today:
            kept.append(_fault(f"{waiver.check} for {waiver.address} expired on {waiver.expires}"))
        elif complete and not any(waiver.covers(verdict) for verdict in kept):
            kept.append(_fault(f"{waiver.check} for {waiver.address} waives nothing"))
    return tuple(kept)


def _apply(verdict: Verdict, waivers: Sequence[Waiver], today: dt.date) -> Verdict:
    for waiver in waivers:
        if waiver.expires >= today and waiver.covers(verdict):
            return replace(verdict, result="waived", waiver=f"{waiver.reason} (until {waiver.expires})")
    return verdict


def _fault(text: str) -> Verdict:
    return Verdict(WAIVER_RULE, "all", "infra/policies/waivers.toml", "failed", (text,))
