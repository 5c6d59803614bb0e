"""What rows cost master and each of its tasks: the same days of trade, once with ten times the customers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.environments import LOCAL
from scripts import runs
from scripts.bench.deployed import WHOLE, Trade, deployed, generated, run_to_end, upload
from scripts.bench.exponent import growth
from scripts.bench.measurement import Measurement
from scripts.bench.processor import Meter
from scripts.data import totals

DAYS = 10
TODAY = 800  # customers: the demo's trade
CUSTOMERS = (4000, 40000)  # with fewer all is start, and rows cannot be seen


@dataclass(frozen=True)
class _Size:
    """Landed trade of one size, and the seconds of processor of master and of each of its tasks on it."""

    rows: int
    landed: int
    seconds: Mapping[str, float]


def measure_rows() -> list[Measurement]:
    """Run master on each size in a workspace of its own; what starts anew each time hides some of the growth."""
    with tempfile.TemporaryDirectory(prefix="bench-rows-") as folder:
        few, many = (_size(Path(folder) / str(customers), customers) for customers in CUSTOMERS)
        today = generated(Path(folder) / "today", DAYS, TODAY)
        rows, landed = _rows(today), _landed(today)
    whole, most = few.seconds[WHOLE], many.seconds[WHOLE]
    note = f"of processor, on {few.rows:,} rows; floor: none, beside it {many.rows:,}"
    lines = [
        Measurement("a run of master on little trade", whole, most, round(whole / most, 2), None, "s", note),
        _a_day("rows a day", rows, few.rows, "rows"),
        _a_day("landing bytes a day", landed, few.landed, "bytes"),
    ]
    for task in few.seconds:
        spent = {few.rows: few.seconds[task], many.rows: many.seconds[task]}
        lines += [_more(task, spent), growth(f"{task} with rows", spent, "processor seconds")]
    return lines


def _size(root: Path, customers: int) -> _Size:
    found = generated(root / "landing", DAYS, customers)
    with deployed(root) as client:
        upload(client, found, root / "batch", "", found.days[-1])
        server = int(json.loads((root / "workspace" / "server.json").read_text())["pid"])
        with Meter(server) as meter:
            run = run_to_end(client, runs.job_id(client, LOCAL.display_name("master_pipeline")))
    used = {
        task.task_key or "": meter.between((task.start_time or 0) / 1000, (task.end_time or 0) / 1000)
        for task in runs.latest_attempts(run)
    }
    spent = {WHOLE: sum(used.values()), **used}
    return _Size(_rows(found), _landed(found), {task: round(seconds, 1) for task, seconds in spent.items()})


def _rows(found: Trade) -> int:
    return sum(totals.data_lines(found.folder).values())


def _landed(found: Trade) -> int:
    return sum(file.stat().st_size for file in found.folder.glob("*/*") if file.is_file())


def _a_day(name: str, today: int, few: int, unit: str) -> Measurement:
    note = f"not timed: what {TODAY} customers make; floor: none, beside it {CUSTOMERS[0]:,}"
    return Measurement(name, round(today / DAYS), round(few / DAYS), round(today / few, 2), None, unit, note)


def _more(task: str, spent: Mapping[int, float]) -> Measurement:
    """Return what a million rows more cost of processor: the start, which is no cost of rows, is in neither."""
    (few, least), (many, most) = sorted(spent.items())
    extra = 1_000_000 * (most - least) / (many - few)
    whole = 1_000_000 * most / many
    name = f"a million rows more: {task}"
    note = f"of processor; floor: none, beside it a million of {many:,} with their share of the start"
    return Measurement(name, round(extra, 1), round(whole, 1), round(extra / whole, 2), None, "s", note)
