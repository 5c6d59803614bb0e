"""`ecom docs`: write what is generated into the pages, or say which of it is stale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from rich.console import Console

from scripts.console import say, say_json
from scripts.docs import costs, figures, jobs, lineage, markers, measured, monitoring, places, refresh, scale
from scripts.docs.facts import Facts, read
from scripts.docs.markers import Section
from scripts.docs.writing import write
from scripts.errors import CommandError
from scripts.toolchain import ROOT

STALE = 2
# Where sections may stand. A page without any is fine, a missing one is not.
PAGES = ("README.md", "docs/orchestration_guide.md", "docs/runbook.md", "docs/scale.md")


def stamp(facts: Facts, day: date) -> str:
    """Say how old the generated parts of a page are."""
    return (
        "*What stands between `generated` markers in this page's source was made by `make docs` from the code of the"
        " commit you are reading; `make test-fast` compares them."
        f" Next runs and costs are those from {day:%A %Y-%m-%d} on. All other text is written by people.*"
    )


SECTIONS: Mapping[str, Callable[[Facts], str]] = {
    "access": places.access,
    "alert_index": monitoring.alert_index,
    "alerts": monitoring.alerts,
    "changes": places.changes,
    "dag": jobs.dag,
    "dashboards": monitoring.dashboards,
    "environments": places.environments,
    "figures": measured.shown,
    "job_index": jobs.job_index,
    "jobs": jobs.jobs,
    "medallion": lineage.medallion,
    "proofs": monitoring.proofs,
    "recipients": monitoring.recipients,
    "scale_cost": scale.cost,
    "scale_measured": measured.rates,
    "scale_prices": scale.priced,
    "tasks": jobs.tasks,
    "threshold_readers": monitoring.threshold_readers,
    "thresholds": monitoring.thresholds,
}
DATED: Mapping[str, Callable[[Facts, date], str]] = {
    "costs": costs.costs,
    "next_runs": jobs.next_runs,
    "stamp": stamp,
}


@dataclass(frozen=True)
class Page:
    """One page as it is and as it should be, and the names of the sections in which the two differ."""

    name: str
    old: str
    new: str
    stale: tuple[str, ...]


def run(check: bool, dry_run: bool, week: str | None, as_json: bool, console: Console, root: Path = ROOT) -> int:
    """Bring the pages up to date, or with `check` or `dry_run` only say what is stale.

    Returns the exit code: 2 when `check` finds anything. CommandError when a marker or a declaration is wrong; no page
    is written then.
    """
    pages = compose(root, _monday(week))
    writes = not (check or dry_run)
    for page in pages:
        if writes and page.old != page.new:
            write(root / page.name, page.new)
    stale = [(page.name, section) for page in pages for section in page.stale]
    if as_json:
        found = [{"page": page, "section": section} for page, section in stale]
        say_json(console, {"stale": found, "written": writes})
    else:
        _tell(stale, check, writes, console)
    return STALE if check and stale else 0


def take(report: Path, check: bool, dry_run: bool, root: Path = ROOT) -> None:
    """Take from a report of `make bench` the figures that it has; before pages are generated."""
    if check or dry_run:
        raise CommandError("--bench writes figures: it goes with neither --check nor --dry-run.", 2)
    refresh.refresh(root / figures.FILE, report)


def compose(root: Path, week: date | None = None) -> list[Page]:
    """Return every page as it should be; a week replaces the one that stands in the markers."""
    facts = read(root)
    return [_page(facts, name, week) for name in PAGES]


def _page(facts: Facts, name: str, week: date | None) -> Page:
    try:
        old = (facts.root / name).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name}: {error}") from error
    sections = markers.find(name, old)
    fresh = {section.name: _generate(facts, name, section, week) for section in sections}
    stale = tuple(section.name for section in sections if fresh[section.name] != section)
    return Page(name, old, markers.replace(old, sections, lambda section: fresh[section.name]), stale)


def _generate(facts: Facts, page: str, section: Section, week: date | None) -> Section:
    where = f"{page}:{section.begin + 1}: section '{section.name}'"
    if section.name in SECTIONS:
        if section.day:
            raise CommandError(f"{where} does not depend on a day; write '<!-- generated: {section.name} -->'.")
        return replace(section, text=SECTIONS[section.name](facts))
    if section.name in DATED:
        day = week or section.day
        if day is None:
            raise CommandError(
                f"{where} depends on a day; write '<!-- generated: {section.name} for YYYY-MM-DD -->' or pass --week."
            )
        return replace(section, day=day, text=DATED[section.name](facts, day))
    raise CommandError(f"{where} is unknown; there are {', '.join(sorted({*SECTIONS, *DATED}))}.")


def _monday(week: str | None) -> date | None:
    if week is None:
        return None
    try:
        return jobs.monday(date.fromisoformat(week))
    except ValueError as error:
        raise CommandError(f"--week {week!r}: expected a day as YYYY-MM-DD.") from error


def _tell(stale: list[tuple[str, str]], check: bool, writes: bool, console: Console) -> None:
    verb = "written" if writes else "stale" if check else "would be written"
    for page, section in stale:
        say(console, f"{page}: section '{section}' {verb}")
    if not stale:
        console.print("The pages say what the code says.")
    elif check:
        console.print("Run make docs and commit what it changes.")
