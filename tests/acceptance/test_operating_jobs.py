"""What operators do to a deployed platform: take objects into the state, put secrets, pause — and the plan says so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.environments import LOCAL
from scripts import toolchain
from scripts.imports import matching
from scripts.jobs import pauses
from scripts.jobs.pauses import Pause

pytestmark = pytest.mark.slow

CANARY = "canary-41d8c0e7-do-not-tell"
TYPES = tuple(resource for resource, _ in matching.KINDS.values())


@pytest.fixture(scope="module")
def deployer(serve: Callable[..., Any]) -> Iterator[Any]:
    deployed = serve("operating", "--no-driver")
    deployed.cdktf("deploy", "local", "--auto-approve")
    return deployed


def ecom(deployer: Any, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts", *arguments],
        cwd=toolchain.ROOT,
        env={**deployer.env, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_exists_is_taken_into_the_state_and_nothing_changes(deployer: Any) -> None:
    known = deployer.terraform("local", "state", "list").stdout.split()
    dropped = [address for address in known if address.startswith(tuple(f"{kind}." for kind in TYPES))]
    assert {address.partition(".")[0] for address in dropped} == set(TYPES)
    assert deployer.terraform("local", "state", "rm", *dropped).returncode == 0
    assert "to add" in deployer.plan("local").stdout

    command = ("import", "--output", str(deployer.output))
    one = ecom(deployer, *command, "job:master_pipeline", "--dry-run", "--json")
    assert one.returncode == 0, one.stderr
    assert [block["to"] for block in json.loads(one.stdout)["import"]] == ["databricks_job.master_pipeline"]
    every = ecom(deployer, *command, "--json")
    assert every.returncode == 0, every.stderr
    assert sorted(block["to"] for block in json.loads(every.stdout)["import"]) == sorted(dropped)

    planned = deployer.plan("local")
    assert f"Plan: {len(dropped)} to import, 0 to add, 0 to change, 0 to destroy." in planned.stdout
    assert deployer.terraform("local", "apply", "-auto-approve", "-input=false").returncode == 0
    (deployer.output / "stacks" / "local" / "imports.tf.json").unlink()
    assert deployer.plan("local").returncode == 0
    again = ecom(deployer, *command)
    assert "nothing to import" in again.stdout


def test_names_that_are_not_one_object_are_refused(deployer: Any) -> None:
    client = deployer.client()
    command = ("import", "--output", str(deployer.output))
    unknown = ecom(deployer, *command, "job:no_such")
    assert (unknown.returncode, "'job:no_such' is not declared" in unknown.stderr) == (1, True)
    assert deployer.terraform("local", "state", "rm", "databricks_job.table_maintenance").returncode == 0
    name = LOCAL.display_name("table_maintenance")
    first = next(iter(client.jobs.list(name=name))).job_id
    twin = client.jobs.create(name=name).job_id
    refused = ecom(deployer, *command)
    assert refused.returncode == 1
    assert str(first) in refused.stderr
    assert str(twin) in refused.stderr
    client.jobs.delete(twin)
    assert ecom(deployer, *command).returncode == 0
    assert deployer.terraform("local", "apply", "-auto-approve", "-input=false").returncode == 0
    (deployer.output / "stacks" / "local" / "imports.tf.json").unlink()


def test_a_secret_and_a_pause_leave_the_plan_empty_and_the_value_nowhere(deployer: Any) -> None:
    before = ecom(deployer, "secrets", "check", "--json")
    assert [each["about"] for each in json.loads(before.stdout)["findings"]] == ["email/password"]
    assert before.returncode == 2
    synced = ecom(deployer, "secrets", "sync", ECOM_SECRET_EMAIL_PASSWORD=CANARY)
    assert synced.returncode == 0, synced.stderr
    after = ecom(deployer, "secrets", "check")
    assert after.returncode == 0, after.stdout

    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    paused = Pause("master_pipeline", 1, "a test", "dev@example.com", until, until)
    pauses.record(deployer.client(), LOCAL, paused)
    assert pauses.read(deployer.client(), LOCAL) == (paused,)
    planned = deployer.plan("local")
    assert planned.returncode == 0, planned.stdout

    shown = deployer.terraform("local", "show", "-json", "test.tfplan").stdout
    state = deployer.terraform("local", "state", "pull").stdout
    logs = [file.read_text(errors="replace") for file in (deployer.workspace.root / "log").rglob("*") if file.is_file()]
    assert logs
    for text in (synced.stdout, synced.stderr, after.stdout, shown, state, *logs):
        assert CANARY not in text
