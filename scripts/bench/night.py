"""What a night without news costs, and each question that people and alerts ask in the morning."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from databricks.sdk import WorkspaceClient

from infra.environments import LOCAL
from infra.sql_text import qualify
from lakehouse import questions, thresholds
from scripts import connection, toolchain
from scripts.answers import ask
from scripts.bench.deployed import WHOLE, deployed, run_master, trade, upload
from scripts.bench.measurement import Measurement
from scripts.errors import CommandError

_DAYS = 60  # of generated trade; all of the folder that DATA names
_NIGHT_GOAL = 15.0
_QUESTIONS_GOAL = 20.0


def measure_night() -> list[Measurement]:
    """Run master on everything, then on nothing new, then ask each question cold and again."""
    with tempfile.TemporaryDirectory(prefix="bench-night-") as folder:
        root = Path(folder)
        found = trade(root / "landing", _DAYS)
        with deployed(root) as client:
            upload(client, found, root / "batch", "", found.days[-1])
            first, again = run_master(client), run_master(client)
            cold, warm = _asked(client), _asked(client)
    night = Measurement(
        name="master without news",
        figure=round(again[WHOLE], 1),
        baseline=round(first[WHOLE], 1),
        ratio=round(again[WHOLE] / _NIGHT_GOAL, 2),
        goal=1,
        unit="s",
        note=f"baseline: all {len(found.days)} days at once; ratio to {_NIGHT_GOAL:g} s",
    )
    return [night, _all(cold, warm), *(_one(name, cold[name], warm[name]) for name in sorted(warm))]


def _asked(client: WorkspaceClient) -> dict[str, float]:
    """Ask one question after the other; return the seconds of each."""
    warehouse = connection.warehouse_id(client, LOCAL)
    seconds = {}
    for name, question in questions.load_all(toolchain.ROOT / "sql" / "queries").items():
        statement = qualify(questions.literal(question, thresholds.load()), LOCAL.catalog)
        began = time.monotonic()
        answer = ask(client, warehouse, statement)
        if answer.problem:
            raise CommandError(f"Question '{name}': {answer.problem}")
        seconds[name] = time.monotonic() - began
    return seconds


def _all(cold: dict[str, float], warm: dict[str, float]) -> Measurement:
    total = sum(warm.values())
    return Measurement(
        name=f"all {len(warm)} questions, one after the other",
        figure=round(total, 1),
        baseline=round(sum(cold.values()), 1),
        ratio=round(total / _QUESTIONS_GOAL, 2),
        goal=1,
        unit="s",
        note=f"baseline: asked for the first time; ratio to {_QUESTIONS_GOAL:g} s",
    )


def _one(name: str, cold: float, warm: float) -> Measurement:
    return Measurement(
        name=f"question {name}",
        figure=round(warm, 2),
        baseline=round(cold, 2),
        ratio=round(warm / cold, 2),
        goal=1,
        unit="s",
        note="baseline: asked for the first time",
    )
