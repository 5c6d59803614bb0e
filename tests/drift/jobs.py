"""Drift of jobs, tasks and job clusters."""

from __future__ import annotations

from tests.drift.changes import EVE, cluster, drop, gone_task, new_task, put, task
from tests.drift.injections import Body, Change, Injection, deleted, edited

HEALTH = "health.rules[RUN_DURATION_SECONDS].value"
MAILS = "email_notifications"


def _both(first: Change, second: Change) -> Change:
    def change(body: Body) -> None:
        first(body)
        second(body)

    return change


def _job(name: str, key: str, change: Change, *paths: str) -> Injection:
    return edited(f"job: {name}", f"databricks_job.{key}", change, *paths)


BRONZE, SILVER, GOLD, MASTER = "bronze_ingestion", "silver_transformation", "gold_aggregation", "master_pipeline"
MONITORING, RECOMMEND, RETRAIN = "operational_monitoring", "product_recommendations", "model_retraining"
MAINTENANCE = "table_maintenance"
NEW = "job_clusters[main].new_cluster"

JOBS = (
    _job("schedule paused", MASTER, put("schedule.pause_status", "PAUSED"), "schedule.pause_status"),
    _job("schedule switched on", BRONZE, put("schedule.pause_status", "UNPAUSED"), "schedule.pause_status"),
    _job("other hour", GOLD, put("schedule.quartz_cron_expression", "0 0 9 * * ?"), "schedule.quartz_cron_expression"),
    _job("other time zone", SILVER, put("schedule.timezone_id", "Europe/Berlin"), "schedule.timezone_id"),
    _job("schedule removed", MAINTENANCE, drop("schedule"), "schedule"),
    _job(
        "trigger for a schedule",
        RECOMMEND,
        _both(drop("schedule"), put("trigger", {"periodic": {"interval": 1, "unit": "DAYS"}})),
        "schedule",
        "trigger",
    ),
    _job("tag changed", MASTER, put("tags.layer", "none"), "tags.layer"),
    _job("tag added", BRONZE, put("tags.team", "eve"), "tags.team"),
    _job("tag removed", SILVER, lambda body: body["tags"].pop("layer"), "tags.layer"),
    _job("all tags removed", GOLD, drop("tags"), "tags"),
    _job("description changed", MASTER, put("description", "mine"), "description"),
    _job("description removed", BRONZE, drop("description"), "description"),
    _job("renamed", SILVER, put("name", "renamed"), "name"),
    _job("shorter timeout", MASTER, put("timeout_seconds", 60), "timeout_seconds"),
    _job("no timeout", BRONZE, put("timeout_seconds", 0), "timeout_seconds"),
    _job("more runs at once", MASTER, put("max_concurrent_runs", 3), "max_concurrent_runs"),
    _job("queue off", MASTER, put("queue.enabled", False), "queue"),
    _job("queue removed", BRONZE, drop("queue"), "queue"),
    _job("health rule later", MASTER, put("health.rules.0.value", 99999), HEALTH),
    _job("health rule removed", BRONZE, drop("health"), "health"),
    _job("nobody told of failure", MASTER, put(f"{MAILS}.on_failure", []), f"{MAILS}.on_failure"),
    _job("one more told of failure", BRONZE, lambda b: b[MAILS]["on_failure"].append(EVE), f"{MAILS}.on_failure"),
    _job("notifications removed", SILVER, drop(MAILS), MAILS),
    _job("told of start as well", GOLD, put(f"{MAILS}.on_start", [EVE]), f"{MAILS}.on_start"),
    _job(
        "told of skipped runs",
        MONITORING,
        put(f"{MAILS}.no_alert_for_skipped_runs", False),
        f"{MAILS}.no_alert_for_skipped_runs",
    ),
    _job(
        "cancelled runs not told",
        MONITORING,
        put("notification_settings.no_alert_for_canceled_runs", True),
        "notification_settings",
    ),
    _job("parameter added", MONITORING, put("parameters", [{"name": "day", "default": "today"}]), "parameters"),
    _job("runs as somebody else", MASTER, put("run_as", {"user_name": EVE}), "run_as"),
    _job("locked", MONITORING, put("edit_mode", "UI_LOCKED"), "edit_mode"),
    _job("cheaper serverless", SILVER, put("performance_target", "STANDARD"), "performance_target"),
    _job("deployed by something else", RETRAIN, put("deployment", {"kind": "BUNDLE"}), "deployment"),
    _job("budget policy", RETRAIN, put("budget_policy_id", "1234"), "budget_policy_id"),
    # tasks
    _job("task added", MASTER, new_task, "tasks[extra]"),
    _job("task removed", BRONZE, gone_task("bronze_gate"), "tasks[bronze_gate]"),
    _job("task timeout", SILVER, task("dbt_silver", "timeout_seconds", 5), "tasks[dbt_silver].timeout_seconds"),
    _job("task never retried", GOLD, task("gold_gate", "max_retries", 0), "tasks[gold_gate].max_retries"),
    _job("task retried more", RETRAIN, task("promote", "max_retries", 9), "tasks[promote].max_retries"),
    _job(
        "task retried at once",
        MONITORING,
        task("alerting", "min_retry_interval_millis", 1),
        "tasks[alerting].min_retry_interval_millis",
    ),
    _job(
        "task retried on timeout",
        RECOMMEND,
        task("evaluate", "retry_on_timeout", True),
        "tasks[evaluate].retry_on_timeout",
    ),
    _job(
        "other notebook",
        MAINTENANCE,
        task("vacuum", "notebook_task.notebook_path", f"/Users/{EVE}/vacuum"),
        "tasks[vacuum].notebook_task.notebook_path",
    ),
    _job(
        "parameter of a task changed",
        BRONZE,
        task("ingest_orders", "notebook_task.base_parameters.source", "customers"),
        "tasks[ingest_orders].notebook_task.base_parameters.source",
    ),
    _job(
        "parameter of a task added",
        BRONZE,
        task("ingest_customers", "notebook_task.base_parameters.debug", "1"),
        "tasks[ingest_customers].notebook_task.base_parameters.debug",
    ),
    _job(
        "other dbt command",
        SILVER,
        task("dbt_test", "dbt_task.commands", ["dbt --version"]),
        "tasks[dbt_test].dbt_task.commands",
    ),
    _job(
        "other dbt warehouse",
        GOLD,
        task("dbt_gold", "dbt_task.warehouse_id", "0000"),
        "tasks[dbt_gold].dbt_task.warehouse_id",
    ),
    _job(
        "other dbt project",
        SILVER,
        task("dbt_staging", "dbt_task.project_directory", f"/Workspace/Users/{EVE}/dbt"),
        "tasks[dbt_staging].dbt_task.project_directory",
    ),
    _job("runs whatever came before", GOLD, task("gold_gate", "run_if", "ALL_DONE"), "tasks[gold_gate].run_if"),
    _job("waits for nothing", MASTER, task("gold", "depends_on", []), "tasks[gold].depends_on"),
    _job(
        "waits for one less",
        GOLD,
        task("gold_gate", "depends_on", [{"task_key": "churn_prediction"}]),
        "tasks[gold_gate].depends_on[customer_segmentation]",
    ),
    _job(
        "waits for one more",
        RETRAIN,
        task("promote", "depends_on", [{"task_key": "evaluate"}, {"task_key": "train_churn"}]),
        "tasks[promote].depends_on[train_churn]",
    ),
    _job("runs another job", MASTER, task("gold", "run_job_task.job_id", 1), "tasks[gold].run_job_task.job_id"),
    _job(
        "task mails somebody",
        MAINTENANCE,
        task("analyze", f"{MAILS}.on_success", [EVE]),
        f"tasks[analyze].{MAILS}",
    ),
    _job("task described", MAINTENANCE, task("optimize", "description", "mine"), "tasks[optimize].description"),
    _job("task switched off", MASTER, task("quality_checks", "disabled", True), "tasks[quality_checks].disabled"),
    _job(
        "library on a task",
        RECOMMEND,
        task("recommend", "libraries", [{"pypi": {"package": "evil"}}]),
        "tasks[recommend].libraries",
    ),
    _job(
        "task without serverless care",
        RETRAIN,
        task("evaluate", "disable_auto_optimization", True),
        "tasks[evaluate].disable_auto_optimization",
    ),
    _job(
        "task on a cluster of its own",
        MAINTENANCE,
        task("restore_drill", "existing_cluster_id", "0101-000000-abc"),
        "tasks[restore_drill].existing_cluster_id",
    ),
    # clusters and environments
    _job("more workers", BRONZE, cluster("num_workers", 8), f"{NEW}.num_workers"),
    _job("other Spark", GOLD, cluster("spark_version", "15.4.x-scala2.12"), f"{NEW}.spark_version"),
    _job("other nodes", MASTER, cluster("node_type_id", "Standard_E8ds_v5"), f"{NEW}.node_type_id"),
    _job("variable on a cluster", RETRAIN, cluster("spark_env_vars", {"A": "b"}), f"{NEW}.spark_env_vars"),
    _job(
        "policy taken off",
        MAINTENANCE,
        lambda body: body["job_clusters"][0]["new_cluster"].pop("policy_id"),
        f"{NEW}.policy_id",
    ),
    _job("cluster tag", RECOMMEND, cluster("custom_tags.project", "x"), f"{NEW}.custom_tags.project"),
    _job(
        "cluster added",
        MONITORING,
        lambda body: body["job_clusters"].append({"job_cluster_key": "big", "new_cluster": {"num_workers": 99}}),
        "job_clusters[big]",
    ),
    _job(
        "other dbt version",
        SILVER,
        put("environments.0.spec.dependencies", ["dbt-databricks"]),
        "environments[dbt].spec.dependencies",
    ),
    _job(
        "other environment",
        GOLD,
        put("environments.0.spec.environment_version", "1"),
        "environments[dbt].spec.environment_version",
    ),
    deleted("job: deleted", f"databricks_job.{MAINTENANCE}", "POST", "/api/2.2/jobs/delete", {"job_id": "{id}"}),
)
