"""Everything the repository says about one environment's platform, read and checked before anything is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from infra import alerts, dashboards, workspace_files
from infra.alerts import AlertSpec
from infra.dashboards import DashboardSpec
from infra.dbt_variables import dbt_variables
from infra.environments import Environment
from infra.jobs import discover, rules
from infra.jobs.spec import JobSpec
from infra.workspace_files import Notebook, WorkspaceFile
from lakehouse import questions, thresholds


@dataclass(frozen=True)
class Platform:
    """Jobs, code, what watches it, and the numbers dbt is told."""

    jobs: Mapping[str, JobSpec]
    notebooks: list[Notebook]
    files: list[WorkspaceFile]
    alerts: Mapping[str, AlertSpec]
    dashboards: Mapping[str, DashboardSpec]
    dbt_variables: Mapping[str, int | float]


def load(repository: Path, env: Environment, today: date) -> Platform:
    """Read the repository for one environment and refuse it whole if anything in it is wrong."""
    sql = repository / "sql"
    jobs = discover(repository / "infra" / "jobs")
    rules.check(jobs, env.orchestration, today)
    numbers = thresholds.load(sql / "thresholds.toml")
    asked = questions.load_all(sql / "queries")
    files = workspace_files.files(repository, env.catalog)
    return Platform(
        jobs=jobs,
        notebooks=workspace_files.notebooks(repository),
        files=files,
        alerts=alerts.load_all(sql / "alerts", asked, numbers),
        dashboards=dashboards.load_all(sql / "dashboards", asked, numbers),
        dbt_variables=dbt_variables(files, numbers),
    )
