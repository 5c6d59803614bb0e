"""Whatever breaks between Terraform, provider and workspace, the next apply ends where an undisturbed one would."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from local.workspace.process import RunningWorkspace
from tests.faults import Drop, Fault, Hold, Proxy, Status

pytestmark = pytest.mark.slow

JOB = """
resource "databricks_job" "j" {
  name = "faulty"
  task {
    task_key = "a"
    condition_task {
      left  = "1"
      op    = "EQUAL_TO"
      right = "1"
    }
  }
}
"""

# One of each kind whose create is not naturally repeatable.
ONE_OF_EACH = (
    JOB
    + """
resource "databricks_cluster_policy" "p" {
  name       = "killed"
  definition = "{}"
}
resource "databricks_secret_scope" "s" {
  name = "killed"
}
resource "databricks_sql_endpoint" "w" {
  name         = "killed"
  cluster_size = "Small"
}
resource "databricks_query" "q" {
  display_name = "killed"
  warehouse_id = "0"
  query_text   = "select 1"
}
resource "databricks_alert_v2" "a" {
  display_name = "killed"
  query_text   = "select 1 as c"
  warehouse_id = "0"
  parent_path  = "/Workspace/Shared"
  evaluation = {
    comparison_operator = "EQUAL"
    source              = { name = "c" }
    threshold           = { value = { double_value = 0 } }
    empty_result_state  = "OK"
  }
  schedule = { quartz_cron_schedule = "0 0 6 * * ?", timezone_id = "UTC", pause_status = "UNPAUSED" }
}
resource "databricks_dashboard" "d" {
  display_name         = "killed"
  warehouse_id         = "0"
  parent_path          = "/Shared"
  serialized_dashboard = jsonencode({ pages = [] })
}
resource "databricks_notification_destination" "n" {
  display_name = "killed"
  config {
    email {
      addresses = ["a@example.com"]
    }
  }
}
resource "databricks_catalog" "c" {
  name = "killed"
}
resource "databricks_mlflow_experiment" "e" {
  name = "/Shared/killed"
}
"""
)
JOBS_CREATE = "/api/2.2/jobs/create"
CREATES = {
    JOBS_CREATE,
    "/api/2.0/policies/clusters/create",
    "/api/2.0/secrets/scopes/create",
    "/api/2.0/sql/warehouses",
    "/api/2.0/sql/queries",
    "/api/2.0/alerts",
    "/api/2.0/lakeview/dashboards",
    "/api/2.0/notification-destinations",
    "/api/2.1/unity-catalog/catalogs",
    "/api/2.0/mlflow/experiments/create",
}


def _made(proxy: Proxy) -> Counter[str]:
    """Count what the workspace really created."""
    return Counter(r.path for r in proxy.requests if r.method == "POST" and r.path in CREATES and r.status == 200)


def test_a_failed_read_after_create_keeps_the_id(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any]
) -> None:
    stack = terraform(proxy.host, workspace.token, JOB)
    proxy.inject(Fault(Status(500), path=r"/api/2.2/jobs/get.*", times=None))
    assert "injected" in stack.apply(expect=1)
    first = stack.resources()["databricks_job.j"]
    assert first["id"].isdigit()
    assert first["name"] == "faulty"

    proxy.heal()
    stack.apply()  # Terraform has marked it tainted: it replaces it
    stack.plan(expect=0)
    deleted = [r.body["job_id"] for r in proxy.requests if r.path == "/api/2.2/jobs/delete"]
    assert deleted == [int(first["id"])]
    stack.destroy()


def test_a_failed_update_keeps_the_prior_state(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any]
) -> None:
    stack = terraform(proxy.host, workspace.token, JOB)
    stack.apply()
    main = stack.folder / "main.tf"
    main.write_text(main.read_text().replace('"faulty"', '"renamed"'))
    proxy.inject(Fault(Status(500), path="/api/2.2/jobs/reset", times=None))
    stack.apply(expect=1)
    assert stack.resources()["databricks_job.j"]["name"] == "faulty"

    proxy.heal()
    assert "0 added, 1 changed, 0 destroyed" in stack.apply()
    stack.plan(expect=0)
    stack.destroy()


def test_a_busy_workspace_is_asked_again(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any]
) -> None:
    proxy.inject(Fault(Status(429, retry_after=1), path=JOBS_CREATE), Fault(Status(503), path=JOBS_CREATE))
    stack = terraform(proxy.host, workspace.token, JOB)
    stack.apply()
    assert _made(proxy) == {"/api/2.2/jobs/create": 1}
    stack.destroy()


def test_a_connection_that_breaks_after_a_create_is_not_a_second_object(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any]
) -> None:
    proxy.inject(Fault(Drop(), path=JOBS_CREATE, after=True))
    stack = terraform(proxy.host, workspace.token, JOB)
    assert "got no answer" in stack.apply(expect=1)

    proxy.heal()
    stack.apply()
    stack.plan(expect=0)
    assert _made(proxy) == {"/api/2.2/jobs/create": 1}
    stack.destroy()


def test_a_connection_that_breaks_while_reading_is_read_again(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any]
) -> None:
    proxy.inject(Fault(Drop(), path=r"/api/2.2/jobs/get.*", after=True))
    stack = terraform(proxy.host, workspace.token, JOB)
    stack.apply()
    stack.destroy()


@pytest.mark.parametrize("who", ["terraform", "terraform and provider"])
def test_kill_9_during_the_creates_ends_as_if_never_killed(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any], kill: Callable[..., None], who: str
) -> None:
    stack = terraform(proxy.host, workspace.token, ONE_OF_EACH)
    # The workspace has created the object; Terraform dies before it hears of it.
    held = {path: Hold() for path in CREATES}
    proxy.inject(*(Fault(hold, "POST", re.escape(path), after=True) for path, hold in held.items()))
    process = stack.start("apply", "-auto-approve", "-input=false")
    for path, hold in held.items():
        assert hold.arrived.acquire(timeout=60), f"{path}: the create did not arrive"
    kill(process, terraform_only=who == "terraform")
    proxy.heal()
    assert _made(proxy) == dict.fromkeys(CREATES, 1)

    stack.apply()
    stack.plan(expect=0)
    assert _made(proxy) == dict.fromkeys(CREATES, 1)
    assert len(stack.resources()) == len(CREATES)
    stack.destroy()


def test_a_kill_before_the_state_was_written_ends_as_if_never_killed(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any]
) -> None:
    stack = terraform(proxy.host, workspace.token, ONE_OF_EACH)
    stack.apply()
    ids = {address: values["id"] for address, values in stack.resources().items()}
    (stack.folder / "terraform.tfstate").unlink()
    stack.apply()
    assert {address: values["id"] for address, values in stack.resources().items()} == ids
    stack.plan(expect=0)
    stack.destroy()


def test_somebody_elses_object_is_not_taken_over(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any]
) -> None:
    scope = 'resource "databricks_secret_scope" "s" {\n  name = "shared"\n}\n'
    theirs, ours = terraform(proxy.host, workspace.token, scope), terraform(proxy.host, workspace.token, scope)
    theirs.apply()
    assert "already exists" in ours.apply(expect=1)
    assert "already exists" in ours.apply(expect=1)  # also not at the second try
    theirs.destroy()


def test_terraform_killed_leaves_no_provider_behind(
    proxy: Proxy, workspace: RunningWorkspace, terraform: Callable[..., Any], kill: Callable[..., None]
) -> None:
    hold = Hold()
    proxy.inject(Fault(hold, path=JOBS_CREATE, after=True))
    stack = terraform(proxy.host, workspace.token, JOB)
    process = stack.start("apply", "-auto-approve", "-input=false")
    assert hold.arrived.acquire(timeout=30)
    process.kill()
    proxy.heal()
    process.communicate(timeout=30)  # ends when the last holder of the pipe, the provider, has left
    deadline = time.monotonic() + 10
    notes = stack.folder / ".terraform" / "local-provider" / "default"
    while list(notes.glob("*.lock")):
        assert time.monotonic() < deadline, "the provider still holds its lock"
        time.sleep(0.1)
    stack.apply()
    stack.destroy()
