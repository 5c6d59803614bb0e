"""Generated sections about scale: what more trade takes and costs a day, from measured rates and list prices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from infra import compute
from infra.environments import PROD
from scripts.docs.facts import Facts
from scripts.docs.markdown import code, table
from scripts.errors import CommandError
from scripts.review import prices

FACTORS = (1, 100, 10_000)
_HISTORY_DAYS = 365  # what is kept when the day comes that is calculated
_CORES = 8  # of a node of prod, of the one below, and of a warehouse's workers

# No source has the DBU of prod's own nodes; this one has as many cores and both prices.
_PEER = "Standard_D8s_v3"
# Workers of eight cores by size, as the documentation of SQL warehouses on Azure lists them.
_WAREHOUSES = {"2X-Small": 1, "X-Small": 2, "Small": 4, "Medium": 8, "Large": 16, "X-Large": 32, "2X-Large": 64}
_ROWS, _BYTES, _START = "rows a day", "landing bytes a day", "a run of master on little trade"
_PER_NEW_ROW = ("bronze", "silver")  # read what came
_PER_KEPT_ROW = ("gold", "quality_checks", "anomaly_detection")  # read everything there is
_ON_WAREHOUSE = ("silver", "gold")
_TASKS = (*_PER_NEW_ROW, *_PER_KEPT_ROW)


@dataclass(frozen=True)
class Day:
    """One day's run: core-hours on the job cluster and on the warehouse, what they need, and USD for both."""

    rows: float
    cluster: float
    warehouse: float
    workers: int
    size: str
    clusters: int
    usd_cluster: float
    usd_warehouse: float

    @property
    def usd(self) -> float:
        """What the day costs."""
        return self.usd_cluster + self.usd_warehouse


def cost(facts: Facts) -> str:
    """One line per size of trade, with gold made anew and with gold that reads only what came."""
    rows = [
        _line(facts, factor, incremental)
        for factor in FACTORS
        for incremental in ((False, True) if factor > 1 else (False,))
    ]
    heads = (
        "trade",
        "gold",
        "rows a day",
        "landing a day",
        "core-hours",
        "`workers`",
        "`warehouse_size`",
        "USD a day: cluster",
        "warehouse",
        "together",
    )
    return table(heads, rows)


def priced(facts: Facts) -> str:
    """Say which prices the page calculates with, and from when they are."""
    known, node, hour = _prices(facts), _prices(facts).nodes[_PEER], _node_hour(facts)
    return (
        f"Prices of {known.checked}, from `infra/prices.toml`: {known.dbu['jobs']:g} USD per DBU of jobs,"
        f" {known.dbu['sql_serverless']:g} of a serverless warehouse; {code(_PEER)} at {node.dbu:g} DBU and"
        f" {node.vm:g} USD an hour stands for {code(PROD.node_type)}, whose DBU no source has."
        f" A cluster of one worker that never stops costs {2 * 24 * hour:.0f} USD a day."
    )


def day(facts: Facts, factor: int, incremental: bool) -> Day:
    """Return what a day takes after a year of such trade, when it may last as long as master is expected to.

    The time of its alerting is left out: that asks a fixed number of questions, however many rows came.
    """
    rows = factor * facts.figures.rate(_ROWS).figure
    hours = {task: _core_hours(facts, task, rows * _read(task, incremental)) for task in _TASKS}
    on_warehouse = sum(hours[task] for task in _ON_WAREHOUSE)
    on_cluster = sum(hours.values()) - on_warehouse
    seconds = facts.jobs["master_pipeline"].expected_seconds - facts.jobs["operational_monitoring"].expected_seconds
    allowed = seconds / 3600 / 2  # one half on the cluster, one on the warehouse
    workers = max(1, math.ceil(on_cluster / _CORES / allowed))
    size, clusters = _warehouse(on_warehouse / _CORES / allowed)
    return Day(
        rows,
        on_cluster,
        on_warehouse,
        workers,
        size,
        clusters,
        _usd_cluster(facts, on_cluster, workers),
        _usd_warehouse(facts, on_warehouse, size, clusters),
    )


def _read(task: str, incremental: bool) -> int:
    """Return of how many days a task reads the rows."""
    anew = task in _PER_KEPT_ROW and not (incremental and task == "gold")
    return _HISTORY_DAYS if anew else 1


def _rate_name(task: str) -> str:
    return f"a million rows more: {task}"


def _core_hours(facts: Facts, task: str, rows: float) -> float:
    return rows / 1e6 * max(0.0, facts.figures.rate(_rate_name(task)).figure) / 3600


def _warehouse(workers: float) -> tuple[str, int]:
    """Return the smallest size with so many workers, and how many clusters of it; several of the largest at last."""
    for size, has in _WAREHOUSES.items():
        if workers <= has:
            return size, 1
    return size, math.ceil(workers / has)


def _start_hours(facts: Facts) -> float:
    """Return what a run on little trade takes with all cores at work, nearly all of it start: any size pays it."""
    least = facts.figures.rate(_START)
    return least.figure / facts.figures.cores / 3600


def _usd_cluster(facts: Facts, core_hours: float, workers: int) -> float:
    hours = _start_hours(facts) + core_hours / _CORES / workers
    return (1 + workers) * hours * _node_hour(facts)


def _node_hour(facts: Facts) -> float:
    known = _prices(facts)
    node = known.nodes[_PEER]
    if node.dbu is None or node.vm is None:
        raise CommandError(f"infra/prices.toml: {_PEER} lacks a price that docs/scale.md is calculated with.")
    return node.dbu * known.dbu["jobs"] + node.vm


def _usd_warehouse(facts: Facts, core_hours: float, size: str, clusters: int) -> float:
    known = _prices(facts)
    idle = compute.warehouse(PROD).idle_minutes / 60
    hours = _start_hours(facts) + core_hours / _CORES / (_WAREHOUSES[size] * clusters) + idle
    return clusters * hours * known.warehouses[size] * known.dbu["sql_serverless"]


def _prices(facts: Facts) -> prices.Prices:
    return prices.load(facts.root / "infra" / "prices.toml")


def _line(facts: Facts, factor: int, incremental: bool) -> tuple[str, ...]:
    found = day(facts, factor, incremental)
    landing = factor * facts.figures.rate(_BYTES).figure
    return (
        f"{factor:,} times" if factor > 1 else "today's",
        "reads what came" if incremental else "made anew",
        f"{found.rows:,.0f}",
        _bytes(landing),
        f"{found.cluster + found.warehouse:,.1f}",
        f"{found.workers:,}",
        f"{found.clusters} clusters of {found.size}" if found.clusters > 1 else found.size,
        f"{found.usd_cluster:,.2f}",
        f"{found.usd_warehouse:,.2f}",
        f"{found.usd:,.2f}",
    )


def _bytes(size: float) -> str:
    units: Mapping[str, float] = {"TB": 1e12, "GB": 1e9, "MB": 1e6, "kB": 1e3}
    for unit, worth in units.items():
        if size >= worth:
            return f"{size / worth:,.3g} {unit}"
    return f"{size:.0f} B"
