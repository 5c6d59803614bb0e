"""Each how-to is followed on a copy of the repository: files written, differences applied, and the result read back."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from infra import dashboards
from infra.environments import PROD
from infra.jobs import discover, rules
from infra.sql_text import result_columns
from lakehouse import checks, questions, thresholds
from scripts.docs import command, facts
from scripts.docs.jobs import failure_heading
from scripts.docs.markdown import anchor

from .reading import ROOT
from .test_runbook import action_faults, incident_faults

PAGES = ROOT / "docs" / "how-to"
# What a page says before a block: whether the block is a new file or comes at the end of one.
_GIVEN = re.compile(
    r"(New file|At the end of) `([^`]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_DIFFERENCE = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def follow(page: str, root: Path) -> list[str]:
    """Do what a page says and return the files it touched."""
    text = (PAGES / page).read_text()
    touched = []
    for what, name, content in _GIVEN.findall(text):
        file = root / name
        assert file.exists() == (what.lower() != "new file"), f"{page}: {what} {name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "") + content)
        touched.append(name)
    for difference in _DIFFERENCE.findall(text):
        result = subprocess.run(
            ["git", "apply", "--verbose", "-"],
            input=difference,
            cwd=root,
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(root.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{page}: {result.stderr}"
        touched += re.findall(r"^\+\+\+ b/(.+)$", difference, re.MULTILINE)
    assert touched, f"{page} changes nothing"
    return touched


def stale(root: Path) -> set[str]:
    """The sections that a change makes stale; they are written, and none is left."""
    found = {section for page in command.compose(root) for section in page.stale}
    assert command.run(False, False, None, False, Console(file=io.StringIO()), root) == 0
    assert [page.stale for page in command.compose(root) if page.stale] == []
    return found


def test_every_page_is_followed_and_listed() -> None:
    pages = {file.name for file in PAGES.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", (PAGES / "README.md").read_text())) == pages
    followed = set(re.findall(r'follow\("([\w-]+\.md)"', Path(__file__).read_text()))
    # tests/acceptance/test_export.py follows the first; the second needs an account: only its commands are checked.
    assert pages - followed == {"leave-cdktf.md", "go-to-azure.md"}


def test_add_a_job(copy: Path) -> None:
    touched = follow("add-a-job.md", copy)
    assert touched == ["infra/jobs/product_refresh.py", "docs/runbook.md"]
    jobs = discover(copy / "infra" / "jobs")
    rules.check(jobs, PROD.orchestration, date(2026, 11, 23))
    assert stale(copy) == {"jobs", "tasks", "next_runs", "job_index", "costs"}
    runbook = (copy / "docs/runbook.md").read_text()
    assert incident_faults(runbook, {anchor(failure_heading("product_refresh")): "the new job"}) == []
    assert action_faults(runbook) == []


def test_change_a_threshold(copy: Path) -> None:
    assert follow("change-a-threshold.md", copy) == ["sql/thresholds.toml"]
    assert facts.read(copy).alerts["high_churn_customers"].threshold.value == 400
    assert stale(copy) == {"thresholds", "alerts"}


def test_add_a_question(copy: Path) -> None:
    touched = follow("add-a-question.md", copy)
    question = questions.load(copy / "sql/queries/checks_by_severity.sql")
    answers = [file for file in touched if file.endswith("expect.csv")]
    assert len(answers) == 3
    for answer in answers:
        assert (copy / answer).read_text().splitlines()[0] == ",".join(result_columns(question.sql))
    assert stale(copy) == set()


def test_add_an_alert(copy: Path) -> None:
    follow("add-an-alert.md", copy)
    known = facts.read(copy)
    assert known.alerts["failing_checks"].threshold.value == 0.4
    assert known.worlds["failing_checks"] == {"failing_checks"}
    assert known.mailed["failing_checks"] == "MEDIUM: Failing checks (local)"
    assert stale(copy) == {"alerts", "alert_index", "proofs", "thresholds", "threshold_readers"}
    runbook = (copy / "docs/runbook.md").read_text()
    assert incident_faults(runbook, {"failing-checks": "the new alert"}) == []
    assert action_faults(runbook) == []


def test_add_a_tile(copy: Path) -> None:
    assert follow("add-a-tile.md", copy) == ["sql/dashboards/data_quality.toml"]
    asked = questions.load_all(copy / "sql" / "queries")
    board = dashboards.load_all(copy / "sql" / "dashboards", asked, thresholds.load())["data_quality"]
    drawn = json.dumps(board.lakeview("shop")["pages"][0]["layout"])
    assert "Tables below the line by layer" in drawn
    assert stale(copy) == {"dashboards"}


def test_add_a_dbt_model(copy: Path, tmp_path: Path) -> None:
    follow("add-a-dbt-model.md", copy)
    assert stale(copy) == {"medallion"}
    assert "revenue_by_country" in (copy / "docs/orchestration_guide.md").read_text()
    known = {f"{each.layer}.{each.table}": each for each in checks.load(copy / "sql" / "checks")}
    assert [check.name for check in known["gold.revenue_by_country"].checks] == ["key_unique", "has_rows"]
    target = {"type": "databricks", "host": "x", "http_path": "x", "token": "x", "schema": "gold", "catalog": "x"}
    profile = {"ecommerce": {"target": "none", "outputs": {"none": target}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    variables = json.dumps(thresholds.load().values_by_name())
    parsed = subprocess.run(
        [str(ROOT / ".venv/bin/dbt"), "ls", "--select", "+revenue_by_country", "--vars", variables, "--quiet"],
        cwd=copy / "dbt",
        env={**os.environ, "DBT_PROFILES_DIR": str(tmp_path), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    assert "ecommerce.gold.revenue_by_country" in parsed.stdout
    assert "ecommerce.silver.fact_orders" in parsed.stdout


def test_declare_a_resource_kind(copy: Path, tmp_path: Path) -> None:
    assert follow("declare-a-resource-kind.md", copy) == [
        "infra/render/instance_pool.py",
        "infra/parts/foundation.py",
    ]
    made = subprocess.run(
        [sys.executable, "-m", "infra.main"],
        cwd=copy,
        env={**os.environ, "ECOM_ENVIRONMENT": "dev", "CDKTF_OUTDIR": str(tmp_path), "PYTHONPATH": f"{copy}/notebooks"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    declared = json.loads((tmp_path / "stacks/dev/cdk.tf.json").read_text())["resource"]["databricks_instance_pool"]
    assert [pool["instance_pool_name"] for pool in declared.values()] == ["[dev] pipeline"]


def test_add_an_environment(copy: Path) -> None:
    assert follow("add-an-environment.md", copy) == ["infra/environments.py"]
    shown = subprocess.run(
        [sys.executable, "-c", "from infra.environments import ENVIRONMENTS; print(*ENVIRONMENTS)"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["local", "dev", "staging", "demo", "prod"]


def test_a_page_that_no_longer_fits_the_code_is_found(copy: Path) -> None:
    file = copy / "sql/thresholds.toml"
    file.write_text(file.read_text().replace("value = 500", "value = 600"))
    with pytest.raises(AssertionError, match=r"(?s)change-a-threshold\.md: .*patch failed: sql/thresholds"):
        follow("change-a-threshold.md", copy)
