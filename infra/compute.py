"""The compute we pay for, as specs: the reason stands beside each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.environments import Environment, WarehouseSize

# Standard access mode for every cluster. Dedicated mode wants a user name that the API fills in by itself, which
# Terraform would then try to take out again in every plan.
DATA_SECURITY_MODE = "USER_ISOLATION"

DBT_REQUIREMENT = "dbt-databricks==1.12.7"  # the version the models are tested with
SERVERLESS_ENVIRONMENT_VERSION = "4"


@dataclass(frozen=True, kw_only=True)
class ClusterPolicySpec:
    """What clusters of one type may be; `rules` maps an attribute to a policy element."""

    key: str
    title: str
    description: str
    rules: Mapping[str, Mapping[str, str | int | bool | list[str]]]


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """One cluster: a job's own, or the shared one when it has an idle limit."""

    key: str
    title: str
    spark_version: str
    node_type: str
    workers: int
    policy: str
    tags: Mapping[str, str]
    idle_minutes: int | None = None


@dataclass(frozen=True, kw_only=True)
class WarehouseSpec:
    """The SQL warehouse behind dbt, alerts and dashboards."""

    key: str
    title: str
    size: WarehouseSize
    max_clusters: int
    idle_minutes: int
    tags: Mapping[str, str]


def cluster_policies(env: Environment) -> tuple[ClusterPolicySpec, ...]:
    """Policies: job clusters and people's clusters differ in what may idle."""
    common: dict[str, dict[str, str | int | bool | list[str]]] = {
        "spark_version": {"type": "fixed", "value": env.spark_version},
        "node_type_id": {"type": "allowlist", "values": [env.node_type], "defaultValue": env.node_type},
        "data_security_mode": {"type": "fixed", "value": DATA_SECURITY_MODE},
        # Twice the size of today's clusters: room for a backfill, not for a forgotten zero.
        "num_workers": {"type": "range", "minValue": 1, "maxValue": 2 * env.workers},
        **{f"custom_tags.{name}": {"type": "fixed", "value": value} for name, value in env.tags.items()},
    }
    return (
        ClusterPolicySpec(
            key="jobs",
            title="ecommerce jobs",
            description="Clusters that live as long as one job run.",
            rules={**common, "cluster_type": {"type": "fixed", "value": "job"}},
        ),
        ClusterPolicySpec(
            key="interactive",
            title="ecommerce interactive",
            description="Clusters that people attach notebooks to.",
            rules={
                **common,
                "cluster_type": {"type": "fixed", "value": "all-purpose"},
                # An hour is a long lunch; below ten minutes the cluster restarts more than it computes.
                "autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 60, "defaultValue": 30},
            },
        ),
    )


def job_cluster(env: Environment) -> ClusterSpec:
    """The cluster every notebook task of a run shares: started once per run, gone with it."""
    return ClusterSpec(
        key="main",
        title="main",
        spark_version=env.spark_version,
        node_type=env.node_type,
        workers=env.workers,
        policy="jobs",
        tags=env.tags,
    )


def interactive_cluster(env: Environment) -> ClusterSpec:
    """The cluster for looking into things by hand; one worker is enough to read what a job wrote."""
    return ClusterSpec(
        key="interactive",
        title="ecommerce interactive",
        spark_version=env.spark_version,
        node_type=env.node_type,
        workers=1,
        policy="interactive",
        tags=env.tags,
        idle_minutes=30,
    )


def warehouse(env: Environment) -> WarehouseSpec:
    """The SQL warehouse: serverless, so that ten idle minutes are the most we pay for nothing."""
    return WarehouseSpec(
        key="analytics",
        title="ecommerce analytics",
        size=env.warehouse_size,
        max_clusters=2,  # dbt builds and people's dashboards may queue behind each other, not behind a third
        idle_minutes=10,
        tags=env.tags,
    )
