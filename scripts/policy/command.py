"""`ecom policy`: check plans, tell people, write what machines read."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.environments import ENVIRONMENTS
from scripts.connection import environment
from scripts.policy import plans as plan_files
from scripts.policy.junit import junit
from scripts.policy.sarif import sarif
from scripts.policy.verdicts import SEVERITIES, Scan, Verdict, scan
from scripts.policy.waivers import FILE, load, waived
from scripts.toolchain import ROOT

REFUSED = 3
_TONES = {"CRITICAL": "bold red", "HIGH": "red", "MEDIUM": "yellow", "LOW": "cyan"}


@dataclass(frozen=True)
class Outputs:
    """Files to write: verdicts for the plan review, SARIF, JUnit."""

    to: Path | None = None
    sarif: Path | None = None
    junit: Path | None = None


def run(names: Sequence[str], plans: Path | None, outputs: Outputs, console: Console, waivers: Path = FILE) -> int:
    """Check environments, all of them unless told; return 0, or 3 when a failure is not waived."""
    chosen = [environment(name).name for name in dict.fromkeys(names)] or list(ENVIRONMENTS)
    exceptions = load(waivers)
    progress = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="ecom-policy-") as scratch, progress.status("policies") as status:

        def told(step: str) -> None:
            status.update(f"policies: {step}")

        if plans is not None:
            files = plan_files.recorded(plans, chosen)
        else:
            files = plan_files.planned(Path(scratch), chosen, os.environ, told)
        told("checking")
        scanned = scan(files)
    today = dt.datetime.now(dt.UTC).date()
    verdicts = waived(scanned.verdicts, exceptions, today, complete=set(chosen) == set(ENVIRONMENTS))
    _write(outputs, scanned, verdicts)
    _show(scanned, verdicts, console)
    return REFUSED if any(verdict.result == "failed" for verdict in verdicts) else 0


def _write(outputs: Outputs, scanned: Scan, verdicts: Sequence[Verdict]) -> None:
    if outputs.to:
        _save(outputs.to, json.dumps([verdict.record() for verdict in verdicts], indent=1) + "\n")
    if outputs.sarif:
        _save(outputs.sarif, json.dumps(sarif(scanned.rules, verdicts, ROOT), indent=1) + "\n")
    if outputs.junit:
        _save(outputs.junit, junit(verdicts))


def _save(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _show(scanned: Scan, verdicts: Sequence[Verdict], console: Console) -> None:
    found = [verdict for verdict in verdicts if verdict.result != "passed"]
    if found:
        console.print(_table(found))
    counts = Counter(verdict.result for verdict in verdicts)
    environments = list(dict.fromkeys(verdict.environment for verdict in scanned.verdicts))
    console.print(
        f"{len(scanned.rules)} rules on {scanned.resources} resources of {', '.join(environments)}:"
        f" {counts['failed']:,} failed, {counts['waived']:,} waived, {counts['passed']:,} passed",
        style="red" if counts["failed"] else "green",
        highlight=False,
    )


def _table(found: Sequence[Verdict]) -> Table:
    """Failures before what is waived, worst first; environments that share a finding share its line."""
    lines: dict[tuple[str, int, str, str], list[Verdict]] = {}
    for verdict in found:
        severity = SEVERITIES.index(verdict.rule.severity)
        lines.setdefault((verdict.result, severity, verdict.rule.id, verdict.address), []).append(verdict)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("severity", "rule", "where", "what", "mend"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "severity")
    for _, same in sorted(lines.items()):
        first = same[0]
        tone = "dim" if first.result == "waived" else _TONES[first.rule.severity]
        word = "waived" if first.result == "waived" else first.rule.severity
        where = f"{first.address} ({', '.join(verdict.environment for verdict in same)})"
        what = "; ".join(dict.fromkeys(detail for verdict in same for detail in verdict.details))
        mend = first.waiver or first.rule.fix
        table.add_row(word, f"{first.rule.id} {first.rule.title}", where, what, mend, style=tone)
    return table
