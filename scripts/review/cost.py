"""What a month costs before and after a plan: DBU · hours · runs, and at most with every retry used.

Counted: clusters and warehouse time of jobs that run by the clock with what they run, and warehouse time of alerts.
Not counted: what people start by hand, storage, and every figure that the price file does not have; that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from scripts.review import clock
from scripts.review.fields import first
from scripts.review.plan import UNKNOWN, Change
from scripts.review.prices import Prices

ASSUMED_SECONDS = 3600  # of a run whose job has no duration rule: an hour, said wherever it is used
WAREHOUSE = "SQL warehouse"
_AUTO_STOP_MINUTES = 10  # of a warehouse that does not say: the provider's own default is longer, ours always says

FORMULA = (
    "runs in 30 days · hours · nodes · (DBU/h · USD/DBU + machine USD/h); a run lasts what its duration rule expects,"
    " shared equally by its tasks; 'at most' is with all retries. Warehouse: hours awake (dbt tasks, alerts and the"
    " idle minutes after each) · DBU/h · USD/DBU. Not counted: runs by hand, dashboards, storage, serverless dbt"
    " processes."
)


@dataclass(frozen=True)
class Use:
    """What one job, or the warehouse, uses in the month: how often, how many hours each time, and what that comes to.

    `units` are DBU: None where no source has those of the machines, and `usd` is then the machines' alone.
    """

    compute: str
    runs: float
    on_cluster: float
    on_warehouse: float
    units: float | None
    usd: float
    at_most: float


@dataclass(frozen=True)
class Cost:
    """What a month costs, by what uses it, and what could not be priced; warehouse time of a job is the warehouse's."""

    uses: Mapping[str, Use]
    unknown: tuple[str, ...]

    @property
    def parts(self) -> Mapping[str, float]:
        """USD of each cluster and of the warehouse."""
        return {name: use.usd for name, use in self.uses.items() if use.compute}

    @property
    def expected(self) -> float:
        """USD of the month."""
        return sum(use.usd for use in self.uses.values())

    @property
    def at_most(self) -> float:
        """USD of the month when every run uses all its retries."""
        return sum(use.at_most for use in self.uses.values())


@dataclass(frozen=True)
class _Run:
    """One job's own share of a run: where its seconds go."""

    title: str
    seconds: float
    tasks: tuple[Mapping[str, Any], ...]
    cluster: Mapping[str, Any]
    retries: int
    notes: tuple[str, ...]


def month(sides: Iterable[tuple[Change, Mapping[str, Any]]], prices: Prices, day: date) -> Cost:
    """Return what the given resources (one side of a plan) cost in the 30 days from a day."""
    jobs: dict[str, tuple[str, Mapping[str, Any]]] = {}
    alerts: list[Mapping[str, Any]] = []
    warehouse: Mapping[str, Any] = {}
    for change, side in sides:
        if change.type == "databricks_job":
            known = side.get("id") not in (None, UNKNOWN)  # new jobs have no id yet: none stands for another
            jobs[str(side["id"]) if known else change.address] = (change.title, side)
        elif change.type == "databricks_alert_v2":
            alerts.append(side)
        elif change.type == "databricks_sql_endpoint":
            warehouse = side
    meter = _Meter(prices, day)
    for title, side in jobs.values():
        block = first(side.get("schedule"))
        if clock.live(block) and meter.understands(title, block):
            meter.job(block, _runs(title, side, jobs))
    for side in alerts:
        block = first(side.get("schedule"))
        if clock.live(block) and meter.understands("an alert", block):
            meter.awake(block, 0)
    return meter.total(warehouse)


