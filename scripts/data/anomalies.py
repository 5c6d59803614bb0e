"""Days on which trade goes wrong on purpose: one in every block of thirty days after the first."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

BLOCK_DAYS = 30


@dataclass(frozen=True)
class Anomaly:
    """One anomalous day: what happens, how strong demand is, which share of its orders is cancelled."""

    day: dt.date
    why: str
    demand: float
    cancelled: float

    def as_dict(self) -> dict[str, str]:
        """Return what the truth file says."""
        return {"day": self.day.isoformat(), "why": self.why}


_KINDS = (
    ("revenue drop: the shop was down most of the day", 0.2, 0.05),
    ("revenue spike: an unannounced sale", 2.8, 0.05),
    ("cancellation wave: stock was missing", 1.0, 0.6),
)


def on(seed: int, first: dt.date, day: dt.date) -> Anomaly | None:
    """Return the anomaly of a day, if it has one; the first block has none, so that there is a history to compare."""
    block, offset = divmod((day - first).days, BLOCK_DAYS)
    if block < 1:
        return None
    rng = random.Random(f"{seed}:anomaly:{first.isoformat()}:{block}")  # noqa: S311 -- reproducible trade, not secrets
    if offset != rng.randrange(BLOCK_DAYS):
        return None
    return Anomaly(day, *rng.choice(_KINDS))


def planned(seed: int, first: dt.date, end: dt.date) -> list[Anomaly]:
    """Return the anomalies of a period, in order."""
    days = (first + dt.timedelta(days=number) for number in range((end - first).days + 1))
    return [anomaly for anomaly in (on(seed, first, day) for day in days) if anomaly]
