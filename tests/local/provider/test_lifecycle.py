"""Create, read, change, import, drift and destroy, with the real Terraform against the real local workspace."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import JobSettings

pytestmark = pytest.mark.slow

SMALL = """
resource "databricks_directory" "d" {
  path = "/Shared/small"
}
resource "databricks_notebook" "n" {
  path           = "${databricks_directory.d.path}/n"
  language       = "PYTHON"
  content_base64 = base64encode("print(1)")
}
resource "databricks_cluster_policy" "p" {
  name       = "small"
  definition = jsonencode({ a = 1 })
}
resource "databricks_secret_scope" "s" {
  name = "small"
}
resource "databricks_secret" "k" {
  scope        = databricks_secret_scope.s.name
  key          = "k"
  string_value = "hunter2"
}
resource "databricks_sql_endpoint" "w" {
  name         = "small"
  cluster_size = "X-Small"
}
resource "databricks_query" "q" {
  display_name = "small"
  warehouse_id = databricks_sql_endpoint.w.id
  parent_path  = databricks_directory.d.path
  query_text   = "select 1"
  description  = "kept"
}
resource "databricks_catalog" "c" {
  name = "small"
}
resource "databricks_schema" "b" {
  catalog_name = databricks_catalog.c.name
  name         = "bronze"
  comment      = "kept"
}
resource "databricks_job" "j" {
  name        = "small"
  description = "kept"
  tags        = { env = "dev" }
  schedule {
    quartz_cron_expression = "0 0 4 * * ?"
    timezone_id            = "UTC"
  }
  task {
    task_key = "a_first"
    notebook_task {
      notebook_path = databricks_notebook.n.path
    }
    max_retries = 2
  }
  task {
    task_key = "b_second"
    depends_on {
      task_key = "a_first"
    }
    notebook_task {
      notebook_path = databricks_notebook.n.path
    }
  }
}
resource "databricks_permissions" "j" {
  job_id = databricks_job.j.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_VIEW"
  }
}
"""


def _edit(main: Path, *changes: tuple[str, str]) -> None:
    text = main.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    main.write_text(text)


@pytest.fixture
def client(workspace: Any) -> WorkspaceClient:
    return WorkspaceClient(host=workspace.host, token=workspace.token)


def test_a_whole_life(workspace: Any, terraform: Callable[..., Any], client: WorkspaceClient) -> None:
    stack = terraform(workspace.host, workspace.token)
    assert "40 added" in stack.apply()
    stack.plan(expect=0)

    _edit(
        stack.folder / "main.tf",
        ('"0 0 4 * * ?"', '"0 0 5 * * ?"'),
        ('comment      = "cc"', 'comment      = "silver"'),
        ('base64encode("print(11)")', 'base64encode("print(12)")'),
        ("{ double_value = 0 }", "{ double_value = 1 }"),
        ('custom_summary     = "sum"', ""),
        ('pages = [{ name = "p", displayName = "PP" }]', 'pages = [{ name = "p", displayName = "QQ" }]'),
    )
    (stack.folder / "two.py").write_text("# Databricks notebook source\nprint(3)\n")
    planned = stack.plan(expect=2)
    changed = set(re.findall(r"# (\S+) will be (\S+)", planned))
    assert changed == {
        (name, "updated")
        for name in (
            "databricks_job.bronze",
            "databricks_schema.sch",
            "databricks_notebook.n",
            "databricks_notebook.n2",
            "databricks_alert_v2.a2",
            "databricks_dashboard.inl",
        )
    }
    assert "0 added, 6 changed, 0 destroyed" in stack.apply()
    stack.plan(expect=0)
    assert client.schemas.get("shop.bronze").comment == "silver"

    assert "40 destroyed" in stack.destroy()
    assert stack.resources() == {}
    assert list(client.jobs.list()) == []
    assert list(client.warehouses.list()) == []
    assert list(client.secrets.list_scopes()) == []
    assert "shop" not in {catalog.name for catalog in client.catalogs.list()}
    stack.apply()
    stack.plan(expect=0)
    stack.destroy()


def test_what_others_take_away_comes_back_and_what_the_configuration_drops_goes(
    workspace: Any, terraform: Callable[..., Any], client: WorkspaceClient
) -> None:
    stack = terraform(workspace.host, workspace.token, SMALL)
    stack.apply()
    ids = {address: values["id"] for address, values in stack.resources().items()}
    job = client.jobs.get(int(ids["databricks_job.j"])).settings
    assert job is not None
    # The official provider does not see a removed schedule, cleared description or tags.
    client.jobs.reset(
        int(ids["databricks_job.j"]),
        JobSettings(name=job.name, tasks=job.tasks, max_concurrent_runs=1, tags={"x": "y"}),
    )
    client.schemas.update("small.bronze", comment="theirs")
    client.cluster_policies.edit(ids["databricks_cluster_policy.p"], name="small", definition='{"a": 2}')
    client.secrets.delete_secret("small", "k")
    planned = stack.plan(expect=2)
    for expected in ('"kept"', "0 0 4 * * ?", '"theirs" -> "kept"', "databricks_secret.k will be created"):
        assert expected in planned, planned
    assert "Plan: 1 to add, 3 to change, 0 to destroy" in planned
    stack.apply()
    stack.plan(expect=0)

    _edit(
        stack.folder / "main.tf",
        ('  description  = "kept"\n', ""),
        ('  comment      = "kept"\n', ""),
        ('  description = "kept"\n', ""),
        ('  tags        = { env = "dev" }\n', ""),
    )
    assert "0 added, 3 changed, 0 destroyed" in stack.apply()
    stack.plan(expect=0)
    job = client.jobs.get(int(ids["databricks_job.j"])).settings
    assert job is not None
    assert not job.description
    assert not job.tags
    assert not client.schemas.get("small.bronze").comment
    assert not client.queries.get(ids["databricks_query.q"]).description
    stack.destroy()


def test_a_state_of_a_smaller_schema_is_filled_up(workspace: Any, terraform: Callable[..., Any]) -> None:
    text = 'resource "databricks_secret_scope" "s" {\n  name = "grown"\n}\n'
    stack = terraform(workspace.host, workspace.token, text)
    stack.apply()
    state = stack.folder / "terraform.tfstate"
    smaller = re.sub(r'\s*"(backend_type|initial_manage_principal)": [^\n]*\n', "\n", state.read_text())
    assert smaller != state.read_text()
    state.write_text(smaller)
    stack.plan(expect=0)
    stack.destroy()
