"""What rows cost master and each of its tasks: the same days of trade, once with ten times the customers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.deployed import deployed, generated, run_master, upload
from scripts.bench.exponent import growth
from scripts.bench.measurement import Measurement
from scripts.data import totals

DAYS = 10
CUSTOMERS = (800, 8000)  # the demo's, and ten times as many


@dataclass(frozen=True)
class _Size:
    """Landed trade of one size, and the seconds of master and of each of its tasks on it."""

    rows: int
    landed: int
    seconds: Mapping[str, float]


def measure_rows() -> list[Measurement]:
    """Run master on each size in a workspace of its own; what starts anew each time hides some of the growth."""
    with tempfile.TemporaryDirectory(prefix="bench-rows-") as folder:
        few, many = (_size(Path(folder) / str(customers), customers) for customers in CUSTOMERS)
    lines = [
        _a_day("rows a day", few.rows, many.rows, "rows"),
        _a_day("landing bytes a day", few.landed, many.landed, "bytes"),
    ]
    for task in few.seconds:
        spent = {few.rows: few.seconds[task], many.rows: many.seconds[task]}
        lines += [_more(task, spent), growth(f"{task} with rows", spent, "s")]
    return lines


def _size(root: Path, customers: int) -> _Size:
    found = generated(root / "landing", DAYS, customers)
    landed = sum(file.stat().st_size for file in found.folder.glob("*/*") if file.is_file())
    with deployed(root) as client:
        upload(client, found, root / "batch", "", found.days[-1])
        return _Size(sum(totals.data_lines(found.folder).values()), landed, run_master(client))


def _a_day(name: str, few: float, many: float, unit: str) -> Measurement:
    note = f"not timed: what {CUSTOMERS[0]} customers make; floor: none, beside it {CUSTOMERS[1]:,} customers"
    return Measurement(name, round(few / DAYS), round(many / DAYS), round(few / many, 2), None, unit, note)


def _more(task: str, spent: Mapping[int, float]) -> Measurement:
    """Return what a million rows more cost: the start, which is no cost of rows, is in neither."""
    (few, least), (many, most) = sorted(spent.items())
    extra = 1_000_000 * (most - least) / (many - few)
    whole = 1_000_000 * most / many
    name = f"a million rows more: {task}"
    note = f"floor: none, beside it a million of {many:,} with their share of the start"
    return Measurement(name, round(extra, 1), round(whole, 1), round(extra / whole, 2), None, "s", note)
