"""A report in a terminal: what is worst first, then each finding with its ways out, then what was compared."""

from __future__ import annotations

import json

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from scripts.console import say
from scripts.drift.compare import Json
from scripts.drift.findings import UNKNOWN, Finding
from scripts.drift.report import COULD_NOT_TELL, FINE, Report

_STYLES = {"high": "bold red", "medium": "yellow", "low": "cyan"}
_BANNERS = {FINE: "bold white on green", COULD_NOT_TELL: "bold white on red"}
_VALUE = 60  # characters of a value in the table; the details have it whole
_DIFF_LINES = 40  # of a diff in a terminal; --json has it whole


def show(report: Report, console: Console) -> None:
    """Print a report."""
    banner = Text.assemble((f" {report.verdict} ", _BANNERS.get(report.exit_code, "bold black on yellow")))
    console.print(Text.assemble(banner, f" {report.environment} at {report.host}"), highlight=False)
    if report.findings:
        console.print()
        console.print(_table(report), highlight=False)
        for number, finding in enumerate(report.findings, start=1):
            _details(number, finding, console)
    for what, problem in report.problems.items():
        console.print(Text.assemble(("not read  ", "bold red"), f"{what}: {problem}"), highlight=False, soft_wrap=True)
    for finding, entry in report.ignored:
        said = f"{finding.address} {finding.path}: {entry.reason} (until {entry.expires})"
        console.print(Text.assemble(("ignored  ", "dim"), said), highlight=False, soft_wrap=True)
    for note in report.notes:
        console.print(Text.assemble(("note  ", "bold"), note), highlight=False, soft_wrap=True)
    console.print()
    console.print(_coverage(report), highlight=False)
    console.print(
        f"coverage {report.managed} managed of {report.seen} seen · {report.calls} calls in {report.seconds:.1f} s",
        style="dim",
        highlight=False,
    )


def short(value: Json, limit: int = _VALUE) -> str:
    """Return a value on one line, cut when it is long."""
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _table(report: Report) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for head in ("", "severity", "what", "address", "path", "declared", "workspace", "who", "when (UTC)"):
        table.add_column(head, overflow="fold")
    for number, each in enumerate(report.findings, start=1):
        table.add_row(
            str(number),
            Text(each.severity, style=_STYLES[each.severity]),
            each.kind,
            Text(each.address),
            Text(each.path or "-"),
            Text(_declared(each)),
            Text("see the diff" if each.diff else short(each.actual)),
            each.who,
            each.when[:16].replace("T", " "),
        )
    return table


def _declared(finding: Finding) -> str:
    return "see the diff" if finding.diff else short(finding.declared)


def _details(number: int, finding: Finding, console: Console) -> None:
    console.print()
    head = Text.assemble((f"{number} ", "dim"), (finding.severity, _STYLES[finding.severity]), f" {finding.kind} ")
    console.print(head.append(f"{finding.address} {finding.path}".rstrip(), style="bold"), highlight=False)
    if finding.also:
        more = f"and {len(finding.also)} inside it, {finding.also[0]} for one"
        say(console, f"  {more}")
    if finding.note:
        say(console, f"  {finding.note}")
    if finding.diff:
        lines = finding.diff.splitlines()
        console.print(Syntax("\n".join(lines[:_DIFF_LINES]), "diff", theme="ansi_dark", background_color="default"))
        if len(lines) > _DIFF_LINES:
            console.print(f"  … {len(lines) - _DIFF_LINES} more lines: --json has them", style="dim", highlight=False)
    else:
        for side, value in (("declared", finding.declared), ("workspace", finding.actual)):
            say(console, f"  {side:<10}{short(value, 2000)}")
    if finding.who != UNKNOWN:
        say(console, f"  {'by':<10}{finding.who} at {finding.when}")
    for way, text in (("revert", finding.proposal.revert), ("adopt", finding.proposal.adopt)):
        if text:
            say(console, f"  {way:<10}{text}")


def _coverage(report: Report) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("compared")
    for head in ("declared", "there", "seen"):
        table.add_column(head, justify="right")
    for each in report.detection.coverage:
        table.add_row(each.noun, str(each.declared), str(each.managed), str(each.seen))
    return table
