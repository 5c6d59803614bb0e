"""Rules for the tasks of jobs: limits, compute, where code and packages come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from infra.policies.plan import UNKNOWN, Resource, blocks
from infra.policies.rule import Faults, Rule, between, expect, given
from infra.policies.words import names_a_secret, personal

_JOB = ("databricks_job",)
_PINNED = re.compile(r"==\s*[\w.!+]+$|@\s*\S+|\.whl$|^/|^-r ")


def tasks(job: Resource) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a job, those of loops as well."""
    for task in job.blocks("task"):
        yield task
        for loop in blocks(task, "for_each_task"):
            yield from blocks(loop, "task")


class TaskTimeout(Rule):
    """A task has a timeout."""

    number = 15
    title = "Tasks have a timeout"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "A task that hangs uses up the whole job's time, and no retry ever comes."
    fix = "Set timeout_seconds of the task."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task in tasks(resource):
            value = task.get("timeout_seconds")
            fault = f"task {task.get('task_key')}: timeout_seconds is {value}"
            yield from expect(value, lambda seconds: bool(seconds and seconds > 0), fault)


class RetriesAreSaid(Rule):
    """A task says how often it retries, with an end."""

    number = 16
    title = "Tasks say how often they retry"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "-1 retries for ever and pays for each; left out, a passing fault of the cloud ends the night's load."
    fix = "Set max_retries between 0 and 5."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task in tasks(resource):
            value = task.get("max_retries")
            yield from expect(value, between(0, 5), f"task {task.get('task_key')}: max_retries is {value}")


class RetriesWait(Rule):
    """A retry waits for what failed to come back."""

    number = 17
    title = "Retries wait a while"
    severity_word = "LOW"
    kinds = _JOB
    reason = "Retries at once meet the same throttled storage and are used up within seconds."
    fix = "Set min_retry_interval_millis to 10000 or more."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task in tasks(resource):
            if task.get("max_retries") in (None, 0):
                continue
            value = task.get("min_retry_interval_millis")
            fault = f"task {task.get('task_key')}: min_retry_interval_millis is {value}"
            yield from expect(value, between(10_000, 3_600_000), fault)


class NoSharedCluster(Rule):
    """Jobs bring their own compute."""

    number = 18
    title = "Jobs run on compute of their own"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "All-purpose compute costs nearly twice as much and shares memory and libraries with whoever is attached."
    fix = "Use job_cluster_key or a serverless environment instead of existing_cluster_id."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if given(resource.get("existing_cluster_id")):
            yield "the job runs on an all-purpose cluster"
        for task in tasks(resource):
            if given(task.get("existing_cluster_id")):
                yield f"task {task.get('task_key')} runs on an all-purpose cluster"


class NoSparkSubmit(Rule):
    """No task is a spark-submit."""

    number = 19
    title = "No spark-submit tasks"
    severity_word = "LOW"
    kinds = _JOB
    reason = "spark_submit_task is deprecated: no Unity Catalog, no shared cluster, no libraries from the plan."
    fix = "Use a notebook, Python wheel or JAR task."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task in tasks(resource):
            if blocks(task, "spark_submit_task"):
                yield f"task {task.get('task_key')} is a spark_submit_task"


class PackagesArePinned(Rule):
    """Every Python or Java package that a job installs has its version."""

    number = 20
    title = "Packages that jobs install are pinned"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "An unpinned package is another one tomorrow: the night it breaks, no commit explains why."
    fix = "Write <package>==<version>, as dbt-databricks in infra/compute.py."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for package in _packages(resource):
            fault = f"package {package} is not pinned"
            yield from expect(package, lambda text: bool(_PINNED.search(str(text).strip())), fault)


