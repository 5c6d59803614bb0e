"""What the page about scale calculates: linear where work is, never below what is paid anyway, from known figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.docs import facts, scale
from scripts.docs.figures import Figures, Measured
from scripts.errors import CommandError

from .reading import ROOT

TASKS = ("bronze", "silver", "gold", "quality_checks", "anomaly_detection")
RATES = {f"a million rows more: {task}": 7200.0 for task in TASKS}  # two core-hours a million rows each
KNOWN = {"rows a day": 1_000_000.0, "landing bytes a day": 5e8, "a run of master on little trade": 72.0, **RATES}


def known(**others: float) -> facts.Facts:
    """Return the facts of this repository with figures that are easy to reckon with."""
    made = {name: Measured(name, value, "s", "make bench", "2026-11-28") for name, value in {**KNOWN, **others}.items()}
    return replace(facts.read(ROOT), figures=Figures("2 cores, made up", (), made))


def test_work_is_paid_by_the_rows_that_each_task_reads() -> None:
    one = scale.day(known(), 1, incremental=True)
    assert (one.cluster, one.warehouse) == (2 + 365 * 4, 2 + 2)
    assert scale.day(known(), 1, incremental=False).warehouse == 2 + 365 * 2
    hundred = scale.day(known(), 100, incremental=True)
    assert (hundred.cluster, hundred.warehouse) == (100 * one.cluster, 100 * one.warehouse)


def test_workers_and_warehouse_are_the_least_that_keep_to_the_time() -> None:
    """Beside its alerting master is expected to take two hours, one for each half; a node and a worker do eight."""
    rates = dict.fromkeys(RATES, 0.0)
    light = scale.day(known(**rates), 10_000, incremental=False)
    assert (light.workers, light.size, light.clusters) == (1, "2X-Small", 1)
    rates |= {"a million rows more: bronze": 3600 * 25, "a million rows more: silver": 3600 * 24.0}
    found = scale.day(known(**rates), 1, incremental=True)
    assert (found.workers, found.size, found.clusters) == (4, "Small", 1)  # 25 and 24 core-hours
    vast = scale.day(known(**rates), 100, incremental=True)
    assert (vast.size, vast.clusters) == ("2X-Large", 5)


def test_the_start_and_the_idle_minutes_are_paid_by_any_size() -> None:
    empty = scale.day(known(**dict.fromkeys(RATES, 0.0)), 1, incremental=False)
    assert empty.usd_cluster == pytest.approx(2 * 36 / 3600 * (1.5 * 0.30 + 0.384))
    assert empty.usd_warehouse == pytest.approx((36 / 3600 + 10 / 60) * 4 * 0.70)
    assert empty.usd == empty.usd_cluster + empty.usd_warehouse


def test_a_rate_that_is_missing_and_a_machine_without_cores_are_named() -> None:
    with pytest.raises(CommandError, match="rates: 'rows a night' is missing"):
        known().figures.rate("rows a night")
    with pytest.raises(CommandError, match="machine 'a laptop' does not begin with its cores"):
        _ = replace(known().figures, machine="a laptop").cores
