"""Evaluations of alerts as they were: one row for each time of a schedule."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from local.store import Store

_TABLE = """
create table if not exists alert_evaluations (
    alert_id text not null, due integer not null, body text not null,
    primary key (alert_id, due)
) without rowid
"""
KEPT = 1000  # of one alert; a busy one evaluates 500 times a week


@dataclass(frozen=True)
class Evaluation:
    """One evaluation; times in epoch milliseconds, `due` is the time of the schedule that asked for it."""

    alert_id: str
    due: int
    evaluated_at: int
    run_as: str
    state: str
    value: str | None
    threshold: str | None
    message: str
    notified: bool


class History:
    """Reads and writes evaluations."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.migrate(_TABLE)

    def add(self, evaluation: Evaluation) -> bool:
        """Keep one evaluation and return True; False when its time has one already. The oldest ones are forgotten."""
        key = (evaluation.alert_id, evaluation.due)
        with self._store.write() as connection:
            row = (*key, json.dumps(asdict(evaluation)))
            new = connection.execute("insert or ignore into alert_evaluations values (?, ?, ?)", row).rowcount > 0
            connection.execute(
                "delete from alert_evaluations where alert_id = ? and due <="
                " (select due from alert_evaluations where alert_id = ? order by due desc limit 1 offset ?)",
                (evaluation.alert_id, evaluation.alert_id, KEPT),
            )
        return new

    def has(self, alert_id: str, due: int) -> bool:
        """Return whether a time of a schedule was evaluated."""
        sql = "select 1 from alert_evaluations where alert_id = ? and due = ?"
        return bool(self._store.query(sql, (alert_id, due)))

    def of(self, alert_id: str, limit: int = KEPT) -> list[Evaluation]:
        """Return the evaluations of one alert, newest first."""
        sql = "select body from alert_evaluations where alert_id = ? order by due desc limit ?"
        return [Evaluation(**json.loads(row["body"])) for row in self._store.query(sql, (alert_id, limit))]

    def forget(self, alert_id: str) -> None:
        """Drop all evaluations of one alert."""
        with self._store.write() as connection:
            connection.execute("delete from alert_evaluations where alert_id = ?", (alert_id,))
