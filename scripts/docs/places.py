"""Generated sections about where things are: environments, permissions, and the file to touch for each change."""

from __future__ import annotations

from dataclasses import dataclass

from infra.access import ACCESS
from infra.environments import ENVIRONMENTS, AzureState, LocalState
from scripts.docs.facts import Facts
from scripts.docs.markdown import code, codes, table
from scripts.errors import CommandError


@dataclass(frozen=True)
class Change:
    """One thing people want to change: the files they touch (`*` for the name) and what proves that it works."""

    wish: str
    files: tuple[str, ...]
    proof: str


CHANGES = (
    Change(
        "add or change a job, its schedule, its retries", ("infra/jobs/*.py",), "tests/unit/infra/test_job_rules.py"
    ),
    Change("change one value of an environment, add one", ("infra/environments.py",), "tests/synth"),
    Change("change who may do what", ("infra/access.py",), "tests/unit/infra/test_access.py"),
    Change("change a cluster or the warehouse", ("infra/compute.py",), "tests/golden"),
    Change("change a threshold", ("sql/thresholds.toml",), "tests/sql"),
    Change("add a question", ("sql/queries/*.sql", "tests/sql/*/*/expect.csv"), "tests/sql/test_questions.py"),
    Change(
        "add an alert",
        ("sql/queries/critical_alerts.sql", "sql/alerts/*.toml", "docs/runbook.md"),
        "tests/acceptance/test_alerts.py",
    ),
    Change("add a dashboard tile", ("sql/dashboards/*.toml",), "tests/unit/infra/test_dashboards.py"),
    Change("add a quality check", ("sql/checks/*/*.toml",), "tests/notebooks/test_quality.py"),
    Change("add a dbt model", ("dbt/models/*/*.sql", "dbt/models/*/*.yml"), "tests/dbt"),
    Change("change what a notebook does", ("notebooks/lakehouse/*.py",), "tests/notebooks"),
    Change("enter a day on which the shop is closed", ("sql/closed_days.toml",), "tests/notebooks/test_anomalies.py"),
    Change(
        "declare a new kind of resource",
        ("infra/render/*.py", "local/workspace/api/*.py", "local/provider/resources/*.py"),
        "tests/local/provider",
    ),
)


def changes(facts: Facts) -> str:
    """One line per change; a file or proof that is not there is an error."""
    for change in CHANGES:
        for pattern in (*change.files, change.proof):
            if not any(facts.root.glob(pattern)):
                raise CommandError(f"scripts/docs/places.py: '{change.wish}': nothing is at {pattern}.")
    rows = [(each.wish, codes(each.files), code(each.proof)) for each in CHANGES]
    return table(("I want to …", "touch", "what proves it"), rows)


def environments(facts: Facts) -> str:
    """One line per environment: what differs between them."""
    rows = [
        (
            code(env.name),
            code(env.catalog),
            code(env.name_prefix.strip()) if env.name_prefix else "none",
            "on" if env.schedules_on else "paused",
            f"{env.workers} of {env.node_type}",
            env.warehouse_size,
            env.orchestration,
            _state(env.state),
        )
        for env in ENVIRONMENTS.values()
    ]
    heads = ("environment", "catalog", "prefix of names", "schedules", "workers of a job", "warehouse", "mode", "state")
    return table(heads, rows)


def access(facts: Facts) -> str:
    """One line per kind of object: the level of each group."""
    groups = sorted({entry.group for entry in ACCESS})
    kinds = dict.fromkeys((entry.kind, entry.key) for entry in ACCESS)
    rows = []
    for kind, key in kinds:
        levels = {entry.group: entry.level for entry in ACCESS if (entry.kind, entry.key) == (kind, key)}
        name = f"{kind.replace('_', ' ')}{f' {code(key)}' if key else ''}"
        rows.append((name, *(code(levels[group]) if group in levels else "-" for group in groups)))
    return table(("object", *groups), rows)


def _state(state: LocalState | AzureState) -> str:
    if isinstance(state, LocalState):
        return f"folder {code(str(state.folder))}"
    return f"Azure container {code(f'{state.storage_account}/{state.container}')}"
