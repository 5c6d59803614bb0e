"""Deploys hit by busy answers, failures, resets and kills of either side end where an undisturbed one would."""

from __future__ import annotations

import contextlib
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
LONELY = range(7, 50, 10)  # these kill not Terraform but the workspace, and so have one of their own
AT_ONCE = 3  # a deploy mostly waits: for processes to start, and for the workspace to be less busy
MOST_TRIES = 8  # each failed one uses up at least one of three faults of two times, or the kill
NO_DRIVER = ("--no-driver",)
STRIKE_WITHIN = 0.02  # seconds; about so long does a request take
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
    killed: str  # Terraform, the workspace, or nothing
    seconds: float
    deployed: set[tuple[str, str]]  # type and id of every object in its state
    held: list[tuple[str, str | None]]  # type and id of what its workspace has; empty when that is shared


@dataclass(frozen=True)
class Shared:
    """The workspace that most storms share; they kill Terraform."""

    running: RunningWorkspace
    kill: Callable[..., None]
    prey = "Terraform"
    likely = 0.6

    def strike(self, process: subprocess.Popen[str], hold: Hold, luck: float) -> None:
        """Kill, then let go what was held."""
        self.kill(process, terraform_only=luck >= 0.5)
        hold.go_on.set()

    def come_back(self) -> None:
        """It was never away."""


class Own:
    """A workspace that one storm has for itself, and kills; it comes back with its root under its address."""

    prey = "workspace"
    likely = 1.0

    def __init__(self, root: Path) -> None:
        self.running = start(root, arguments=NO_DRIVER)
        self._is_up = True

    def strike(self, _: subprocess.Popen[str], hold: Hold, luck: float) -> None:
        """Let go what was held, then kill: while that is worked on, or just after."""
        hold.go_on.set()
        time.sleep(luck * STRIKE_WITHIN)
        self.running.process.kill()
        self.running.stop()  # closes what is left of it
        self._is_up = False
        if luck < 0.5:  # before Terraform has given up
            self.come_back()

    def come_back(self) -> None:
        """Start it again if it was killed."""
        if not self._is_up:
            port = int(self.running.host.rpartition(":")[2])
            self.running, self._is_up = start(self.running.root, port, NO_DRIVER), True


def _deploy(stack: Any, workspace: Shared | Own, hold: Hold, luck: float) -> bool:
    """Try one apply, struck where it is held for the first time; return whether it went through."""
    process: subprocess.Popen[str] = stack.start("apply", "-auto-approve", "-input=false")
    while not hold.go_on.is_set() and process.poll() is None:
        if hold.arrived.acquire(timeout=0.02):
            workspace.strike(process, hold, luck)
    if process.stdout is not None and not process.stdout.closed:
        process.communicate(timeout=120)
    workspace.come_back()
    _mend_state(stack.folder / "terraform.tfstate")
    return process.returncode == 0


def _mend_state(state: Path) -> None:
    """Do what Terraform's users do when it was killed in the moment between emptying its state file and filling it.

    It takes an empty file for no state at all, and would make everything a second time; the backup beside it is of
    before the run. What the run itself made, the provider has noted.
    """
    backup = state.with_name(f"{state.name}.backup")
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        json.loads(state.read_text())
        return
    if backup.exists():
        shutil.copyfile(backup, state)
    else:
        state.unlink(missing_ok=True)


def _converge(seed: int, workspace: Shared | Own, template: Any, folder: Path) -> Outcome:
    started = time.monotonic()
    dice = random.Random(seed)
    shutil.copytree(template.folder, folder, symlinks=True)
    (folder / "resources.tf.json").write_text(json.dumps({"resource": resources(dice, f"storm_{seed:02}")}))
    with through(workspace.running.host) as proxy:
        settings = {"TF_VAR_host": proxy.host, "TF_VAR_token": workspace.running.token}
        stack = replace(template, folder=folder, environment={**template.environment, **settings})
        hold, luck = Hold(), dice.random()
        if dice.random() < workspace.likely:
            method = dice.choice(["POST|PUT", ".*"])
            proxy.inject(Fault(hold, method, skip=dice.randrange(8), after=dice.random() < 0.7))
        proxy.inject(*storm(seed, requests=REQUESTS))
        tries = 1
        while not _deploy(stack, workspace, hold, luck):
            tries += 1
            assert tries <= MOST_TRIES, f"seed {seed} does not converge"
        killed = workspace.prey if hold.go_on.is_set() else ""
        proxy.heal()
        stack.plan(expect=0)
        ids = {(address.partition(".")[0], str(values["id"])) for address, values in stack.resources().items()}
    return Outcome(seed, tries, killed, time.monotonic() - started, ids, [])


def _alone(seed: int, template: Any, folder: Path) -> Outcome:
    """Let a seed rage against a workspace of its own."""
    workspace = Own(folder.with_name(f"workspace {seed}"))
    try:
        return replace(_converge(seed, workspace, template, folder), held=_held(workspace.running))
    finally:
        workspace.running.stop()


def _storms(shared: Shared, template: Any, tmp_path: Path) -> list[Outcome]:
    """Let every seed rage, a few at once, and print what each cost."""
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [
            pool.submit(_alone, seed, template, tmp_path / f"storm {seed}")
            if seed in LONELY
            else pool.submit(_converge, seed, shared, template, tmp_path / f"storm {seed}")
            for seed in SEEDS
        ]
        outcomes = [future.result() for future in futures]
    for outcome in outcomes:
        print(
            f"seed {outcome.seed:2}: {outcome.tries} tries, {outcome.seconds:4.1f} s, killed: {outcome.killed or '-'}"
        )
    print(f"{len(outcomes)} deploys in {time.monotonic() - started:.0f} s")
    return outcomes


def _held(workspace: RunningWorkspace) -> list[tuple[str, str | None]]:
    """Return type and id of what the storms left in a workspace, of every type that lets two objects have one name."""
    client = WorkspaceClient(host=workspace.host, token=workspace.token, auth_type="pat")
    return [(kind, identity) for kind, identity, name in _named(client) if name and name.startswith("storm_")]


def _named(client: WorkspaceClient) -> Iterator[tuple[str, str | None, str | None]]:
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
    with start(tmp_path / "root", arguments=NO_DRIVER) as workspace:
        template = terraform(workspace.host, workspace.token, "")
        outcomes = _storms(Shared(workspace, kill), template, tmp_path)
        found = [*_held(workspace), *(one for outcome in outcomes for one in outcome.held)]
    # With repetitions: each workspace counts its ids anew.
    deployed = [one for outcome in outcomes for one in outcome.deployed]
    kinds = {kind for kind, _ in found}
    assert sorted(found) == sorted((kind, identity) for kind, identity in deployed if kind in kinds)
    # Storms that harm nobody, or that leave a type out, would prove nothing.
    assert {kind for kind, _ in deployed if kind.startswith("databricks_")} >= set(KINDS)
    assert sum(outcome.killed == "Terraform" for outcome in outcomes) >= 20
    assert sum(outcome.killed == "workspace" for outcome in outcomes) == len(LONELY)
    assert sum(outcome.tries > 1 for outcome in outcomes) >= 30
