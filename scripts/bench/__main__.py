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
from scripts.bench.drift import measure_drift
from scripts.bench.growth import measure_growth
from scripts.bench.history import measure_history
from scripts.bench.measurement import Measurement
from scripts.bench.models import measure_models
from scripts.bench.night import measure_night
from scripts.bench.plan import measure_plan
from scripts.bench.review import measure_review
from scripts.bench.scale import measure_files, measure_jobs
from scripts.errors import CommandError

REPORT = Path(__file__).resolve().parents[2] / ".local" / "report" / "bench.json"
MEASUREMENTS: Mapping[str, Callable[[], list[Measurement]]] = {
    "jobs": measure_jobs,
    "files": measure_files,
    "plan": lambda: [measure_plan()],
    "growth": measure_growth,
    "drift": measure_drift,
    "review": measure_review,
    "day": measure_day,
    "bronze": measure_bronze,
    "anomalies": measure_anomalies,
    "models": measure_models,
    "night": measure_night,
    "history": measure_history,
}


def run(names: Sequence[str], console: Console) -> dict[str, list[Measurement]]:
    """Take the named measurements, or all, one after the other; return what each found by its name."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        raise CommandError(f"{unknown[0]!r} is no measurement: there are {', '.join(MEASUREMENTS)}.", 2)
    found: dict[str, list[Measurement]] = {}
    for number, name in enumerate(names or MEASUREMENTS, start=1):
        with console.status(f"{number} of {len(names or MEASUREMENTS)}: {name}"):
            found[name] = MEASUREMENTS[name]()
        console.print(f"{name}: measured")
    return found


def report(found: Mapping[str, Sequence[Measurement]], now: datetime, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept: every figure with when and where it was taken, and whether its goal is met.

    Figures of an earlier report stay while nothing of their measurement was taken anew.
    """
    moment = now.isoformat(timespec="seconds")
    machine = {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "python": platform.python_version(),
    }
    kept = [each for each in before.get("figures", []) if each["measurement"] not in found]
    new = [
        {"measurement": name, "measured_at": moment, **asdict(each), "met": _met(each)}
        for name, figures in found.items()
        for each in figures
    ]
    return {"measured_at": moment, "machine": machine, "figures": kept + new}


def earlier(path: Path) -> dict[str, Any]:
    """Return the report that is there, an empty one where there is none or it is of another form."""
    try:
        said: dict[str, Any] = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError):
        return {"figures": []}
    whole = all("measurement" in each for each in said.get("figures", []))
    return said if whole else {"figures": []}


def table(found: Sequence[Measurement], before: Mapping[str, Any]) -> Table:
    """Return the figures for a terminal, each with the ratio that an earlier report has."""
    ratios = {each["name"]: each["ratio"] for each in before.get("figures", [])}
    shown = Table("what", "figure", "baseline", "ratio", "before", "goal", "", "note", title="Benchmarks")
    for each in found:
        verdict = "[green]met[/green]" if _met(each) else "[red]missed[/red]"
        figures = (f"{value:g} {each.unit}" for value in (each.figure, each.baseline))
        past = f"{ratios[each.name]:g}" if each.name in ratios else ""
        shown.add_row(each.name, *figures, f"{each.ratio:g}", past, f"≤ {each.goal:g}", verdict, each.note)
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
    before = earlier(REPORT)
    REPORT.write_text(json.dumps(report(found, datetime.now(UTC), before), indent=2) + "\n")
    console.print(table([each for figures in found.values() for each in figures], before))
    console.print(f"kept in {REPORT.relative_to(Path.cwd()) if REPORT.is_relative_to(Path.cwd()) else REPORT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
