"""A report for an issue: the table first, then each finding with its diff and its ways out, within a size."""

from __future__ import annotations

from scripts.drift.findings import Finding
from scripts.drift.report import Report
from scripts.drift.show import short

LIMIT = (
    60_000  # GitHub refuses a body over 65,536 characters (docs.github.com, 2026); the rest is for whoever adds to it
)
_DIFF = 3000  # characters of one diff


def markdown(report: Report) -> str:
    """Return the report as Markdown of at most LIMIT characters; rows of the table are cut last, lowest first."""
    head = [
        f"**{report.environment}**: {report.verdict}.",
        "",
        f"{report.managed} managed of {report.seen} seen, {report.calls} calls.",
        "",
    ]
    rows = [_row(number, each) for number, each in enumerate(report.findings, start=1)]
    if rows:
        head += ["| | severity | what | address | path | declared | workspace | who |", "|-|-|-|-|-|-|-|-|"]
    tail = [
        *(f"- not read: {_plain(what)}: {_plain(problem)}" for what, problem in report.problems.items()),
        *(
            f"- ignored: `{each.address}` {_plain(entry.reason)}, until {entry.expires}"
            for each, entry in report.ignored
        ),
        *(f"- {_plain(note)}" for note in report.notes),
    ]
    room = LIMIT - len("\n".join([*head, *tail])) - 200
    table = _within(rows, room)
    details = _within(
        [_details(number, each) for number, each in enumerate(report.findings, start=1)],
        room - len("\n".join(table)),
    )
    return "\n".join([*head, *table, "", *details, *tail]).rstrip()[:LIMIT] + "\n"


def _within(parts: list[str], room: int) -> list[str]:
    """Return as many parts as there is room for, and how many were left out."""
    kept: list[str] = []
    used = 0
    for part in parts:
        if used + len(part) + 1 > room:
            return [*kept, "", f"{len(parts) - len(kept)} more are left out here: `ecom drift --json` has them."]
        kept.append(part)
        used += len(part) + 1
    return kept


def _row(number: int, finding: Finding) -> str:
    declared, actual = ("see below",) * 2 if finding.diff else (finding.declared, finding.actual)
    cells = (
        str(number),
        finding.severity,
        finding.kind,
        _code(finding.address),
        _code(finding.path),
        _code(short(declared)),
        _code(short(actual)),
        _plain(finding.who),
    )
    return f"| {' | '.join(cells)} |"


def _details(number: int, finding: Finding) -> str:
    lines = [f"<details><summary>{number} {_plain(finding.address)} {_plain(finding.path)}</summary>", ""]
    if finding.also:
        lines += [f"{len(finding.also)} more inside it: {', '.join(map(_code, finding.also[:20]))}", ""]
    if finding.diff:
        cut = finding.diff[:_DIFF]
        fence = "`" * max(3, _longest_run(cut) + 1)
        lines += [f"{fence}diff", cut.rstrip("\n"), fence]
    lines += [f"- revert: {_code(finding.proposal.revert)}"] if finding.proposal.revert else []
    lines += [f"- adopt: {_code(finding.proposal.adopt)}", f"- when: {_plain(finding.when)}", "", "</details>", ""]
    return "\n".join(lines)


def _longest_run(text: str) -> int:
    longest = current = 0
    for letter in text:
        current = current + 1 if letter == "`" else 0
        longest = max(longest, current)
    return longest


def _code(text: str) -> str:
    """Return a text as code in a table cell: what is in it formats nothing and calls nobody."""
    if not text:
        return ""
    line = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (_longest_run(line) + 1)
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"


def _plain(text: str) -> str:
    """Return a text that formats nothing and calls nobody."""
    line = " ".join(text.split())
    return "".join(f"&#{ord(letter)};" if letter in "\\`*_[]<>|@#&" else letter for letter in line)
