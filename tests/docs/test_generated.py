"""Generated sections say what the code says; a stale one and a wrong marker are found and named."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from scripts.cli import app
from scripts.docs import command, facts, jobs, lineage, markers, monitoring
from scripts.errors import CommandError

from .reading import ROOT, edit

WRITTEN = ("docs/orchestration_guide.md", "docs/runbook.md", "docs/scale.md")


def ecom_docs(root: Path, *, check: bool = False, dry_run: bool = False, week: str | None = None) -> tuple[int, str]:
    said = io.StringIO()
    return command.run(check, dry_run, week, False, Console(file=said, width=200), root), said.getvalue()


def test_the_pages_say_what_the_code_says() -> None:
    stale = [f"{page.name}: {section}" for page in command.compose(ROOT) for section in page.stale]
    assert stale == [], "make docs, and review the change"


def test_the_command_says_by_its_exit_code_whether_anything_is_stale() -> None:
    """Asked about another week every page is stale, and with --check nothing is written."""
    before = {name: (ROOT / name).read_bytes() for name in command.PAGES}
    fine, stale = (CliRunner().invoke(app, ["docs", "--check", *more]) for more in ([], ["--week", "2030-01-07"]))
    assert (fine.exit_code, stale.exit_code) == (0, command.STALE)
    assert "docs/runbook.md: section 'stamp' stale" in stale.output
    assert {name: (ROOT / name).read_bytes() for name in command.PAGES} == before


def test_every_page_says_how_old_it_is_and_every_section_stands_somewhere() -> None:
    found = {name: {each.name for each in markers.find(name, (ROOT / name).read_text())} for name in command.PAGES}
    assert all("stamp" in found[name] for name in WRITTEN)
    assert set.union(*found.values()) == {*command.SECTIONS, *command.DATED}


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        (
            "infra/jobs/gold_aggregation.py",
            "expected_seconds=2700",
            "expected_seconds=2640",
            [
                "docs/orchestration_guide.md: section 'costs' stale",
                "docs/orchestration_guide.md: section 'jobs' stale",
            ],
        ),
        (
            "infra/jobs/model_retraining.py",
            '"0 0 11 ? * SUN"',
            '"0 0 12 ? * SUN"',
            [
                "docs/orchestration_guide.md: section 'jobs' stale",
                "docs/orchestration_guide.md: section 'next_runs' stale",
            ],
        ),
        (
            "infra/prices.toml",
            "Standard_D8ds_v5 = { vm = 0.452",
            "Standard_D8ds_v5 = { vm = 0.453",
            ["docs/orchestration_guide.md: section 'costs' stale"],
        ),
        ("docs/figures.json", '"figure": 42,', '"figure": 41,', ["README.md: section 'figures' stale"]),
        (
            "sql/thresholds.toml",
            "value = 14",
            "value = 15",
            ["docs/orchestration_guide.md: section 'thresholds' stale"],
        ),
        (
            "sql/alerts/stale_tables.toml",
            'title = "Stale tables"',
            'title = "Old tables"',
            [
                "docs/orchestration_guide.md: section 'alerts' stale",
                "docs/orchestration_guide.md: section 'proofs' stale",
                "docs/runbook.md: section 'alert_index' stale",
            ],
        ),
        (
            "dbt/models/gold/daily_revenue.sql",
            "ref('sales_lines')",
            "ref('fact_order_items')",
            ["docs/orchestration_guide.md: section 'medallion' stale"],
        ),
    ],
)
def test_a_change_of_the_code_makes_its_sections_stale(
    copy: Path, file: str, old: str, new: str, stale: list[str]
) -> None:
    edit(copy / file, old, new)
    code, said = ecom_docs(copy, check=True)
    assert code == command.STALE
    assert sorted(line for line in said.splitlines() if line.endswith(" stale")) == stale


def test_only_what_stands_between_markers_is_written(copy: Path) -> None:
    guide = copy / "docs/orchestration_guide.md"
    edit(guide, "| `gold_aggregation` | Builds", "| `gold_aggregation` | Wrong")
    guide.write_bytes(guide.read_bytes() + "\r\ntrailing  \n\n\nünïcode, no end of line".encode())
    before = guide.read_bytes()

    assert ecom_docs(copy, dry_run=True)[0] == 0
    assert guide.read_bytes() == before

    code, said = ecom_docs(copy)
    assert (code, said.strip()) == (0, "docs/orchestration_guide.md: section 'jobs' written")
    assert guide.read_bytes() == before.replace(b"| Wrong", b"| Builds")
    assert [file.name for file in (copy / "docs").iterdir() if file.name.startswith(".")] == []
    assert ecom_docs(copy, check=True) == (0, "The pages say what the code says.\n")


def test_a_week_is_kept_until_another_is_told(copy: Path) -> None:
    ecom_docs(copy, week="2026-12-09")
    text = (copy / "docs/orchestration_guide.md").read_text()
    assert "<!-- generated: next_runs for 2026-12-07 -->" in text
    assert "| `master_pipeline` | Mon 2026-12-07 07:00 | Mon 02:00 EST |" in text
    assert "Monday 2026-12-07" in text
    assert ecom_docs(copy, check=True)[0] == 0


def test_as_json_it_is_one_object(copy: Path) -> None:
    edit(copy / "sql/thresholds.toml", "value = 14", "value = 15")
    said = io.StringIO()
    assert command.run(True, False, None, True, Console(file=said, width=40), copy) == command.STALE
    assert json.loads(said.getvalue()) == {
        "stale": [{"page": "docs/orchestration_guide.md", "section": "thresholds"}],
        "written": False,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- generated: jobs -->\n", "page.md:1: section 'jobs' is not closed"),
        ("<!-- generated: jobs -->\n<!-- generated: tasks -->\n<!-- end -->\n", "page.md:2: section 'jobs' of line 1"),
        ("a\n<!-- end -->\n", "page.md:2: '<!-- end -->' closes nothing"),
        ("<!-- generated: jobs -->\n<!-- end -->\n" * 2, "page.md:3: section 'jobs' is on this page already"),
        ("<!-- generated jobs -->\n<!-- end -->\n", "page.md:1: '<!-- generated jobs -->' is no marker"),
        (" <!--generated: jobs-->\n", "page.md:1: '<!--generated: jobs-->' is no marker"),
        ("<!-- generated: stamp for 2026-02-30 -->\n<!-- end -->\n", "page.md:1: section 'stamp': 2026-02-30 is no"),
    ],
)
def test_a_wrong_marker_is_an_error_that_names_its_line(text: str, message: str) -> None:
    with pytest.raises(CommandError, match=re.escape(message)):
        markers.find("page.md", text)


def test_a_marker_that_is_shown_as_an_example_is_none() -> None:
    assert markers.find("page.md", "```\n<!-- generated: jobs -->\n```\n") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<!-- generated: jobs -->", "<!-- generated: jobz -->", "section 'jobz' is unknown; there are access, "),
        ("<!-- generated: jobs -->", "<!-- generated: jobs for 2026-11-23 -->", "'jobs' does not depend on a day"),
        ("next_runs for 2026-11-23", "next_runs", "section 'next_runs' depends on a day"),
    ],
)
def test_a_section_that_cannot_be_generated_stops_everything(copy: Path, old: str, new: str, message: str) -> None:
    guide = copy / "docs/orchestration_guide.md"
    edit(guide, old, new)
    before = guide.read_text()
    with pytest.raises(CommandError, match=message):
        ecom_docs(copy)
    assert guide.read_text() == before


def test_a_week_must_be_a_day() -> None:
    with pytest.raises(CommandError, match="--week 'soon': expected a day as YYYY-MM-DD"):
        ecom_docs(ROOT, week="soon")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"machine"', '"machines"', "figures.json: expected one object with machine, a list of figures"),
        (
            '"unit": "s"',
            '"units": "s"',
            r"figures.json: figures\[0\]: expected the keys name, figure, unit, command, date, and perhaps",
        ),
        ('"figure": 143,', '"figure": "4",', r"figures\[0\]: figure is '4', expected a number"),
        ('"figure": 143,', '"figure": true,', r"figures\[0\]: figure is True, expected a number"),
        ('"command": "make demo"', '"command": 1', r"figures\[0\]: command is 1, expected a text"),
        ('"2026-', '"26-', r"figures\[0\]: date '26-.*': expected a day as YYYY-MM-DD"),
        ('"figure": 1.674', '"figure": "?"', r"figures\[4\]: beside: figure is '\?', expected a number"),
        ('"beside": {', '"beside": {"unit": "s",', r"figures\[4\]: beside: expected the keys name, figure\."),
        ('"bench": "make demo, again"', '"bench": 2', r"figures\[1\]: bench is 2, expected a text"),
        ('"name": "landing bytes a day"', '"name": "rows a day"', "figures.json: rates: two have the same name"),
        ("{", "", "figures.json: Extra data"),
    ],
)
def test_a_figure_that_says_too_little_is_named(copy: Path, old: str, new: str, message: str) -> None:
    file = copy / "docs/figures.json"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(CommandError, match=message):
        ecom_docs(copy)


def test_next_runs_follow_the_clocks_of_new_york() -> None:
    winter, summer = (
        jobs.next_runs(facts.read(ROOT), day).splitlines()[2] for day in (date(2027, 3, 8), date(2027, 3, 15))
    )
    assert winter.startswith("| `master_pipeline` | Mon 2027-03-08 07:00 | Mon 02:00 EST |")
    assert summer.startswith("| `master_pipeline` | Mon 2027-03-15 07:00 | Mon 03:00 EDT |")


def test_every_table_that_a_job_writes_is_in_the_picture_or_named_beside_it() -> None:
    known = facts.read(ROOT)
    written = {table for job in known.jobs.values() for table in job.writes}
    assert len(written) > 20
    assert written - {*lineage.edges(ROOT), *lineage.ABOUT_ALL} == set()


def test_every_alert_is_proven_and_every_threshold_has_a_reader() -> None:
    known = facts.read(ROOT)
    assert "**" not in monitoring.proofs(known)
    assert len(monitoring.proofs(known).splitlines()) >= len(known.alerts) + 2
    unread = [line for line in monitoring.threshold_readers(known).splitlines() if line.endswith("| - | - | - |")]
    assert unread == []


def test_an_alert_without_a_proof_is_told() -> None:
    known = facts.read(ROOT)
    blind = replace(known, worlds={"healthy": frozenset(known.alerts)}, mailed={})
    assert monitoring.proofs(blind).count("**not in `healthy`**") == len(known.alerts)
    assert monitoring.proofs(blind).count("**none**") == len(known.alerts)
