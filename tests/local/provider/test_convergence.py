"""Deploys that are hit by busy answers, failures, resets and kills end where an undisturbed one would."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from local.workspace.process import RunningWorkspace, start
from tests.faults import Fault, Hold, storm, through
from tests.local.provider.every_type import CASES

pytestmark = pytest.mark.slow

SEEDS = range(50)
AT_ONCE = 3  # a deploy mostly waits: for processes to start, and for the workspace to be less busy
MOST_TRIES = 8  # each failed one uses up at least one of three faults of two times, or the kill
REQUESTS = 20  # about so many does one deploy make

CHOSEN = 4  # types that a deploy draws, beside those that these refer to
REFERENCE = re.compile(r"\$\{(databricks_\w+)\.x\.")
# Folders are made by the API where they are missing; two deploys do not share one.
KINDS = sorted(name for name in CASES if name != "databricks_directory")


def resources(dice: random.Random, name: str) -> dict[str, Any]:
    """Return one resource of each of a few types drawn from all, and of those that they refer to."""
    waiting, chosen = dice.sample(KINDS, CHOSEN), dict[str, Any]()
    while waiting:
        kind = waiting.pop()
        if kind not in chosen:
            text = json.dumps(CASES[kind].arguments)
            chosen[kind] = {"x": json.loads(text.replace("every", name))}
            waiting += REFERENCE.findall(text)
    return chosen


@dataclass(frozen=True)
class Outcome:
    """What one seed did and cost."""

    seed: int
    tries: int
    killed: bool
    seconds: float
    deployed: set[tuple[str, str]]  # type and id of every object in its state


def _deploy(stack: Any, kill: Callable[..., None], hold: Hold, *, provider_too: bool) -> bool:
    """Try one apply, killed where it is held for the first time; return whether it went through."""
    process: subprocess.Popen[str] = stack.start("apply", "-auto-approve", "-input=false")
    while not hold.go_on.is_set() and process.poll() is None:
        if hold.arrived.acquire(timeout=0.02):
            kill(process, terraform_only=not provider_too)
            hold.go_on.set()
            return False
    process.communicate(timeout=120)
    return process.returncode == 0


def _converge(
    seed: int, workspace: RunningWorkspace, template: Any, folder: Path, kill: Callable[..., None]
) -> Outcome:
    started = time.monotonic()
    dice = random.Random(seed)
    shutil.copytree(template.folder, folder, symlinks=True)
    (folder / "resources.tf.json").write_text(json.dumps({"resource": resources(dice, f"storm_{seed:02}")}))
    with through(workspace.host) as proxy:
        stack = replace(template, folder=folder, environment={**template.environment, "TF_VAR_host": proxy.host})
        hold, provider_too = Hold(), dice.random() < 0.5
        if dice.random() < 0.6:
            method = dice.choice(["POST|PUT", ".*"])
            proxy.inject(Fault(hold, method, skip=dice.randrange(8), after=dice.random() < 0.7))
        proxy.inject(*storm(seed, requests=REQUESTS))
        tries = 1
        while not _deploy(stack, kill, hold, provider_too=provider_too):
            tries += 1
            assert tries <= MOST_TRIES, f"seed {seed} does not converge"
        killed = hold.go_on.is_set()
        proxy.heal()
        stack.plan(expect=0)
        ids = {(address.partition(".")[0], str(values["id"])) for address, values in stack.resources().items()}
    return Outcome(seed, tries, killed, time.monotonic() - started, ids)


def _storms(workspace: RunningWorkspace, template: Any, tmp_path: Path, kill: Callable[..., None]) -> list[Outcome]:
    """Let every seed rage, a few at once, and print what each cost."""
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [
            pool.submit(_converge, seed, workspace, template, tmp_path / f"storm {seed}", kill) for seed in SEEDS
        ]
        outcomes = [future.result() for future in futures]
    for outcome in outcomes:
        print(f"seed {outcome.seed:2}: {outcome.tries} tries, killed {outcome.killed!s:5}, {outcome.seconds:4.1f} s")
    print(f"{len(outcomes)} deploys in {time.monotonic() - started:.0f} s")
    return outcomes


def _held(client: WorkspaceClient) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield type, id and name of what the workspace holds of every type that it lets two objects of one name be."""
    yield from (("databricks_job", str(it.job_id), it.settings and it.settings.name) for it in client.jobs.list())
    yield from (("databricks_cluster", it.cluster_id, it.cluster_name) for it in client.clusters.list())
    yield from (("databricks_cluster_policy", it.policy_id, it.name) for it in client.cluster_policies.list())
    yield from (
        ("databricks_instance_pool", it.instance_pool_id, it.instance_pool_name) for it in client.instance_pools.list()
    )
    yield from (("databricks_sql_endpoint", it.id, it.name) for it in client.warehouses.list())
    yield from (("databricks_query", it.id, it.display_name) for it in client.queries.list())
    yield from (("databricks_alert", it.id, it.display_name) for it in client.alerts.list())
    yield from (("databricks_alert_v2", it.id, it.display_name) for it in client.alerts_v2.list_alerts())
    yield from (("databricks_dashboard", it.dashboard_id, it.display_name) for it in client.lakeview.list())
    yield from (
        ("databricks_notification_destination", it.id, it.display_name)
        for it in client.notification_destinations.list()
    )
    yield from (
        ("databricks_mlflow_experiment", it.experiment_id, (it.name or "").rpartition("/")[2])
        for it in client.experiments.list_experiments()
    )


def test_fifty_deploys_through_storms_and_kills_converge_without_a_duplicate(
    terraform: Callable[..., Any], kill: Callable[..., None], tmp_path: Path
) -> None:
    with start(tmp_path / "root", arguments=["--no-driver"]) as workspace:
        outcomes = _storms(workspace, terraform(workspace.host, workspace.token, ""), tmp_path, kill)
        client = WorkspaceClient(host=workspace.host, token=workspace.token, auth_type="pat")
        found = [(kind, identity) for kind, identity, name in _held(client) if name and name.startswith("storm_")]
    deployed = set.union(*(outcome.deployed for outcome in outcomes))
    kinds = {kind for kind, _ in found}
    assert sorted(found) == sorted((kind, identity) for kind, identity in deployed if kind in kinds)
    # Storms that harm nobody, or that leave a type out, would prove nothing.
    assert {kind for kind, _ in deployed if kind.startswith("databricks_")} >= set(KINDS)
    assert sum(outcome.killed for outcome in outcomes) >= 20
    assert sum(outcome.tries > 1 for outcome in outcomes) >= 30
