"""What each question costs that people and alerts ask in the morning."""

from __future__ import annotations

import statistics
import time

from databricks.sdk import WorkspaceClient

from infra.environments import LOCAL
from infra.sql_text import qualify
from lakehouse import questions, thresholds
from scripts import connection, toolchain
from scripts.answers import ask
from scripts.bench.measurement import Measurement, against, beside, seconds
from scripts.errors import CommandError

_QUESTIONS_GOAL = 20.0
_BARE = 11  # the median of so many counts


def measure_questions(client: WorkspaceClient) -> list[Measurement]:
    """Ask each question of a workspace with a history for the first time, and again."""
    cold, warm, floor = _asked(client), _asked(client), _bare(client)
    return [_all(cold, warm, floor), *(_one(name, cold[name], warm[name], floor) for name in sorted(warm))]


def _asked(client: WorkspaceClient) -> dict[str, float]:
    """Ask one question after the other; return the seconds of each."""
    warehouse = connection.warehouse_id(client, LOCAL)
    taken = {}
    for name, question in questions.load_all(toolchain.ROOT / "sql" / "queries").items():
        statement = qualify(questions.literal(question, thresholds.load()), LOCAL.catalog)
        began = time.monotonic()
        answer = ask(client, warehouse, statement)
        if answer.problem:
            raise CommandError(f"Question '{name}': {answer.problem}")
        taken[name] = time.monotonic() - began
    return taken


def _bare(client: WorkspaceClient) -> float:
    """Return the seconds of a statement that reads nothing: what asking costs."""
    warehouse = connection.warehouse_id(client, LOCAL)
    return statistics.median(seconds(lambda: ask(client, warehouse, "select 1")) for _ in range(_BARE))


def _all(cold: dict[str, float], warm: dict[str, float], floor: float) -> Measurement:
    note = f"floor: as many times `select 1`; asked for the first time {sum(cold.values()):.1f} s"
    name = f"all {len(warm)} questions, one after the other"
    return against(name, [sum(warm.values())], floor * len(warm), _QUESTIONS_GOAL, note)


def _one(name: str, cold: float, warm: float, floor: float) -> Measurement:
    """Show one question; alone it is too short to be judged on a machine that does other things too."""
    note = f"floor: `select 1`; asked for the first time {cold:.2f} s"
    return beside(f"question {name}", [warm], [floor], None, note)
