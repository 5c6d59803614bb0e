"""`python -m scripts.bench [NAME…]`: measure, show, keep in .local/report/bench.json; a missed goal is no error."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from scripts.bench.anomalies import measure_anomalies
from scripts.bench.bronze import measure_bronze
from scripts.bench.day import measure_day
from scripts.bench.history import measure_history
from scripts.bench.measurement import Measurement
from scripts.bench.models import measure_models
from scripts.bench.plan import measure_plan
from scripts.bench.scale import measure_files, measure_jobs
from scripts.errors import CommandError

REPORT = Path(__file__).resolve().parents[2] / ".local" / "report" / "bench.json"
MEASUREMENTS: Mapping[str, Callable[[], list[Measurement]]] = {
    "jobs": measure_jobs,
    "files": measure_files,
    "plan": lambda: [measure_plan()],
    "day": measure_day,
    "bronze": measure_bronze,
    "anomalies": measure_anomalies,
    "models": measure_models,
    "history": measure_history,
}


def run(names: Sequence[str], console: Console) -> list[Measurement]:
    """Take the named measurements, or all, one after the other."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        raise CommandError(f"{unknown[0]!r} is no measurement: there are {', '.join(MEASUREMENTS)}.", 2)
    found: list[Measurement] = []
    for number, name in enumerate(names or MEASUREMENTS, start=1):
        with console.status(f"{number} of {len(names or MEASUREMENTS)}: {name}"):
            found += MEASUREMENTS[name]()
        console.print(f"{name}: measured")
    return found


def report(found: Sequence[Measurement], now: datetime) -> dict[str, Any]:
    """Return what is kept: where and when it was measured, every figure, and whether its goal is met."""
    machine = {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "python": platform.python_version(),
    }
    figures = [asdict(each) | {"met": _met(each)} for each in found]
    return {"measured_at": now.isoformat(timespec="seconds"), "machine": machine, "figures": figures}


def table(found: Sequence[Measurement]) -> Table:
    """Return the figures for a terminal."""
    shown = Table("what", "figure", "baseline", "ratio", "goal", "", "note", title="Benchmarks")
    for each in found:
        verdict = "[green]met[/green]" if _met(each) else "[red]missed[/red]"
        figures = (f"{value:g} {each.unit}" for value in (each.figure, each.baseline))
        shown.add_row(each.name, *figures, f"{each.ratio:g}", f"≤ {each.goal:g}", verdict, each.note)
    return shown


def _met(each: Measurement) -> bool:
    return each.ratio <= each.goal


def main() -> int:
    """Measure what the command line names."""
    console = Console()
    try:
        found = run(sys.argv[1:], console)
    except CommandError as error:
        console.print(f"[red]{error}[/red]")
        return error.code
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report(found, datetime.now(UTC)), indent=2) + "\n")
    console.print(table(found))
    console.print(f"kept in {REPORT.relative_to(Path.cwd()) if REPORT.is_relative_to(Path.cwd()) else REPORT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