def _packages(job: Resource) -> Iterator[Any]:
    for environment in job.blocks("environment"):
        for spec in blocks(environment, "spec"):
            listed = spec.get("dependencies")
            yield from [listed] if listed is UNKNOWN else listed or []
    holders = [job.values, *tasks(job)]
    for holder in holders:
        for library in blocks(holder, "library"):
            yield from (pypi.get("package") for pypi in blocks(library, "pypi"))


class NoPersonalPath(Rule):
    """No job runs code from a person's folder."""

    number = 21
    title = "Jobs run deployed code, not a person's copy"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "What lies below /Users or /Repos changes without review and goes when its owner goes."
    fix = "Point the task into the deployed folder (workspace_root of the environment)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task, path in _paths(resource):
            yield from expect(path, lambda text: not personal(text), f"task {task} runs {path}")


class NoDbfs(Rule):
    """No job reads code from DBFS."""

    number = 22
    title = "No code or library on DBFS"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "Every user of a workspace may write to the DBFS root: code there is anybody's to change."
    fix = "Use workspace files or a Unity Catalog volume."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task, path in _paths(resource):
            yield from expect(path, lambda text: not str(text).startswith(("dbfs:", "/dbfs")), f"task {task}: {path}")


def _paths(job: Resource) -> Iterator[tuple[Any, Any]]:
    """Yield task keys with the paths of code or libraries they use."""
    fields = (
        ("notebook_task", "notebook_path"),
        ("spark_python_task", "python_file"),
        ("dbt_task", "project_directory"),
        ("dbt_task", "profiles_directory"),
    )
    for task in tasks(job):
        for block, field in fields:
            for found in blocks(task, block):
                if given(found.get(field)):
                    yield task.get("task_key"), found[field]
        for library in blocks(task, "library"):
            for kind in ("jar", "whl", "egg", "requirements"):
                if given(library.get(kind)):
                    yield task.get("task_key"), library[kind]


class NoSecretInParameters(Rule):
    """No parameter holds a secret."""

    number = 23
    title = "Parameters hold no secret"
    severity_word = "CRITICAL"
    kinds = _JOB
    reason = "Parameters stand in the plan, in the state, on every run's page and in the audit log."
    fix = "Read the value from a secret scope in the task (dbutils.secrets.get)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task, name, value in _parameters(resource):
            if names_a_secret(name) and given(value) and not str(value).startswith("{{secrets/"):
                yield f"{task}: parameter {name} looks like a secret"


def _parameters(job: Resource) -> Iterator[tuple[str, str, Any]]:
    for parameter in job.blocks("parameter"):
        yield "job", str(parameter.get("name")), parameter.get("default")
    fields = (
        ("notebook_task", "base_parameters"),
        ("python_wheel_task", "named_parameters"),
        ("run_job_task", "job_parameters"),
        ("sql_task", "parameters"),
    )
    for task in tasks(job):
        for block, field in fields:
            for found in blocks(task, block):
                values = found.get(field)
                if isinstance(values, dict):
                    yield from ((f"task {task.get('task_key')}", name, value) for name, value in values.items())


class DbtOnWarehouse(Rule):
    """dbt runs its SQL on a warehouse that the plan names."""

    number = 24
    title = "dbt tasks name their SQL warehouse"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "Without warehouse_id dbt takes host and token from a profile in the project: a secret in a file."
    fix = "Set dbt_task.warehouse_id and remove profiles_directory."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for task in tasks(resource):
            for dbt in blocks(task, "dbt_task"):
                if not given(dbt.get("warehouse_id")):
                    yield f"task {task.get('task_key')}: dbt_task has no warehouse_id"
                if given(dbt.get("profiles_directory")):
                    yield f"task {task.get('task_key')}: dbt_task brings its own profile"


RULES = (
    TaskTimeout(),
    RetriesAreSaid(),
    RetriesWait(),
    NoSharedCluster(),
    NoSparkSubmit(),
    PackagesArePinned(),
    NoPersonalPath(),
    NoDbfs(),
    NoSecretInParameters(),
    DbtOnWarehouse(),
)
