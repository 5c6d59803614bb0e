"""What the pages are generated from: the declarations of one repository, and the tests that prove its alerts."""

from __future__ import annotations

import ast
import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import alerts, dashboards, documents
from infra.alerts import AlertSpec
from infra.dashboards import DashboardSpec
from infra.jobs import discover
from infra.jobs.spec import JobSpec
from lakehouse import questions, thresholds
from lakehouse.questions import Question
from lakehouse.thresholds import SEVERITIES, Thresholds
from scripts.docs import figures
from scripts.docs.figures import Figures
from scripts.errors import CommandError

_WORLDS = Path("tests/sql/critical_alerts")
MAILED = Path("tests/acceptance/test_alerts.py")


@dataclass(frozen=True)
class Facts:
    """Everything generated sections say, read once.

    `meanings` has each alert's own sentence, `worlds` the conditions that hold in each tested world, `mailed` the
    subject that the test of the deployed alerts waits for, `figures` what was measured.
    """

    root: Path
    jobs: Mapping[str, JobSpec]
    thresholds: Thresholds
    questions: Mapping[str, Question]
    alerts: Mapping[str, AlertSpec]
    meanings: Mapping[str, str]
    dashboards: Mapping[str, DashboardSpec]
    worlds: Mapping[str, frozenset[str]]
    mailed: Mapping[str, str]
    figures: Figures

    @property
    def worst_first(self) -> list[AlertSpec]:
        """Alerts by severity, then by title."""
        return sorted(self.alerts.values(), key=lambda alert: (SEVERITIES.index(alert.threshold.severity), alert.title))


def read(root: Path) -> Facts:
    """Read a repository; CommandError when it contradicts itself."""
    sql = root / "sql"
    try:
        numbers, asked = thresholds.load(sql / "thresholds.toml"), questions.load_all(sql / "queries")
        return Facts(
            root=root,
            jobs=discover(root / "infra" / "jobs"),
            thresholds=numbers,
            questions=asked,
            alerts=alerts.load_all(sql / "alerts", asked, numbers),
            meanings={file.stem: _meaning(file) for file in documents.files(sql / "alerts")},
            dashboards=dashboards.load_all(sql / "dashboards", asked, numbers),
            worlds=_worlds(root / _WORLDS),
            mailed=_mailed(root / MAILED),
            figures=figures.load(root / figures.FILE),
        )
    except ValueError as error:  # all that our specs and files can be wrong about
        raise CommandError(str(error)) from error


def _meaning(file: Path) -> str:
    """Return the comment that an alert's file begins with."""
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    if not first.startswith("# "):
        raise CommandError(f"{file}: must begin with a comment that says when the alert fires.")
    return first.removeprefix("# ")


def _worlds(folder: Path) -> dict[str, frozenset[str]]:
    """Return for each world kept for the question of violations the conditions it must answer with."""
    found = {}
    for file in sorted(folder.glob("*/expect.csv")):
        rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
        found[file.parent.name] = frozenset(row["condition"] for row in rows)
    if not found:
        raise CommandError(f"{folder}: no world (<case>/expect.csv) found; nothing would prove an alert.")
    return found


def _mailed(file: Path) -> dict[str, str]:
    """Return the subject that the test of the deployed alerts waits for, by alert: its table NAMED."""
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and [ast.unparse(target) for target in statement.targets] == ["NAMED"]:
            return {key: subject for key, (subject, _) in ast.literal_eval(statement.value).items()}
    raise CommandError(f"{file}: has no table NAMED; the page cannot say which alerts are proven by mail.")
