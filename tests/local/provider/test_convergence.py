"""Deploys that are hit by busy answers, failures, resets and kills end where an undisturbed one would."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from local.workspace.process import RunningWorkspace, start
from tests.faults import Fault, Hold, storm, through

pytestmark = pytest.mark.slow

SEEDS = range(50)
AT_ONCE = 3  # a deploy mostly waits: for processes to start, and for the workspace to be less busy
MOST_TRIES = 8  # each failed one uses up at least one of three faults of two times, or the kill
REQUESTS = 20  # about so many does one deploy make

TASK = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}


def resources(name: str) -> dict[str, Any]:
    """Return eight resources, most of whose creates are not repeatable, in a chain and beside it."""
    return {
        "databricks_job": {"x": {"name": name, "task": [TASK]}},
        "databricks_permissions": {
            "x": {
                "job_id": "${databricks_job.x.id}",
                "access_control": [{"group_name": "users", "permission_level": "CAN_VIEW"}],
            }
        },
        "databricks_cluster_policy": {"x": {"name": name, "definition": "{}"}},
        "databricks_secret_scope": {"x": {"name": name}},
        "databricks_secret": {
            "x": {"scope": "${databricks_secret_scope.x.name}", "key": "k", "string_value": "${databricks_job.x.id}"}
        },
        "databricks_query": {"x": {"display_name": name, "warehouse_id": "0", "query_text": "select 1"}},
        "databricks_notification_destination": {
            "x": {"display_name": name, "config": {"email": {"addresses": ["a@example.com"]}}}
        },
        "databricks_notebook": {
            "x": {"path": f"/Shared/{name}/n", "language": "PYTHON", "content_base64": "cHJpbnQoMSk="}
        },
    }


@dataclass(frozen=True)
class Outcome:
    """What one seed did and cost."""

    seed: int
    tries: int
    killed: bool
    seconds: float


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
    (folder / "resources.tf.json").write_text(json.dumps({"resource": resources(f"storm-{seed:02}")}))
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
    return Outcome(seed, tries, killed, time.monotonic() - started)


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


def _count(client: WorkspaceClient) -> Counter[tuple[str, str | None]]:
    """Count the objects of the deploys by kind and name."""
    found = [("job", job.settings.name) for job in client.jobs.list() if job.settings]
    found += [("policy", policy.name) for policy in client.cluster_policies.list()]
    found += [("scope", scope.name) for scope in client.secrets.list_scopes()]
    found += [("query", query.display_name) for query in client.queries.list()]
    found += [("destination", item.display_name) for item in client.notification_destinations.list()]
    return Counter((kind, name) for kind, name in found if name and name.startswith("storm-"))


def test_fifty_deploys_through_storms_and_kills_converge_without_a_duplicate(
    terraform: Callable[..., Any], kill: Callable[..., None], tmp_path: Path
) -> None:
    with start(tmp_path / "root", arguments=["--no-driver"]) as workspace:
        outcomes = _storms(workspace, terraform(workspace.host, workspace.token, ""), tmp_path, kill)
        client = WorkspaceClient(host=workspace.host, token=workspace.token, auth_type="pat")
        kinds = ("job", "policy", "scope", "query", "destination")
        assert _count(client) == Counter({(kind, f"storm-{seed:02}"): 1 for kind in kinds for seed in SEEDS})
    # Storms that harm nobody would prove nothing.
    assert sum(outcome.killed for outcome in outcomes) >= 20
    assert sum(outcome.tries > 1 for outcome in outcomes) >= 30
