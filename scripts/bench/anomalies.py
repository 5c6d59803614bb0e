"""How many anomalous days of generated trade are found, and how many ordinary ones accused, beside a naive z-score."""

from __future__ import annotations

import datetime as dt
import json
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from lakehouse import thresholds
from lakehouse.anomaly_scores import ANOMALY, Day, Rules, score
from scripts.bench.measurement import Measurement
from scripts.data import generator, totals

SEEDS = (1, 2, 3)
MISSED_GOAL, FALSE_GOAL = 0.1, 0.2  # recall at least 0.9, precision at least 0.8
_END, _DAYS, _CUSTOMERS = dt.date(2026, 6, 30), 365, 1000
_NAIVE_DAYS, _NAIVE_SCORE = 30, 3.0

Detector = Callable[[Sequence[Day]], set[dt.date]]


@dataclass(frozen=True)
class Trade:
    """Generated trade by day, and the days on which it went wrong on purpose."""

    days: tuple[Day, ...]
    anomalies: frozenset[dt.date]


@dataclass(frozen=True)
class Verdict:
    """The share of anomalous days that a detector missed, and the share of its alarms that were false."""

    missed: float
    false: float


def measure_anomalies() -> list[Measurement]:
    """Generate a trade for each seed and compare both shares."""
    trades = [generate(seed) for seed in SEEDS]
    return [measure_missed(trades), measure_false(trades)]


def measure_missed(trades: Sequence[Trade]) -> Measurement:
    """Compare the shares of anomalous days missed; the worst trade decides."""
    return _measure("anomalies: missed", trades, lambda verdict: verdict.missed, MISSED_GOAL, "share of anomalous days")


def measure_false(trades: Sequence[Trade]) -> Measurement:
    """Compare the shares of alarms that are false; the worst trade decides."""
    return _measure("anomalies: false alarms", trades, lambda verdict: verdict.false, FALSE_GOAL, "share of alarms")


def generate(seed: int) -> Trade:
    """Generate a year of trade and add it up by day, as `gold.daily_revenue` does."""
    with tempfile.TemporaryDirectory(prefix="bench-anomalies-") as folder:
        landing = Path(folder)
        generator.generate(landing, seed=seed, end=_END, days=_DAYS, customers=_CUSTOMERS)
        found = totals.landing_totals(landing)
        truth = json.loads((landing / generator.TRUTH).read_text())
    revenue = found.by_day("completed")
    first = min(day for day, _ in found.orders)
    calendar = [first + dt.timedelta(days=number) for number in range((_END - first).days + 1)]
    days = tuple(Day(day, found.orders.get((day, "completed"), 0), revenue.get(day, Decimal())) for day in calendar)
    return Trade(days, frozenset(dt.date.fromisoformat(each["day"]) for each in truth["anomalies"]))


def ours(days: Sequence[Day]) -> set[dt.date]:
    """Return the days that the platform calls anomalous."""
    scored = score(days, (), Rules.of(thresholds.load()))
    return {each.day.order_date for each in scored if each.status == ANOMALY}


def naive(days: Sequence[Day]) -> set[dt.date]:
    """Return the days far from the mean of the thirty before: what is done when weekdays are not looked at."""
    odd = set()
    for values in ([float(day.order_count) for day in days], [float(day.revenue) for day in days]):
        for number in range(_NAIVE_DAYS, len(days)):
            before = values[number - _NAIVE_DAYS : number]
            if abs(values[number] - statistics.fmean(before)) > _NAIVE_SCORE * statistics.stdev(before):
                odd.add(days[number].order_date)
    return odd


def judge(trade: Trade, detector: Detector) -> Verdict:
    """Compare what a detector says of a trade with the truth."""
    said = detector(trade.days)
    return Verdict(
        missed=len(trade.anomalies - said) / len(trade.anomalies),
        false=len(said - trade.anomalies) / len(said) if said else 0.0,
    )


def _measure(
    name: str, trades: Sequence[Trade], share: Callable[[Verdict], float], goal: float, unit: str
) -> Measurement:
    figures = [share(judge(trade, ours)) for trade in trades]
    baselines = [share(judge(trade, naive)) for trade in trades]
    return Measurement(
        name=f"{name}, {len(trades)} seeds",
        figure=round(statistics.fmean(figures), 3),
        baseline=round(statistics.fmean(baselines), 3),
        ratio=round(max(figures), 3),
        goal=goal,
        unit=unit,
        note=f"ratio: worst seed; floor: {_NAIVE_SCORE:g} standard deviations from the {_NAIVE_DAYS} days before",
    )
