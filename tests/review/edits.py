"""Thirty-odd small edits of our own stack: what somebody may do in a pull request, from harmless to not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Resources = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Edit:
    """Texts replaced in files of the repository, or what a change of specs would make of the synthesized resources.

    `targets` keeps a plan small that would touch every alert; `moved` are pairs of addresses.
    """

    texts: tuple[tuple[str, str, str], ...] = ()
    patch: Callable[[Resources], None] | None = None
    targets: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()


def _job(key: str, change: Callable[[dict[str, Any]], None]) -> Edit:
    return Edit(patch=lambda resources: change(resources["databricks_job"][key]))


def _alert(key: str, change: Callable[[dict[str, Any]], None]) -> Edit:
    return Edit(patch=lambda resources: change(resources["databricks_alert_v2"][key]))


def _set(kind: str, key: str, **values: Any) -> Edit:
    return Edit(patch=lambda resources: resources[kind][key].update(values))


def _remove(*addresses: str) -> Edit:
    def patch(resources: Resources) -> None:
        for address in addresses:
            kind, _, key = address.partition(".")
            del resources[kind][key]

    return Edit(patch=patch)


def _permission(key: str, group: str, level: str) -> Edit:
    def patch(resources: Resources) -> None:
        entries = resources["databricks_permissions"][key]["access_control"]
        entries[:] = [entry for entry in entries if entry.get("group_name") != group]
        if level:
            entries.append({"group_name": group, "permission_level": level})
        entries.sort(key=lambda entry: entry.get("group_name", "~"))

    return Edit(patch=patch)


def _renamed(resources: Resources) -> None:
    jobs = resources["databricks_job"]
    jobs["weekly_recommendations"] = {**jobs.pop("product_recommendations"), "name": "weekly_recommendations"}
    permissions = resources["databricks_permissions"].pop("job-product_recommendations")
    permissions["job_id"] = "${databricks_job.weekly_recommendations.id}"
    resources["databricks_permissions"]["job-weekly_recommendations"] = permissions


def _task(job: dict[str, Any], key: str) -> dict[str, Any]:
    return next(task for task in job["task"] if task["task_key"] == key)


def _without_task(job: dict[str, Any]) -> None:
    job["task"] = [task for task in job["task"] if task["task_key"] != "evaluate"]


def _more_tasks(job: dict[str, Any]) -> None:
    first = job["task"][0]
    job["task"] = sorted(
        [*job["task"], {**first, "task_key": "report", "depends_on": [{"task_key": first["task_key"]}]}],
        key=lambda task: task["task_key"],
    )


def _cluster(job: dict[str, Any], **values: Any) -> None:
    job["job_cluster"][0]["new_cluster"].update(values)


def _fewer_mails(job: dict[str, Any]) -> None:
    job["email_notifications"]["on_failure"] = ["on-call@example.com"]


def _unsubscribe(alert: dict[str, Any]) -> None:
    alert["evaluation"]["notification"]["subscriptions"].pop()


def _volume(resources: Resources) -> None:
    resources["databricks_volume"]["checkpoints"]["name"] = "stream_checkpoints"


def _scope(resources: Resources) -> None:
    resources["databricks_secret_scope"]["email"]["name"] = "mail"


def _new_alert(resources: Resources) -> None:
    alerts = resources["databricks_alert_v2"]
    alerts["late_orders"] = {
        **alerts["stale_tables"],
        "display_name": "Late orders",
        "query_text": "select count(*) as subject from ecommerce_prod.silver.fact_orders where status = 'late'",
        "custom_summary": "HIGH: Late orders (prod)",
    }


def _policy(resources: Resources) -> None:
    policy = resources["databricks_cluster_policy"]["interactive"]
    policy["definition"] = policy["definition"].replace('"maxValue": 60', '"maxValue": 600')


def _run_as(job: dict[str, Any]) -> None:
    job["run_as"] = {"service_principal_name": "99999999-89ab-cdef-0123-456789abcdef"}


def _watching(alert: str) -> tuple[str, ...]:
    """All ten alerts share one question, so that a threshold moves them all: one of them is enough to read."""
    files = ("sql-thresholds_toml", f"sql-alerts-{alert}_toml")
    return (*(f"databricks_workspace_file.{file}" for file in files), f"databricks_alert_v2.{alert}")


_TILE = """[[tile]]
title = "In figures"
question = "ml_model_health"
widget = "table"
columns = ["model", "metric", "value", "baseline", "lead"]
width = 6

