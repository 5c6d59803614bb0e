"""`python -m scripts.bench [NAME…]`: measure, show, keep in .local/report/bench.json; a missed goal is no error."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.bench.anomalies import measure_anomalies
from scripts.bench.bronze import measure_bronze
from scripts.bench.commands import measure_commands
from scripts.bench.day import measure_day
from scripts.bench.deploy import measure_deploy
from scripts.bench.drift import measure_drift
from scripts.bench.faults import measure_faults
from scripts.bench.growth import measure_growth
from scripts.bench.history import measure_history
from scripts.bench.listing import measure_listing
from scripts.bench.machine import machine, versions
from scripts.bench.measurement import Measurement, against
from scripts.bench.memory import Peak
from scripts.bench.models import measure_models
from scripts.bench.plan import measure_plan
from scripts.bench.review import measure_review
from scripts.bench.rows import measure_rows
from scripts.bench.runs import measure_runs
from scripts.bench.scale import measure_files, measure_jobs
from scripts.bench.synth import measure_synth
from scripts.data.files import write_atomically
from scripts.errors import CommandError

Found = dict[str, list[Measurement]]
REPORT = Path(__file__).resolve().parents[2] / ".local" / "report" / "bench.json"
MEASUREMENTS: Mapping[str, Callable[[], list[Measurement]]] = {
    "synth": measure_synth,
    "deploy": measure_deploy,
    "plan": lambda: [measure_plan()],
    "growth": measure_growth,
    "drift": measure_drift,
    "faults": measure_faults,
    "review": measure_review,
    "jobs": measure_jobs,
    "files": measure_files,
    "listing": measure_listing,
    "runs": measure_runs,
    "day": measure_day,
    "bronze": measure_bronze,
    "rows": measure_rows,
    "history": measure_history,
    "anomalies": measure_anomalies,
    "models": measure_models,
    "commands": measure_commands,
}
_WIDTH = 200
_WHOLE_GOAL = 1800  # seconds: what somebody lets run beside a long lunch
_VERDICTS = {True: "[green]met[/green]", False: "[red]missed[/red]", None: "shown"}


def run(names: Sequence[str], console: Console, keep: Callable[[Found], None]) -> Found:
    """Take the named measurements, or all, one after the other; return what each found by its name.

    `keep` is given what has been found so far after each one: a run that is cut off has not measured for nothing.
    """
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        raise CommandError(f"{unknown[0]!r} is no measurement: there are {', '.join(MEASUREMENTS)}.", 2)
    found: Found = {}
    took: dict[str, float] = {}
    for number, name in enumerate(names or MEASUREMENTS, start=1):
        load, started = round(os.getloadavg()[0], 1), time.monotonic()
        with console.status(f"{number} of {len(names or MEASUREMENTS)}: {name}"), Peak() as peak:
            taken = MEASUREMENTS[name]()
        peak_mb, took[name] = round(peak.megabytes), time.monotonic() - started
        found[name] = [replace(each, peak_mb=each.peak_mb or peak_mb, load=load) for each in taken]
        console.print(f"{name}: measured in {took[name]:.0f} s")
        keep(found)
    if not names:
        found["all"] = [_whole(took)]
        keep(found)
    return found


def _whole(took: Mapping[str, float]) -> Measurement:
    """Say how long all measurements took; the floor is the longest of them."""
    longest = max(took, key=took.__getitem__)
    return against("make bench", [sum(took.values())], round(took[longest], 1), _WHOLE_GOAL, f"floor: {longest} alone")


def report(found: Mapping[str, Sequence[Measurement]], now: datetime, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept: every figure with when and where it was taken, and whether its goal is met.

    Figures of an earlier report stay while nothing of their measurement was taken anew.
    """
    moment = now.isoformat(timespec="seconds")
    kept = [each for each in before.get("figures", []) if each["measurement"] not in found]
    new = [
        {"measurement": name, "measured_at": moment, **asdict(each), **_spread(each), "met": each.met}
        for name, figures in found.items()
        for each in figures
    ]
    return {"measured_at": moment, "machine": machine(), "versions": versions(), "figures": kept + new}


def _spread(each: Measurement) -> dict[str, object]:
    """Return how often a figure was taken and how far its repetitions lie apart."""
    taken = each.samples or (each.figure,)
    spread = {"min": min(taken), "median": statistics.median(taken), "max": max(taken)}
    return {"samples": list(taken), "repetitions": len(taken), **spread}


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
    shown = Table("what", "figure", "floor", "ratio", "before", "goal", "", "peak", "note", title="Benchmarks")
    for each in found:
        figures = (f"{value:g} {each.unit}" for value in (each.figure, each.baseline))
        past = f"{ratios[each.name]:g}" if each.name in ratios else ""
        goal = "" if each.goal is None else f"≤ {each.goal:g}"
        peak = "" if each.peak_mb is None else f"{each.peak_mb:g} MB"
        shown.add_row(each.name, *figures, f"{each.ratio:g}", past, goal, _VERDICTS[each.met], peak, each.note)
    return shown


def main() -> int:
    """Measure what the command line names."""
    # What goes into a file or a log has no width of its own, and eighty columns are too few for nine.
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    before = earlier(REPORT)

    def keep(found: Found) -> None:
        text = json.dumps(report(found, datetime.now(UTC), before), indent=2) + "\n"
        write_atomically(REPORT, text.encode())

    try:
        found = run(sys.argv[1:], console, keep)
    except CommandError as error:
        console.print(f"[red]{error}[/red]")
        return error.code
    console.print(table([each for figures in found.values() for each in figures], before))
    console.print(f"kept in {REPORT.relative_to(Path.cwd()) if REPORT.is_relative_to(Path.cwd()) else REPORT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