class _Meter:
    """Adds up while jobs and alerts are walked through."""

    def __init__(self, prices: Prices, day: date) -> None:
        self._prices, self._day = prices, day
        self._uses: dict[str, Use] = {}
        self._unknown: dict[str, None] = {}
        self._awake: list[tuple[datetime, float]] = []

    def understands(self, title: str, block: Mapping[str, Any]) -> bool:
        if clock.readable(block):
            return True
        self._unknown[f"schedule of {title}"] = None
        return False

    def job(self, block: Mapping[str, Any], runs: list[_Run]) -> None:
        fired, factor = clock.starts(*clock.quartz_of(block), self._day)
        for run in runs:
            self._unknown.update(dict.fromkeys(run.notes))
            use = self._use(run, len(fired) * factor)
            before = self._uses.get(run.title)
            self._uses[run.title] = _together(before, use) if before else use
            if use.on_warehouse:
                self.awake(block, use.on_warehouse * 3600)

    def awake(self, block: Mapping[str, Any], seconds: float) -> None:
        fired, factor = clock.starts(*clock.quartz_of(block), self._day)
        if factor > 1:
            self._awake.append((fired[0], clock.MONTH_DAYS * 86400))
        else:
            self._awake += [(at, seconds) for at in fired]

    def total(self, warehouse: Mapping[str, Any]) -> Cost:
        if self._awake:
            self._uses[WAREHOUSE] = self._warehouse(warehouse)
        return Cost(dict(sorted(self._uses.items())), tuple(self._unknown))

    def _use(self, run: _Run, count: float) -> Use:
        share = run.seconds / 3600 / max(1, len(run.tasks))
        on_cluster = share * sum(bool(task.get("job_cluster_key")) for task in run.tasks)
        on_warehouse = share * sum(bool(task.get("dbt_task") or task.get("sql_task")) for task in run.tasks)
        if not on_cluster:
            return Use("", count, 0.0, on_warehouse, 0.0, 0.0, 0.0)
        compute, units, machines = self._cluster_hour(run.cluster)
        hours = count * on_cluster
        usd = hours * ((units or 0.0) * self._prices.dbu["jobs"] + machines)
        spent = None if units is None else hours * units
        return Use(compute, count, on_cluster, on_warehouse, spent, usd, usd * (1 + run.retries))

    def _cluster_hour(self, cluster: Mapping[str, Any]) -> tuple[str, float | None, float]:
        """Return a cluster in words, its DBU (None: not known) and its machines' USD in an hour."""
        name, workers = str(cluster.get("node_type_id")), cluster.get("num_workers")
        if not isinstance(workers, int):
            self._unknown["a cluster whose size is not fixed"] = None
            return name, None, 0.0
        node = self._prices.nodes.get(name)
        machine, units = (node.vm, node.dbu) if node else (None, None)
        if units is None:
            self._unknown[f"DBU of {name}"] = None
        if machine is None:
            self._unknown[f"machine price of {name}"] = None
        nodes = 1 + workers
        return f"{nodes} of {name}", None if units is None else nodes * units, nodes * (machine or 0.0)

    def _warehouse(self, warehouse: Mapping[str, Any]) -> Use:
        size = str(warehouse.get("cluster_size") or "")
        minutes = warehouse.get("auto_stop_mins")
        hours, times = _union(self._awake, minutes if isinstance(minutes, int) else _AUTO_STOP_MINUTES)
        if size not in self._prices.warehouses:
            self._unknown[f"SQL warehouse of size {size}" if size else "SQL warehouse: it is not in this plan"] = None
            return Use(size or "unknown", times, 0.0, hours / times, None, 0.0, 0.0)
        serverless = warehouse.get("enable_serverless_compute")
        units = hours * self._prices.warehouses[size]
        usd = units * self._prices.dbu["sql_serverless" if serverless else "sql_pro"]
        return Use(f"{size}{', serverless' if serverless else ''}", times, 0.0, hours / times, units, usd, usd)


def _together(one: Use, other: Use) -> Use:
    """Return the use of a job that is started from two sides."""
    units = None if one.units is None or other.units is None else one.units + other.units
    runs, usd, at_most = one.runs + other.runs, one.usd + other.usd, one.at_most + other.at_most
    return replace(one, runs=runs, units=units, usd=usd, at_most=at_most)


def _union(awake: list[tuple[datetime, float]], idle_minutes: int) -> tuple[float, int]:
    """Return the hours that the intervals and the idle minutes after each cover, and in how many stretches."""
    total, times, end = 0.0, 0, datetime.min.replace(tzinfo=awake[0][0].tzinfo)
    for start, seconds in sorted(awake):
        until = start + timedelta(seconds=seconds, minutes=idle_minutes)
        times += start > end
        if until > end:
            total += (until - max(start, end)).total_seconds()
            end = until
    return total / 3600, times


def _runs(title: str, job: Mapping[str, Any], jobs: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[_Run]:
    """Return what one run of a job uses: its own tasks, and the jobs it runs. A parent's duration contains theirs."""
    found: list[_Run] = []

    def walk(name: str, side: Mapping[str, Any], above: tuple[str, ...]) -> float:
        tasks = [task for task in side.get("task") or [] if isinstance(task, Mapping)]
        expected, notes = _expected(name, side)
        children = 0.0
        for task in tasks:
            if not (child := first(task.get("run_job_task"))):
                continue
            identity = str(child.get("job_id"))
            if identity in jobs and identity not in above:
                children += walk(*jobs[identity], (*above, identity))
            else:
                why = "known only after apply" if identity == UNKNOWN else "not in this plan"
                notes += (f"the job that {name} runs in task {task.get('task_key')}: {why}",)
        own = tuple(task for task in tasks if not task.get("run_job_task"))
        clusters = side.get("job_cluster") or [{}]
        retries = max((task.get("max_retries") or 0 for task in own), default=0)
        block = first(clusters[0].get("new_cluster"))
        found.append(_Run(name, max(0.0, expected - children), own, block, max(0, retries), notes))
        return expected

    walk(title, job, (str(job.get("id")),))
    return found


def _expected(name: str, side: Mapping[str, Any]) -> tuple[float, tuple[str, ...]]:
    for rule in first(side.get("health")).get("rules") or []:
        if rule.get("metric") == "RUN_DURATION_SECONDS" and isinstance(rule.get("value"), int | float):
            return float(rule["value"]), ()
    return ASSUMED_SECONDS, (f"duration of {name}, taken as 1 h",)
