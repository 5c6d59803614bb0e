"""JobSpec to databricks_job. What every job and task must have is said here, once."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cdktf import Token
from cdktf_cdktf_provider_databricks.job import (
    Job,
    JobEmailNotifications,
    JobEnvironment,
    JobEnvironmentSpec,
    JobHealth,
    JobHealthRules,
    JobJobCluster,
    JobJobClusterNewCluster,
    JobParameter,
    JobQueue,
    JobRunAs,
    JobSchedule,
    JobTask,
    JobTaskDbtTask,
    JobTaskDependsOn,
    JobTaskNotebookTask,
    JobTaskRunJobTask,
)
from constructs import Construct

from infra.compute import DATA_SECURITY_MODE, DBT_REQUIREMENT, SERVERLESS_ENVIRONMENT_VERSION, ClusterSpec
from infra.environments import Environment
from infra.jobs.spec import RETRY_INTERVAL_SECONDS, DbtTask, JobSpec, NotebookTask, RunJobTask
from infra.render.naming import construct_id, named

_DBT_ENVIRONMENT = "dbt"


@dataclass(frozen=True)
class JobSurroundings:
    """What tasks refer to: the cluster they share, ids of deployed things, the numbers dbt is told."""

    cluster: ClusterSpec
    policy_id: str
    warehouse_id: str
    job_ids: Mapping[str, str]
    dbt_variables: Mapping[str, int | float]


def render_job(scope: Construct, spec: JobSpec, env: Environment, around: JobSurroundings) -> Job:
    """Declare one job; the jobs it runs must have been rendered before."""
    by_clock = env.schedules_on and env.orchestration in spec.by_clock
    job = Job(
        scope,
        construct_id("job", spec.key),
        name=env.display_name(spec.key),
        description=spec.description,
        # A plan holds tags and no spec: infra/policies/jobs.py reads there that a parent and a clock may both start it.
        tags={**env.tags, "layer": spec.layer, **({"beside_clock": "true"} if spec.beside_clock else {})},
        schedule=JobSchedule(
            quartz_cron_expression=spec.schedule.quartz,
            timezone_id=spec.schedule.zone,
            pause_status="UNPAUSED" if by_clock else "PAUSED",
        ),
        run_as=JobRunAs(service_principal_name=env.run_as) if env.run_as else None,
        queue=JobQueue(enabled=spec.queues),
        max_concurrent_runs=spec.max_concurrent_runs,
        timeout_seconds=spec.timeout_seconds,
        health=JobHealth(
            rules=[JobHealthRules(metric="RUN_DURATION_SECONDS", op="GREATER_THAN", value=spec.expected_seconds)]
        ),
        email_notifications=JobEmailNotifications(
            on_failure=list(env.recipients.data_team),
            on_duration_warning_threshold_exceeded=list(env.recipients.data_team),
            no_alert_for_skipped_runs=True,
        ),
        job_cluster=_job_clusters(spec, around),
        environment=_environments(spec),
        parameter=[JobParameter(name=name, default=value) for name, value in sorted(spec.parameters.items())] or None,
        # The provider returns both lists sorted; in another order every plan would show a change.
        task=[_task(task, spec, env, around) for task in sorted(spec.tasks, key=lambda task: task.key)],
    )
    return named(job, spec.key)


def _job_clusters(spec: JobSpec, around: JobSurroundings) -> list[JobJobCluster] | None:
    if not any(isinstance(task, NotebookTask) for task in spec.tasks):
        return None
    cluster = around.cluster
    return [
        JobJobCluster(
            job_cluster_key=cluster.key,
            new_cluster=JobJobClusterNewCluster(
                spark_version=cluster.spark_version,
                node_type_id=cluster.node_type,
                num_workers=cluster.workers,
                data_security_mode=DATA_SECURITY_MODE,
                policy_id=around.policy_id,
                custom_tags=dict(cluster.tags),
            ),
        )
    ]


def _environments(spec: JobSpec) -> list[JobEnvironment] | None:
    """dbt itself only sends SQL: it needs a Python process for minutes, not a cluster."""
    if not any(isinstance(task, DbtTask) for task in spec.tasks):
        return None
    return [
        JobEnvironment(
            environment_key=_DBT_ENVIRONMENT,
            spec=JobEnvironmentSpec(environment_version=SERVERLESS_ENVIRONMENT_VERSION, dependencies=[DBT_REQUIREMENT]),
        )
    ]


def _task(
    task: NotebookTask | DbtTask | RunJobTask, spec: JobSpec, env: Environment, around: JobSurroundings
) -> JobTask:
    notebook, dbt, run_job = None, None, None
    match task:
        case NotebookTask():
            notebook = _notebook_task(task, env)
        case DbtTask():
            dbt = _dbt_task(task, spec, env, around)
        case RunJobTask():
            run_job = JobTaskRunJobTask(
                job_id=Token.as_number(around.job_ids[task.job]), job_parameters=_references(task.passes) or None
            )
    return JobTask(
        task_key=task.key,
        depends_on=[JobTaskDependsOn(task_key=key) for key in sorted(task.depends_on)] or None,
        timeout_seconds=task.timeout_seconds,
        max_retries=task.max_retries,
        min_retry_interval_millis=RETRY_INTERVAL_SECONDS * 1000,
        retry_on_timeout=False,  # what hit its timeout once hits it again, after as long a wait
        job_cluster_key=around.cluster.key if notebook else None,
        environment_key=_DBT_ENVIRONMENT if dbt else None,
        notebook_task=notebook,
        dbt_task=dbt,
        run_job_task=run_job,
    )


def _notebook_task(task: NotebookTask, env: Environment) -> JobTaskNotebookTask:
    return JobTaskNotebookTask(
        notebook_path=f"{env.workspace_root}/notebooks/{task.notebook}",
        base_parameters={
            "catalog": env.catalog,
            "code_root": f"/Workspace{env.workspace_root}",
            **(_mail_parameters(env) if task.mails else {}),
            **task.parameters,
        },
    )


def _mail_parameters(env: Environment) -> dict[str, str]:
    people, server = env.recipients, env.mail
    return {
        "environment": env.name,
        "smtp_host": server.host if server else "",
        "smtp_port": str(server.port) if server else "",
        "mail_sender": server.sender if server else "",
        "data_team": ",".join(people.data_team),
        "business_team": ",".join(people.business_team),
        "on_call": ",".join(people.on_call),
        # Where SQL alerts run they tell first, and the digest reminds.
        "told_by_alerts": "true" if env.schedules_on else "false",
    }


def _references(parameters: Iterable[str]) -> dict[str, str]:
    """Refer to parameters of the run: the workspace puts in the values when a task starts."""
    return {name: f"{{{{job.parameters.{name}}}}}" for name in parameters}


def _dbt_task(task: DbtTask, spec: JobSpec, env: Environment, around: JobSurroundings) -> JobTaskDbtTask:
    variables = shlex.quote(json.dumps({**around.dbt_variables, **_references(spec.parameters)}, sort_keys=True))
    return JobTaskDbtTask(
        commands=[f"{command} --vars {variables}" for command in task.commands],
        project_directory=f"/Workspace{env.workspace_root}/dbt",
        source="WORKSPACE",
        warehouse_id=around.warehouse_id,
        catalog=env.catalog,
        schema="default",
    )
