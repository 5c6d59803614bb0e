"""What the demo did: a table for people, `.local/report/summary.json` for machines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import StatementState
from rich.console import Console
from rich.table import Table

from scripts.data.files import write_atomically
from scripts.errors import CommandError
from scripts.toolchain import ROOT

REPORT = ROOT / ".local" / "report" / "summary.json"

_TABLES = """
select layer, table_name, row_count, quality_score
from {catalog}.gold.data_quality_metrics
order by case layer when 'bronze' then 1 when 'silver' then 2 else 3 end, table_name
"""


@dataclass(frozen=True)
class Step:
    """One part of the demo and what it took, in seconds."""

    name: str
    seconds: float
    detail: str


@dataclass(frozen=True)
class TableRow:
    """One table of the lakehouse: rows and quality score (0 to 100)."""

    layer: str
    table: str
    rows: int
    quality: float


@dataclass(frozen=True)
class TaskRow:
    """One task of the master run: path is job/task, seconds of its last attempt."""

    path: str
    state: str
    seconds: float
    attempts: int


@dataclass(frozen=True)
class Summary:
    """Everything the report shows."""

    provider: str
    data: str
    resources: dict[str, int]
    run_id: int
    run_url: str
    state: str
    tasks: list[TaskRow]
    tables: list[TableRow]
    steps: list[Step]
    host: str


def measure_tables(client: WorkspaceClient, catalog: str) -> list[TableRow]:
    """Read rows and quality of every measured table through the SQL warehouse."""
    warehouse = next(iter(client.warehouses.list()), None)
    if warehouse is None or warehouse.id is None:
        raise CommandError("The workspace has no SQL warehouse: the deployment is incomplete, run the demo again.")
    answer = client.statement_execution.execute_statement(
        _TABLES.format(catalog=catalog), warehouse.id, wait_timeout="50s"
    )
    if answer.status is None or answer.status.state != StatementState.SUCCEEDED:
        reason = answer.status.error.message if answer.status and answer.status.error else "no answer within 50 s"
        raise CommandError(f"The quality table cannot be read: {reason}")
    rows = (answer.result.data_array or []) if answer.result else []
    return [TableRow(layer, table, int(count), float(score)) for layer, table, count, score in rows]


def save(summary: Summary, path: Path = REPORT) -> None:
    """Write the machine-readable report whole or not at all."""
    text = json.dumps(asdict(summary), indent=2, sort_keys=True) + "\n"
    write_atomically(path, text.encode())


def show(summary: Summary, console: Console) -> None:
    """Print what was built, how long it took and where to look."""
    console.print()
    console.print(_resource_table(summary))
    console.print(_layer_table(summary))
    console.print(_step_table(summary))
    console.print(f"master run [bold]{summary.state}[/bold]: {summary.run_url}")
    console.print(f"workspace    {summary.host}   (stop it: make stop)")
    console.print("by hand      . .local/env    then cdktf diff local, cdktf deploy local")
    console.print(f"report       {REPORT}")


def _resource_table(summary: Summary) -> Table:
    table = Table(
        title=f"{sum(summary.resources.values())} resources, {summary.provider} provider", title_justify="left"
    )
    table.add_column("type")
    table.add_column("count", justify="right")
    for kind, count in sorted(summary.resources.items()):
        table.add_row(kind.removeprefix("databricks_"), str(count))
    return table


def _layer_table(summary: Summary) -> Table:
    table = Table(title="tables", title_justify="left")
    for column, justify in (("layer", "left"), ("table", "left"), ("rows", "right"), ("quality", "right")):
        table.add_column(column, justify="right" if justify == "right" else "left")
    previous = ""
    for row in summary.tables:
        if previous and row.layer != previous:
            table.add_section()
        table.add_row(row.layer if row.layer != previous else "", row.table, f"{row.rows:,}", f"{row.quality:.1f}")
        previous = row.layer
    return table


def _step_table(summary: Summary) -> Table:
    table = Table(title="seconds per step", title_justify="left")
    table.add_column("step")
    table.add_column("seconds", justify="right")
    table.add_column("what")
    for step in summary.steps:
        table.add_row(step.name, f"{step.seconds:.1f}", step.detail)
    table.add_section()
    for task in summary.tasks:
        retried = f", attempt {task.attempts}" if task.attempts > 1 else ""
        table.add_row(f"  {task.path}", f"{task.seconds:.1f}", f"{task.state}{retried}")
    return table
