"""How master and each of its tasks grow with rows: the same days of trade, once with ten times the customers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from scripts.bench.deployed import deployed, generated, run_master, upload
from scripts.bench.exponent import growth
from scripts.bench.measurement import Measurement
from scripts.data import totals

DAYS = 10
CUSTOMERS = (400, 4000)


def measure_rows() -> list[Measurement]:
    """Run master on each size in a workspace of its own; what starts anew each time hides some of the growth."""
    costs: dict[str, dict[int, float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-rows-") as folder:
        for customers in CUSTOMERS:
            root = Path(folder) / str(customers)
            found = generated(root / "landing", DAYS, customers)
            rows = sum(totals.data_lines(found.folder).values())
            with deployed(root) as client:
                upload(client, found, root / "batch", "", found.days[-1])
                for task, spent in run_master(client).items():
                    costs.setdefault(task, {})[rows] = spent
    return [growth(f"{task} with rows", spent, "seconds") for task, spent in costs.items()]
