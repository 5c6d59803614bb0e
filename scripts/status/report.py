"""Everything `ecom status` knows: the answers to the questions, the jobs, and the verdict they amount to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from infra.environments import Environment
from infra.sql_text import qualify
from lakehouse import questions, thresholds
from scripts.answers import Answer, Value, ask_all
from scripts.connection import first_line
from scripts.status import jobs
from scripts.status.jobs import JobLine
from scripts.toolchain import ROOT
from scripts.words import moment

QUESTIONS = (
    "pipeline_health",
    "critical_alerts",
    "table_freshness",
    "quality_summary",
    "daily_summary",
    "ml_model_health",
)
HEALTHY, WARNING, UNKNOWN = "Healthy", "Warning", "Unknown"
FINE, ERROR, UNHEALTHY = 0, 1, 2


@dataclass(frozen=True)
class Report:
    """One look at an environment; a question without an answer makes the verdict no better than `Unknown`."""

    environment: str
    host: str
    asked_at: datetime
    answers: Mapping[str, Answer]
    jobs: tuple[JobLine, ...] = ()
    jobs_problem: str = ""

    @property
    def problems(self) -> dict[str, str]:
        """What could not be asked, by name of question; `jobs` for the runs."""
        found = {name: self.answers[name].problem for name in QUESTIONS if self.answers[name].problem}
        if not found and self._verdict_row is None:
            found["pipeline_health"] = f"answered {len(self.answers['pipeline_health'].rows)} rows instead of 1"
        return found | ({"jobs": self.jobs_problem} if self.jobs_problem else {})

    @property
    def verdict(self) -> str:
        """The word of `pipeline_health`; `Healthy` only when every question was answered and no alert has a row."""
        row = self._verdict_row
        word = str(row["status"]) if row and row.get("status") else UNKNOWN
        if word != HEALTHY:
            return word
        # The pipeline may run well and still have an odd day, or a model that got worse.
        return UNKNOWN if self.problems else WARNING if self.answers["critical_alerts"].rows else HEALTHY

    @property
    def details(self) -> str:
        """What `pipeline_health` counts, in words."""
        row = self._verdict_row
        return str(row.get("details") or "") if row else ""

    @property
    def since(self) -> datetime | None:
        """Since when something of the worst severity is wrong, as far as it is known."""
        alerts = self.answers["critical_alerts"].records()
        worst = [row for row in alerts if row["severity"] == alerts[0]["severity"]]
        return min((moment(str(row["since"])) for row in worst if row["since"]), default=None)

    @property
    def exit_code(self) -> int:
        """0 when healthy, 1 when something could not be asked, 2 when something is wrong."""
        if self.problems:
            return ERROR
        return FINE if self.verdict == HEALTHY else UNHEALTHY

    def as_json(self) -> dict[str, Any]:
        """Return everything as one object."""
        rows: dict[str, list[dict[str, Value]]] = {name: self.answers[name].records() for name in QUESTIONS}
        return {
            "environment": self.environment,
            "host": self.host,
            "asked_at": self.asked_at.isoformat(timespec="seconds"),
            "verdict": self.verdict,
            "details": self.details,
            "since": self.since.isoformat(timespec="seconds") if self.since else None,
            "exit_code": self.exit_code,
            "problems": self.problems,
            "health": self._verdict_row,
            "alerts": rows["critical_alerts"],
            "freshness": rows["table_freshness"],
            "quality": rows["quality_summary"],
            "today": rows["daily_summary"][0] if rows["daily_summary"] else None,
            "models": rows["ml_model_health"],
            "jobs": [asdict(each) for each in self.jobs],
        }

    @property
    def _verdict_row(self) -> dict[str, Value] | None:
        records = self.answers["pipeline_health"].records()
        return records[0] if len(records) == 1 else None


def statements(env: Environment, sql: Path = ROOT / "sql") -> dict[str, str]:
    """Return the text of each question as this environment's dashboards ask it."""
    numbers = thresholds.load(sql / "thresholds.toml")
    asked = {name: questions.load(sql / "queries" / f"{name}.sql") for name in QUESTIONS}
    return {name: qualify(questions.literal(question, numbers), env.catalog) for name, question in asked.items()}


def gather(
    client: WorkspaceClient, env: Environment, warehouse: str, texts: Mapping[str, str], told: Callable[[str], None]
) -> Report:
    """Ask everything at once; what fails is in the report, nothing is raised."""
    now = datetime.now(UTC)
    with ThreadPoolExecutor(1, thread_name_prefix="jobs") as pool:
        waiting = pool.submit(_jobs, client, env, now)
        answers = ask_all(client, warehouse, texts, told)
        lines, problem = waiting.result()
    return Report(env.name, client.config.host or "", now, answers, tuple(lines), problem)


def _jobs(client: WorkspaceClient, env: Environment, now: datetime) -> tuple[list[JobLine], str]:
    try:
        return jobs.read(client, env, now), ""
    except (DatabricksError, OSError) as error:
        return [], first_line(error)
