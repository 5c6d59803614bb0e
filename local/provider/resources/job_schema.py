"""The schema of databricks_job: what a task can be, and what surrounds tasks."""

from __future__ import annotations

from local.provider.resources.cluster_schema import LIBRARY, new_cluster
from local.provider.schema import Block, Nested, block, many, one, timeouts

_EMAILS = one(
    "no_alert_for_skipped_runs:bool on_duration_warning_threshold_exceeded:list on_failure:list on_start:list "
    "on_streaming_backlog_exceeded:list on_success:list"
)
_WEBHOOK = many("id!")
_WEBHOOKS = one(
    on_duration_warning_threshold_exceeded=_WEBHOOK,
    on_failure=_WEBHOOK,
    on_start=_WEBHOOK,
    on_streaming_backlog_exceeded=_WEBHOOK,
    on_success=_WEBHOOK,
)
_HEALTH = one(rules=many("metric! op! value:number!", least=1))
_SUBSCRIPTIONS = many("destination_id user_name")
_DBT = one("catalog commands:list! profiles_directory project_directory schema~ source warehouse_id")
_NOTEBOOK = one("base_parameters:map notebook_path! source warehouse_id")
_WHEEL = one("entry_point named_parameters:map package_name parameters:list")
_SPARK_PYTHON = one("parameters:list python_file! source")
_SQL = one(
    "parameters:map warehouse_id!",
    alert=one("alert_id! pause_subscriptions:bool", subscriptions=_SUBSCRIPTIONS),
    dashboard=one("custom_subject dashboard_id! pause_subscriptions:bool", subscriptions=_SUBSCRIPTIONS),
    file=one("path! source"),
    query=one("query_id!"),
)

_TASK_WORDS = """
    description disable_auto_optimization:bool disabled:bool environment_key existing_cluster_id job_cluster_key
    max_retries:number min_retry_interval_millis:number retry_on_timeout:bool run_if task_key! timeout_seconds:number
"""


def _task_kinds() -> dict[str, Nested]:
    """Return what a task can run; exactly one of them is set."""
    return {
        "clean_rooms_notebook_task": one("clean_room_name! etag notebook_base_parameters:map notebook_name!"),
        "condition_task": one("left! op! right!"),
        "dashboard_task": one(
            "dashboard_id warehouse_id",
            subscription=one("custom_subject paused:bool", subscribers=_SUBSCRIPTIONS),
        ),
        "dbt_cloud_task": one("connection_resource_name dbt_cloud_job_id:number"),
        "dbt_platform_task": one("connection_resource_name dbt_platform_job_id"),
        "dbt_task": _DBT,
        "gen_ai_compute_task": one(
            "command dl_runtime_image! mlflow_experiment_name source training_script_path yaml_parameters "
            "yaml_parameters_file_path",
            compute=one("gpu_node_pool_id gpu_type num_gpus:number!"),
        ),
        "notebook_task": _NOTEBOOK,
        "pipeline_task": one("full_refresh:bool pipeline_id!"),
        "power_bi_task": one(
            "connection_resource_name refresh_after_update:bool warehouse_id",
            power_bi_model=one("authentication_method model_name overwrite_existing:bool storage_mode workspace_name"),
            tables=many("catalog name schema storage_mode"),
        ),
        "python_wheel_task": _WHEEL,
        "run_job_task": one(
            "dbt_commands:list jar_params:list job_id:number! job_parameters:map notebook_params:map "
            "python_named_params:map python_params:list spark_submit_params:list sql_params:map",
            pipeline_params=one("full_refresh:bool"),
        ),
        "spark_jar_task": one("jar_uri main_class_name parameters:list run_as_repl:bool"),
        "spark_python_task": _SPARK_PYTHON,
        "spark_submit_task": one("parameters:list"),
        "sql_task": _SQL,
    }


def _task_parts(*, nested: bool) -> dict[str, Nested]:
    return {
        **_task_kinds(),
        "depends_on": many("outcome task_key!"),
        "email_notifications": _EMAILS,
        "health": _HEALTH,
        "library": LIBRARY,
        "new_cluster": new_cluster(allow_list=not nested),
        "notification_settings": one(
            "alert_on_last_attempt:bool no_alert_for_canceled_runs:bool no_alert_for_skipped_runs:bool"
        ),
        "webhook_notifications": _WEBHOOKS,
    }


def _trigger() -> Nested:
    waits = "min_time_between_triggers_seconds:number wait_after_last_change_seconds:number"
    return one(
        "pause_status~",
        file_arrival=one(f"url! {waits}"),
        model=one(f"aliases:list condition! securable_name {waits}"),
        periodic=one("interval:number! unit!"),
        table_update=one(f"condition table_names:list! {waits}"),
    )


# A job that is itself one task: the format before tasks. The schema knows it so that the refusal can be a clear one.
LEGACY = (
    "always_running",
    "control_run_state",
    "dbt_task",
    "existing_cluster_id",
    "library",
    "max_retries",
    "min_retry_interval_millis",
    "new_cluster",
    "notebook_task",
    "pipeline_task",
    "python_wheel_task",
    "retry_on_timeout",
    "run_job_task",
    "spark_jar_task",
    "spark_python_task",
    "spark_submit_task",
)


def _legacy_parts() -> dict[str, Nested]:
    return {
        "dbt_task": one("catalog commands:list! profiles_directory project_directory schema source warehouse_id"),
        "library": LIBRARY,
        "new_cluster": new_cluster(),
        "notebook_task": _NOTEBOOK,
        "pipeline_task": one("full_refresh:bool pipeline_id!"),
        "python_wheel_task": _WHEEL,
        "run_job_task": one("job_id:number! job_parameters:map"),
        "spark_jar_task": one("jar_uri main_class_name parameters:list"),
        "spark_python_task": _SPARK_PYTHON,
        "spark_submit_task": one("parameters:list"),
    }


def job_schema() -> Block:
    """Return the schema of databricks_job."""
    task_parts = _task_parts(nested=False)
    task_parts["for_each_task"] = one(
        "concurrency:number inputs!",
        task=one(_TASK_WORDS, required=True, **_task_parts(nested=True)),
    )
    return block(
        """
        always_running:bool budget_policy_id control_run_state:bool description edit_mode existing_cluster_id format~
        id~ max_concurrent_runs:number~ max_retries:number min_retry_interval_millis:number name~ performance_target
        retry_on_timeout:bool tags:map timeout_seconds:number url= usage_policy_id
        """,
        continuous=one("pause_status~ task_retry_mode"),
        deployment=one("kind! metadata_file_path"),
        email_notifications=_EMAILS,
        environment=many(
            "environment_key!",
            spec=one("client dependencies:list environment_version java_dependencies:list"),
        ),
        git_source=one(
            "branch commit provider tag url!",
            git_snapshot=one("used_commit"),
            job_source=one("dirty_state import_from_git_branch! job_config_path!"),
        ),
        health=_HEALTH,
        job_cluster=many("job_cluster_key!", new_cluster=new_cluster(required=True, allow_list=True)),
        notification_settings=one("no_alert_for_canceled_runs:bool no_alert_for_skipped_runs:bool"),
        parameter=many("default! name!"),
        provider_config=one("workspace_id!"),
        queue=one("enabled:bool!"),
        run_as=one("service_principal_name user_name"),
        schedule=one("pause_status~ quartz_cron_expression! timezone_id!"),
        task=many(_TASK_WORDS, least=0, most=0, **task_parts),
        timeouts=timeouts("create update"),
        trigger=_trigger(),
        webhook_notifications=_WEBHOOKS,
        **_legacy_parts(),
    )
