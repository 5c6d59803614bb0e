"""What a day costs after little history and after much, by task, what catching up at once saves, what questions cost.

DAYS says how much is much: 300 takes twenty minutes, so a run of all benchmarks does with fewer.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient

from scripts.bench.deployed import WHOLE, deployed, run_master, trade, upload
from scripts.bench.measurement import Measurement, beside
from scripts.bench.questions import measure_questions
from scripts.errors import CommandError

SHORT, LONG = 30, 90  # days of trade that are there before the measured ones
MEASURED_DAYS = 2  # the median of so many counts
_DAY_GOAL = 1.25
_BACKFILL_GOAL = 0.1


@dataclass(frozen=True)
class _Costs:
    """Seconds: of the run that took in all the history at once, and of each day after it by task."""

    backfill: float
    day: Mapping[str, Sequence[float]]


def measure_history() -> list[Measurement]:
    """Measure on the real days in the folder that DATA names, else on generated trade."""
    with tempfile.TemporaryDirectory(prefix="bench-history-") as folder:
        root, much = Path(folder), _asked_for()
        with deployed(root / "short") as client:
            short = _costs(client, root / "short", SHORT)
        with deployed(root / "long") as client:
            long = _costs(client, root / "long", much)
            asked = measure_questions(client)
    return [*_days(short.day, long.day, much), _backfill(long, much), *asked]


def _asked_for() -> int:
    said = os.environ.get("DAYS") or str(LONG)
    if not said.isdecimal() or int(said) <= SHORT:
        raise CommandError(f"DAYS: {said!r} is no number of days above {SHORT}.", 2)
    return int(said)


def _costs(client: WorkspaceClient, root: Path, length: int) -> _Costs:
    """Take in so many days at once, then the next ones one by one; those are the same days whatever came before."""
    found = trade(root / "landing", length + MEASURED_DAYS)
    last, *following = found.days[-MEASURED_DAYS - 1 :]
    upload(client, found, root / "history", "", last)
    backfill = run_master(client)[WHOLE]
    measured = []
    for before, day in itertools.pairwise([last, *following]):
        upload(client, found, root / day, before, day)
        measured.append(run_master(client))
    return _Costs(backfill, {task: [day[task] for day in measured] for task in measured[0]})


def _days(short: Mapping[str, Sequence[float]], long: Mapping[str, Sequence[float]], much: int) -> list[Measurement]:
    note = f"floor: the same days after {SHORT}; medians of {MEASURED_DAYS}"
    return [beside(f"one day after {much} days: {task}", long[task], short[task], _DAY_GOAL, note) for task in short]


def _backfill(long: _Costs, much: int) -> Measurement:
    day_by_day = statistics.median(long.day[WHOLE]) * much
    return Measurement(
        name=f"{much} days at once",
        figure=round(long.backfill, 1),
        baseline=round(day_by_day, 1),
        ratio=round(long.backfill / day_by_day, 3),
        goal=_BACKFILL_GOAL,
        unit="s",
        note="floor: as many times the measured day",
    )
