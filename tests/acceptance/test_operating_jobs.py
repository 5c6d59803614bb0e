"""What operators do to a deployed platform: take objects into the state, put secrets, pause — and the plan says so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.environments import LOCAL
from scripts import toolchain
from scripts.errors import CommandError
from scripts.imports import command, matching
from scripts.jobs import pauses
from scripts.jobs.pauses import Pause
from scripts.synth import synthesize

pytestmark = pytest.mark.slow

CANARY = "canary-41d8c0e7-do-not-tell"
# A part of the stack that has everything an import can meet: jobs of each kind of task, a run_job among them.
PART = (
    "databricks_alert_v2.missing_daily_load",
    "databricks_dashboard.operations",
    "databricks_job.master_pipeline",
    "databricks_secret_acl.email-data-engineers",
)
IMPORTED = [
    "databricks_alert_v2.missing_daily_load",
    "databricks_dashboard.operations",
    "databricks_job.bronze_ingestion",
    "databricks_job.gold_aggregation",
    "databricks_job.master_pipeline",
    "databricks_job.operational_monitoring",
    "databricks_job.silver_transformation",
]


@pytest.fixture(scope="module")
def deployer(serve: Callable[..., Any]) -> Any:
    """A part of the stack, deployed by Terraform alone: half a minute less than all of it by cdktf."""
    deployed = serve("operating", "--no-driver")
    synthesize(LOCAL.name, deployed.output, deployed.env)
    assert deployed.terraform("local", "init", "-input=false").returncode == 0
    applied = terraform(deployed, "apply", "-auto-approve")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    return deployed


def terraform(deployer: Any, *arguments: str) -> Any:
    return deployer.terraform("local", *arguments, "-input=false", *(f"-target={address}" for address in PART))


def plan(deployer: Any) -> Any:
    return terraform(deployer, "plan", "-detailed-exitcode", "-out=test.tfplan")


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


def held(deployer: Any) -> dict[str, Any]:
    """Return what the workspace holds of jobs, alerts and dashboards, ids included, without the times of writing."""
    client = deployer.client()
    alerts = {alert.id: client.alerts_v2.get_alert(alert.id).as_dict() for alert in client.alerts_v2.list_alerts()}
    return {
        "jobs": {job.job_id: client.jobs.get(job.job_id).settings.as_dict() for job in client.jobs.list()},
        "alerts": {key: {**alert, "update_time": ""} for key, alert in alerts.items()},
        "dashboards": {each.dashboard_id: each.display_name for each in client.lakeview.list()},
    }


def without_nought(value: Any) -> Any:
    """Return a value without what a workspace does not tell: nothing, false, zero."""
    if isinstance(value, dict):
        return {name: kept for name, each in value.items() if (kept := without_nought(each)) not in (None, {}, [])}
    if isinstance(value, list):
        return [without_nought(each) for each in value]
    return value or None


def test_what_exists_is_taken_into_the_state_and_stays_as_it_is(deployer: Any) -> None:
    before = held(deployer)
    assert deployer.terraform("local", "state", "rm", *IMPORTED).returncode == 0

    written = ecom(deployer, "import", "--output", str(deployer.output), "--json")
    assert written.returncode == 0, written.stderr
    blocks = json.loads(written.stdout)["import"]
    assert sorted(block["to"] for block in blocks) == IMPORTED
    assert {block["id"] for block in blocks if "job" in block["to"]} <= {str(job) for job in before["jobs"]}

    planned = plan(deployer)
    assert planned.returncode == 2, planned.stdout + planned.stderr
    changes = json.loads(deployer.terraform("local", "show", "-json", "test.tfplan").stdout)["resource_changes"]
    touched = {each["address"]: each for each in changes if "importing" in each["change"]}
    assert sorted(touched) == IMPORTED
    assert all(each["change"]["actions"] == ["no-op"] for each in changes if each["address"] not in touched)
    # An import may only be followed by an update in place: nothing is made, replaced, or destroyed.
    assert all(each["change"]["actions"] in (["no-op"], ["update"]) for each in touched.values())

    applied = deployer.terraform("local", "apply", "-input=false", "test.tfplan")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert f"{len(IMPORTED)} imported, 0 added" in applied.stdout
    assert without_nought(held(deployer)) == without_nought(before)
    assert plan(deployer).returncode == 0  # the blocks still lie there: they have had their effect


def test_two_of_one_name_are_refused_with_their_ids(deployer: Any) -> None:
    client = deployer.client()
    name = LOCAL.display_name("gold_aggregation")
    first = next(iter(client.jobs.list(name=name))).job_id
    twin = client.jobs.create(name=name).job_id
    present = command.present(client)
    every = matching.declared(json.loads((deployer.output / "stacks" / "local" / "cdk.tf.json").read_text()))
    chosen = matching.chosen(every, ["job:gold_aggregation"])
    with pytest.raises(CommandError, match=rf"job:gold_aggregation \(ids {twin}, {first}\)"):
        matching.matches(chosen, set(), present, strict=True)
    client.jobs.delete(twin)


def test_a_secret_and_a_pause_leave_the_plan_empty_and_the_value_nowhere(deployer: Any) -> None:
    before = ecom(deployer, "secrets", "check", "--json", ECOM_RUN_AS="")
    assert [each["about"] for each in json.loads(before.stdout)["findings"]] == ["email/password"]
    assert before.returncode == 2
    synced = ecom(deployer, "secrets", "sync", ECOM_SECRET_EMAIL_PASSWORD=CANARY)
    assert synced.returncode == 0, synced.stderr

    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    paused = Pause("master_pipeline", 1, "a test", "dev@example.com", until, until)
    pauses.record(deployer.client(), LOCAL, paused)
    assert pauses.read(deployer.client(), LOCAL) == (paused,)
    planned = plan(deployer)
    assert planned.returncode == 0, planned.stdout

    shown = deployer.terraform("local", "show", "-json", "test.tfplan").stdout
    state = deployer.terraform("local", "state", "pull").stdout
    logs = [file.read_text(errors="replace") for file in (deployer.workspace.root / "log").rglob("*") if file.is_file()]
    assert logs
    for text in (synced.stdout, synced.stderr, shown, state, *logs):
        assert CANARY not in text