"""

EDITS: Mapping[str, Edit] = {
    "nothing": Edit(),
    "schedule_moved": Edit(texts=(("infra/jobs/master_pipeline.py", "0 0 7 * * ?", "0 0 8 * * ?"),)),
    "schedule_on": _job("bronze_ingestion", lambda job: job["schedule"].update(pause_status="UNPAUSED")),
    "schedule_off": _job("master_pipeline", lambda job: job["schedule"].update(pause_status="PAUSED")),
    "schedule_hourly": _job(
        "product_recommendations", lambda job: job["schedule"].update(quartz_cron_expression="0 0 * * * ?")
    ),
    "threshold_weaker": Edit(
        texts=(("sql/thresholds.toml", "value = 24\n", "value = 48\n"),), targets=_watching("stale_tables")
    ),
    "threshold_stricter": Edit(
        texts=(("sql/thresholds.toml", "value = 85\n", "value = 88\n"),), targets=_watching("low_quality_tables")
    ),
    "alert_limit": _alert(
        "stale_tables", lambda alert: alert["evaluation"]["threshold"]["value"].update(double_value=5)
    ),
    "alert_operator": _alert("stale_tables", lambda alert: alert["evaluation"].update(comparison_operator="LESS_THAN")),
    "alert_paused": _alert("empty_tables", lambda alert: alert["schedule"].update(pause_status="PAUSED")),
    "alert_recipient_removed": _alert("critical_quality_tables", _unsubscribe),
    "alert_removed": _remove("databricks_alert_v2.model_degraded", "databricks_permissions.alert-model_degraded"),
    "alert_added": Edit(patch=_new_alert),
    "notebook_text": Edit(texts=(("notebooks/quality/gate.py", "import sys\n", "import sys\nimport time\n"),)),
    "three_notebooks": Edit(
        texts=tuple(
            (f"notebooks/maintenance/{name}.py", "# MAGIC # ", "# MAGIC # Nightly: ")
            for name in ("analyze", "optimize", "vacuum")
        )
    ),
    "dbt_model": Edit(texts=(("dbt/models/silver/dim_products.sql", "select", "select distinct"),)),
    "tile_changed": Edit(
        texts=(("sql/dashboards/ml_models.toml", 'title = "In figures"', 'title = "In plain figures"'),)
    ),
    "tile_removed": Edit(texts=(("sql/dashboards/ml_models.toml", _TILE, ""),)),
    "permission_wider": _permission("job-master_pipeline", "data-analysts", "CAN_MANAGE"),
    "permission_narrower": _permission("warehouse-analytics", "data-analysts", ""),
    "permission_everybody": _permission("folder-sql", "users", "CAN_READ"),
    "job_removed": _remove(
        "databricks_job.product_recommendations", "databricks_permissions.job-product_recommendations"
    ),
    "job_renamed": Edit(patch=_renamed),
    "job_moved": Edit(
        patch=_renamed,
        moved=(
            ("databricks_job.product_recommendations", "databricks_job.weekly_recommendations"),
            (
                "databricks_permissions.job-product_recommendations",
                "databricks_permissions.job-weekly_recommendations",
            ),
        ),
    ),
    "node_type": _job("table_maintenance", lambda job: _cluster(job, node_type_id="Standard_DS5_v2")),
    "more_workers": _job("model_retraining", lambda job: _cluster(job, num_workers=8)),
    "retries_removed": _job("table_maintenance", lambda job: _task(job, "vacuum").update(max_retries=0)),
    "timeout_removed": _job("table_maintenance", lambda job: job.update(timeout_seconds=0)),
    "recipient_removed": _job("product_recommendations", _fewer_mails),
    "task_removed": _job("product_recommendations", _without_task),
    "task_added": _job("product_recommendations", _more_tasks),
    "run_as": _job("product_recommendations", _run_as),
    "schema_removed": _remove("databricks_schema.snapshots"),
    "volume_replaced": Edit(patch=_volume),
    "secret_scope_replaced": Edit(patch=_scope),
    "keep_data_off": _set("databricks_catalog", "main", force_destroy=True),
    "warehouse_size": _set("databricks_sql_endpoint", "analytics", cluster_size="Medium", auto_stop_mins=60),
    "cluster_policy": Edit(patch=_policy),
}
