"""What a month costs before and after a plan: DBU · hours · runs, and at most with every retry used.

Counted: clusters and warehouse time of jobs that run by the clock with what they run, and warehouse time of alerts.
Not counted: what people start by hand, storage, and every figure that the price file does not have; that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from scripts.review import clock
from scripts.review.fields import first
from scripts.review.plan import UNKNOWN, Change
from scripts.review.prices import Prices

ASSUMED_SECONDS = 3600  # of a run whose job has no duration rule: an hour, said wherever it is used
_AUTO_STOP_MINUTES = 10  # of a warehouse that does not say: the provider's own default is longer, ours always says

FORMULA = (
    "runs in 30 days · hours · nodes · (DBU/h · USD/DBU + machine USD/h); a run lasts what its duration rule expects,"
    " shared equally by its tasks; 'at most' is with all retries. Warehouse: hours awake (dbt tasks, alerts and the"
    " idle minutes after each) · DBU/h · USD/DBU. Not counted: runs by hand, dashboards, storage, serverless dbt"
    " processes."
)


@dataclass(frozen=True)
class Cost:
    """USD per month as expected and with all retries used, by thing, and what could not be priced."""

    expected: float
    at_most: float
    parts: Mapping[str, float]
    unknown: tuple[str, ...]


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
        self._parts: dict[str, float] = {}
        self._at_most = 0.0
        self._unknown: dict[str, None] = {}
        self._awake: list[tuple[datetime, float]] = []

    def understands(self, title: str, block: Mapping[str, Any]) -> bool:
        if clock.readable(block):
            return True
        self._unknown[f"schedule of {title}"] = None
        return False

    def job(self, block: Mapping[str, Any], runs: list[_Run]) -> None:
        fired, factor = clock.starts(*clock.quartz_of(block), self._day)
        count = len(fired) * factor
        for run in runs:
            self._unknown.update(dict.fromkeys(run.notes))
            share = run.seconds / max(1, len(run.tasks))
            on_cluster = share * sum(bool(task.get("job_cluster_key")) for task in run.tasks)
            if on_cluster:
                usd = count * on_cluster / 3600 * self._cluster_hour(run.cluster)
                self._parts[run.title] = self._parts.get(run.title, 0.0) + usd
                self._at_most += usd * (1 + run.retries)
            on_warehouse = share * sum(bool(task.get("dbt_task") or task.get("sql_task")) for task in run.tasks)
            if on_warehouse:
                self.awake(block, on_warehouse)

    def awake(self, block: Mapping[str, Any], seconds: float) -> None:
        fired, factor = clock.starts(*clock.quartz_of(block), self._day)
        if factor > 1:
            self._awake.append((fired[0], clock.MONTH_DAYS * 86400))
        else:
            self._awake += [(at, seconds) for at in fired]

    def total(self, warehouse: Mapping[str, Any]) -> Cost:
        if self._awake:
            usd = self._warehouse(warehouse)
            self._parts["SQL warehouse"] = usd
            self._at_most += usd
        parts = dict(sorted(self._parts.items()))
        return Cost(sum(parts.values()), self._at_most, parts, tuple(self._unknown))

    def _cluster_hour(self, cluster: Mapping[str, Any]) -> float:
        name, workers = str(cluster.get("node_type_id")), cluster.get("num_workers")
        if not isinstance(workers, int):
            self._unknown["a cluster whose size is not fixed"] = None
            return 0.0
        node = self._prices.nodes.get(name)
        machine, units = (node.vm, node.dbu) if node else (None, None)
        if units is None:
            self._unknown[f"DBU of {name}"] = None
        if machine is None:
            self._unknown[f"machine price of {name}"] = None
        return (1 + workers) * ((units or 0.0) * self._prices.dbu["jobs"] + (machine or 0.0))

    def _warehouse(self, warehouse: Mapping[str, Any]) -> float:
        size = str(warehouse.get("cluster_size") or "")
        if size not in self._prices.warehouses:
            self._unknown[f"SQL warehouse of size {size}" if size else "SQL warehouse: it is not in this plan"] = None
            return 0.0
        minutes = warehouse.get("auto_stop_mins")
        idle = minutes if isinstance(minutes, int) else _AUTO_STOP_MINUTES
        kind = "sql_serverless" if warehouse.get("enable_serverless_compute") else "sql_pro"
        return _union_hours(self._awake, idle) * self._prices.warehouses[size] * self._prices.dbu[kind]


def _union_hours(awake: list[tuple[datetime, float]], idle_minutes: int) -> float:
    """Hours covered by the intervals, each as long as its work and the idle minutes after it; overlaps count once."""
    total, end = 0.0, datetime.min.replace(tzinfo=awake[0][0].tzinfo)
    for start, seconds in sorted(awake):
        until = start + timedelta(seconds=seconds, minutes=idle_minutes)
        if until > end:
            total += (until - max(start, end)).total_seconds()
            end = until
    return total / 3600


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
