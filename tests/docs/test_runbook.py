"""Each alert and each job's failure has its section, and each action says whether it destroys anything."""

from __future__ import annotations

import re
from functools import cache

import pytest

from infra.jobs import discover
from lakehouse.digest.incidents import QUESTION_FAILED
from scripts.docs import facts
from scripts.docs.jobs import failure_heading
from scripts.docs.markdown import anchor

from .reading import ROOT, Heading, headings, spans, steps

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
HEADINGS = ["What it means", "Why it fires", "What to do"]
PROCEDURES = "Things you do again and again"
# What cannot be taken back by itself, or takes something from others. Reading about it in a history is no action.
DESTRUCTIVE = re.compile(r"ecom (jobs cancel|deploy|reset)|RESTORE TABLE|DELETE FROM|DROP TABLE|VACUUM|checkpoint")


def incident_faults(text: str, anchors: dict[str, str]) -> list[str]:
    """Return what is wrong with the sections that alerts, jobs and the digest (name by anchor) lead to."""
    sections: dict[str, list[Heading]] = {}
    for heading in headings(text):
        sections.setdefault(anchor(heading.text), []).append(heading)
    faults = []
    for fragment, who in anchors.items():
        found = sections.get(fragment, [])
        if len(found) != 1:
            faults.append(f"{who}: {len(found)} sections #{fragment}")
            continue
        parts = headings(found[0].body)
        if [part.text for part in parts] != HEADINGS:
            faults.append(f"#{fragment}: has the headings {[part.text for part in parts]}")
            continue
        faults += [f"#{fragment}: {part.text}: is empty" for part in parts if not part.body.strip()]
    return faults


def action_faults(text: str) -> list[str]:
    """Return the actions that do not say whether they are destructive, or say so wrongly."""
    found = [each for each in headings(text) if each.text == "What to do"]
    found += [part for each in headings(text) if each.text == PROCEDURES for part in headings(each.body)]
    faults = []
    for section in found:
        actions = list(steps(section.body))
        if not actions:
            faults.append(f"{section.text}: no numbered action: {section.body.strip()[:40]!r}")
        for action in actions:
            if not action.startswith(("**safe** ", "**destructive** ")):
                faults.append(f"not marked: {action[:60]!r}")
            elif action.startswith("**safe** ") and "--dry-run" not in action and DESTRUCTIVE.search(action):
                faults.append(f"marked safe: {action[:60]!r}")
    return faults


@cache
def incidents() -> dict[str, str]:
    found = {alert.runbook: f"alert '{key}'" for key, alert in facts.read(ROOT).alerts.items()}
    found |= {anchor(failure_heading(job)): f"job '{job}'" for job in discover()}
    return found | {anchor(QUESTION_FAILED.replace("_", " ")): "the digest"}


def test_every_incident_has_a_section_with_the_same_headings() -> None:
    assert len(incidents()) >= 19
    assert incident_faults(RUNBOOK, incidents()) == []


def test_every_section_of_that_kind_belongs_to_an_incident_or_is_linked_above() -> None:
    """A section that nothing leads to is found by nobody at night."""
    reached = set(incidents()) | set(re.findall(r"\]\(#([\w-]+)\)", RUNBOOK.partition("## Daily operations")[0]))
    with_headings = {
        anchor(each.text) for each in headings(RUNBOOK) if [part.text for part in headings(each.body)] == HEADINGS
    }
    assert len(with_headings) >= 21
    assert with_headings - reached == set()


def test_every_action_says_whether_it_is_destructive() -> None:
    assert action_faults(RUNBOOK) == []


def test_alerts_are_named_as_in_their_mails() -> None:
    index = set(spans(RUNBOOK.partition("## Daily operations")[0]))
    subjects = {subject.removesuffix(" (local)") for subject in facts.read(ROOT).mailed.values()}
    assert subjects
    assert subjects - index == set()


def test_what_the_seed_asked_for_is_there() -> None:
    wanted = {
        "docs/runbook.md": """Daily operations|Morning check|End of day|Weekly tasks|Monday|Friday|Incident response|
            P1|P2|P3|Emergency contacts""",
        "docs/orchestration_guide.md": """Overview|Schedules|Jobs and tasks|Start a job|View logs|A run failed|
            Troubleshooting|Monitoring|Alerts|Recipients|Thresholds|Dashboards|Performance|Cost|Maintenance windows|
            Disaster recovery|A table was corrupted|The pipeline failed|Data is wrong|Contacts""",
    }
    for page, titles in wanted.items():
        found = [each.text for each in headings((ROOT / page).read_text())]
        for title in titles.split("|"):
            assert any(each.startswith(title.strip()) for each in found), f"{page}: {title.strip()}"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("### Stale tables\n", "### Old tables\n", "alert 'stale_tables': 0 sections #stale-tables"),
        ("### Empty tables\n", "### Stale tables\n", "alert 'stale_tables': 2 sections #stale-tables"),
        ("#### Why it fires\n", "#### Causes\n", "#empty-tables: has the headings"),
        ("### Gold aggregation failed", "### Gold failed", "job 'gold_aggregation': 0 sections"),
        ("### Question failed", "### No answer", "the digest: 0 sections #question-failed"),
    ],
)
def test_a_missing_section_is_found(old: str, new: str, fault: str) -> None:
    faults = incident_faults(RUNBOOK.replace(old, new, 1), incidents())
    assert any(each.startswith(fault) for each in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("4. **destructive** Rows were deleted?", "4. Rows were deleted?", "not marked: 'Rows were deleted?"),
        ("2. **destructive** End a run", "2. **safe** End a run", "marked safe: '**safe** End a run"),
        ("4. **destructive** Restore.", "4. **safe** Restore.", "marked safe: '**safe** Restore."),
        ("3. **destructive** Deploy what", "3. **safe** Deploy what", "marked safe: '**safe** Deploy what"),
    ],
)
def test_an_action_without_its_mark_is_found(old: str, new: str, fault: str) -> None:
    assert old in RUNBOOK
    faults = action_faults(RUNBOOK.replace(old, new, 1))
    assert any(each.startswith(fault) for each in faults), faults
