"""Generated section about money: what each job costs in a month of prod, by the calculation of plan review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from infra.alerts import AlertSpec
from infra.compute import job_cluster, warehouse
from infra.environments import PROD
from infra.jobs.spec import DbtTask, JobSpec, NotebookTask, RunJobTask
from scripts.docs.facts import Facts
from scripts.docs.jobs import duration
from scripts.docs.markdown import code, table
from scripts.review import cost, plan, prices
from scripts.review.clock import MONTH_DAYS
from scripts.review.cost import Cost, Use


def costs(facts: Facts, day: date) -> str:
    """One line per job and one for the warehouse: what a run uses, how often it runs, and what that comes to."""
    known = prices.load(facts.root / "infra" / "prices.toml")
    month = of_prod(facts, known, day)
    rows = [_row(key, month.uses[key]) if key in month.uses else _idle(key) for key in facts.jobs]
    rows.append(_row(cost.WAREHOUSE, month.uses[cost.WAREHOUSE]))
    whole = (_usd(usd, not month.unknown) for usd in (month.expected, month.at_most))
    rows.append(("**all of it**", "", "", "", "", "", *whole))
    heads = ("job", "on", "runs", "cluster time of a run", "warehouse time of a run", "DBU", "USD", "with all retries")
    return "\n\n".join((table(heads, rows), "\n".join(_notes(month, known.checked, day))))


def of_prod(facts: Facts, known: prices.Prices, day: date) -> Cost:
    """Return what prod costs in the 30 days from a day, as a plan's review would say of the whole stack."""
    sides = [
        *(("databricks_job", key, _job(job)) for key, job in facts.jobs.items()),
        *(("databricks_alert_v2", key, _alert(alert)) for key, alert in facts.alerts.items()),
        ("databricks_sql_endpoint", "analytics", _warehouse()),
    ]
    entries = [_entry(kind, key, side) for kind, key, side in sides]
    changes = plan.read({"resource_changes": entries})
    return cost.month([(change, change.after) for change in changes], known, day)


def _entry(kind: str, key: str, side: dict[str, Any]) -> dict[str, Any]:
    """Return a resource as a plan has it that is already there and stays as it is."""
    change = {"actions": ["no-op"], "before": side, "after": side}
    return {"address": f"{kind}.{key}", "type": kind, "name": key, "change": change}


def _job(job: JobSpec) -> dict[str, Any]:
    """Return of a job what it is charged by; `tests/golden` holds it against what is rendered."""
    cluster = job_cluster(PROD)
    live = PROD.schedules_on and PROD.orchestration in job.by_clock
    return {
        "id": job.key,
        "name": job.key,
        "schedule": {
            "quartz_cron_expression": job.schedule.quartz,
            "timezone_id": job.schedule.zone,
            "pause_status": "UNPAUSED" if live else "PAUSED",
        },
        "health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "value": job.expected_seconds}]},
        "job_cluster": [{"new_cluster": {"node_type_id": cluster.node_type, "num_workers": cluster.workers}}],
        "task": [{"max_retries": task.max_retries, **_work(task)} for task in job.tasks],
    }


def _work(task: NotebookTask | DbtTask | RunJobTask) -> dict[str, Any]:
    match task:
        case NotebookTask():
            return {"job_cluster_key": job_cluster(PROD).key}
        case DbtTask():
            return {"dbt_task": {"commands": list(task.commands)}}
        case RunJobTask():
            return {"run_job_task": {"job_id": task.job}}


def _alert(alert: AlertSpec) -> dict[str, Any]:
    paused = "UNPAUSED" if PROD.schedules_on else "PAUSED"
    quartz, zone = alert.schedule.quartz, alert.schedule.zone
    return {"schedule": {"quartz_cron_schedule": quartz, "timezone_id": zone, "pause_status": paused}}


def _warehouse() -> dict[str, Any]:
    """Return of the warehouse what it is charged by; it is always serverless."""
    spec = warehouse(PROD)
    return {"cluster_size": spec.size, "auto_stop_mins": spec.idle_minutes, "enable_serverless_compute": True}


def _row(key: str, use: Use) -> tuple[str, ...]:
    return (
        key if key == cost.WAREHOUSE else code(key),
        use.compute or "no cluster",
        f"{use.runs:,.0f}",
        _hours(use.on_cluster),
        _hours(use.on_warehouse),
        "not known" if use.units is None else f"{use.units:,.0f}",
        *(_usd(usd, use.units is not None) for usd in (use.usd, use.at_most)),
    )


def _idle(key: str) -> tuple[str, ...]:
    return (code(key), "nothing starts it by the clock", "0", "-", "-", "0", "0.00", "0.00")


def _usd(usd: float, whole: bool) -> str:
    return f"{'' if whole else 'at least '}{usd:,.2f}"


def _hours(hours: float) -> str:
    return duration(round(hours * 3600)) if hours else "-"


def _notes(month: Cost, checked: date, day: date) -> Iterator[str]:
    yield f"- USD of the {MONTH_DAYS} days from {day} in {code(PROD.name)}; elsewhere every schedule is paused."
    yield f"- Counted: {cost.FORMULA}"
    if month.unknown:
        yield f"- Not known, so not in the sums: {'; '.join(month.unknown)}."
    yield f"- List prices as they were on {checked}, from {code('infra/prices.toml')}: put in yours."
