"""Rules for clusters: the interactive ones and those of jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from infra.policies.jobs import missing_tags
from infra.policies.plan import Resource, blocks
from infra.policies.rule import Faults, Rule, between, expect, given
from infra.policies.words import names_a_secret

_CLUSTER = ("databricks_cluster",)
_ANY = ("databricks_cluster", "databricks_job")
_MODES = {
    "USER_ISOLATION",
    "SINGLE_USER",
    "DATA_SECURITY_MODE_STANDARD",
    "DATA_SECURITY_MODE_DEDICATED",
    "DATA_SECURITY_MODE_AUTO",
}
# Runtimes with long-term support, docs.databricks.com/release-notes/runtime, 2026-11.
_LONG_TERM = re.compile(r"(13\.3|14\.3|15\.4|16\.4|17\.3|18)\.x-")
_MOST_WORKERS = 16  # twice production's largest policy: room for a backfill, not for a forgotten zero


def clusters(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the clusters that a resource describes, each with where it stands."""
    if resource.kind == "databricks_cluster":
        yield "the cluster", resource.values
        return
    yield from (("new_cluster", each) for each in resource.blocks("new_cluster"))
    for holder in resource.blocks("job_cluster"):
        yield from ((f"job cluster {holder.get('job_cluster_key')}", each) for each in blocks(holder, "new_cluster"))
    for task in resource.blocks("task"):
        yield from ((f"task {task.get('task_key')}", each) for each in blocks(task, "new_cluster"))


class ClusterPolicy(Rule):
    """A cluster stands under a policy."""

    number = 25
    title = "Clusters stand under a policy"
    severity_word = "HIGH"
    kinds = _ANY
    reason = "Without a policy nothing bounds node type, size and access mode once somebody edits the cluster."
    fix = "Set policy_id to one of the platform's cluster policies."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            if not given(cluster.get("policy_id")):
                yield f"{where} has no policy_id"


class IdleClustersStop(Rule):
    """An interactive cluster stops when idle."""

    number = 26
    title = "Idle clusters stop"
    severity_word = "HIGH"
    kinds = _CLUSTER
    reason = "0 means never: a cluster left on over a weekend costs as much as a week of loads."
    fix = "Set autotermination_minutes between 10 and 120."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        value = resource.get("autotermination_minutes")
        return expect(value, between(10, 120), f"autotermination_minutes is {value}")


class AccessMode(Rule):
    """A cluster enforces who may read which table."""

    number = 27
    title = "Clusters enforce Unity Catalog access"
    severity_word = "CRITICAL"
    kinds = _ANY
    reason = "In mode NONE or LEGACY_* whoever runs code on the cluster reads every table that anybody on it may read."
    fix = "Set data_security_mode = USER_ISOLATION (standard) or SINGLE_USER (dedicated)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            mode = cluster.get("data_security_mode")
            yield from expect(mode, lambda word: word in _MODES, f"{where}: data_security_mode is {mode}")


class LongTermRuntime(Rule):
    """A cluster runs a runtime with long-term support."""

    number = 28
    title = "Clusters run a long-term support runtime"
    severity_word = "MEDIUM"
    kinds = _ANY
    reason = "Other runtimes are patched for six months and then gone, with the job that names them."
    fix = "Set spark_version to an LTS release (infra/environments.py)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            version = cluster.get("spark_version")
            fault = f"{where}: spark_version {version} is no LTS release"
            yield from expect(version, lambda text: bool(_LONG_TERM.match(str(text))), fault)


class ClusterTags(Rule):
    """A cluster says whose it is."""

    number = 29
    title = "Clusters are tagged with environment and project"
    severity_word = "MEDIUM"
    kinds = _ANY
    reason = "The cloud's bill knows clusters by their tags only."
    fix = "Set custom_tags environment and project."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            for fault in missing_tags(cluster.get("custom_tags")):
                yield fault and f"{where}: {fault}"


class NoSecretInSparkSettings(Rule):
    """Spark settings and environment variables hold no secret."""

    number = 30
    title = "Spark settings and environment variables hold no secret"
    severity_word = "CRITICAL"
    kinds = _ANY
    reason = "They stand in the plan and the state, and everybody who may attach to the cluster can read them."
    fix = "Write {{secrets/<scope>/<key>}} in place of the value."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            for field in ("spark_conf", "spark_env_vars"):
                settings = cluster.get(field)
                for name, value in settings.items() if isinstance(settings, dict) else ():
                    if names_a_secret(name):
                        fault = f"{where}: {field} {name} is written out"
                        yield from expect(value, lambda text: str(text).startswith("{{secrets/"), fault)


class InitScripts(Rule):
    """Init scripts come from where only the deployer writes."""

    number = 31
    title = "Init scripts lie in the workspace or a volume"
    severity_word = "HIGH"
    kinds = _ANY
    reason = "An init script runs as root on every node; on DBFS any user of the workspace may change it."
    fix = "Use init_scripts.workspace or init_scripts.volumes, outside /Users."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            for script in blocks(cluster, "init_scripts"):
                for kind in ("dbfs", "file", "s3", "abfss", "gcs"):
                    if blocks(script, kind):
                        yield f"{where}: an init script comes from {kind}"
                for place in blocks(script, "workspace"):
                    path = place.get("destination")
                    yield from expect(path, lambda text: not str(text).startswith("/Users/"), f"{where}: {path}")


class ClusterSize(Rule):
    """A cluster's size is bounded."""

    number = 32
    title = f"Clusters have at most {_MOST_WORKERS} workers"
    severity_word = "MEDIUM"
    kinds = _ANY
    reason = "One zero too many is a bill ten times as high, and is found at the end of the month."
    fix = f"Set num_workers or autoscale.max_workers to at most {_MOST_WORKERS}, or raise the bound with a reason."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            sizes = [each.get("max_workers") for each in blocks(cluster, "autoscale")]
            for size in sizes or [cluster.get("num_workers") or 0]:
                yield from expect(size, between(0, _MOST_WORKERS), f"{where} may have {size} workers")


class NoShellIntoClusters(Rule):
    """Nobody logs in to a cluster."""

    number = 33
    title = "No SSH keys on clusters"
    severity_word = "HIGH"
    kinds = _ANY
    reason = "A shell on a node passes by table permissions and leaves no entry in the audit log."
    fix = "Remove ssh_public_keys."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for where, cluster in clusters(resource):
            if given(cluster.get("ssh_public_keys")):
                yield f"{where} takes SSH keys"


RULES = (
    ClusterPolicy(),
    IdleClustersStop(),
    AccessMode(),
    LongTermRuntime(),
    ClusterTags(),
    NoSecretInSparkSettings(),
    InitScripts(),
    ClusterSize(),
    NoShellIntoClusters(),
)
