"""What the official provider needs so that a second plan is empty; each line here was a change in every plan once."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

import pytest

from infra.environments import ENVIRONMENTS

pytestmark = pytest.mark.parametrize("name", list(ENVIRONMENTS))


def test_tasks_and_their_dependencies_are_sorted(name: str, stacks: dict[str, Any]) -> None:
    jobs = stacks[name]["resource"]["databricks_job"]
    assert len(jobs) >= 4
    for job in jobs.values():
        lists = [job["task"], *(task.get("depends_on", []) for task in job["task"])]
        for entries in lists:
            keys = [entry["task_key"] for entry in entries]
            assert keys == sorted(keys)
    assert any(len(task.get("depends_on", [])) > 1 for job in jobs.values() for task in job["task"])


def test_every_job_and_task_states_its_limits(name: str, stacks: dict[str, Any]) -> None:
    for job in stacks[name]["resource"]["databricks_job"].values():
        assert job["queue"] == {"enabled": True}
        assert job["max_concurrent_runs"] == 1
        assert job["timeout_seconds"] > 0
        assert job["health"]["rules"][0]["metric"] == "RUN_DURATION_SECONDS"
        assert job["email_notifications"]["on_failure"]
        assert job["email_notifications"]["no_alert_for_skipped_runs"] is True
        assert not {"edit_mode", "performance_target", "format"} & job.keys()
        for task in job["task"]:
            for field in ("timeout_seconds", "max_retries", "min_retry_interval_millis", "retry_on_timeout"):
                assert field in task, (task["task_key"], field)
            assert task["timeout_seconds"] > 0


def test_dbt_runs_pinned_against_the_warehouse(name: str, stacks: dict[str, Any]) -> None:
    jobs = stacks[name]["resource"]["databricks_job"]
    dbt = [(job, task) for job in jobs.values() for task in job["task"] if "dbt_task" in task]
    assert len(dbt) >= 4
    for job, task in dbt:
        assert job["environment"][0]["spec"]["dependencies"] == ["dbt-databricks==1.12.7"]
        assert task["environment_key"] == job["environment"][0]["environment_key"]
        assert task["dbt_task"]["source"] == "WORKSPACE"
        assert task["dbt_task"]["project_directory"] == f"/Workspace/Shared/ecommerce/{name}/dbt"
        assert all(command.startswith("dbt ") and "dbt deps" not in command for command in task["dbt_task"]["commands"])


def test_alerts_state_what_the_service_would_fill_in(name: str, stacks: dict[str, Any]) -> None:
    alerts = stacks[name]["resource"]["databricks_alert_v2"]
    assert {"stale_tables", "low_quality_tables"} <= alerts.keys()
    for alert in alerts.values():
        assert alert["parent_path"] == "${databricks_directory.alerts.workspace_path}"
        assert alert["schedule"]["pause_status"]
        evaluation = alert["evaluation"]
        assert evaluation["empty_result_state"] == "OK"  # no row of critical_alerts is no violation
        assert {"notify_on_ok", "retrigger_seconds"} <= evaluation["notification"].keys()
        assert "display" not in evaluation["source"]
        assert "run_as" not in alert
        assert ":" not in evaluation["source"]["name"]
        assert f"from ecommerce_{name}.bronze.customers" in alert["query_text"]
        assert ":stale_hours" not in alert["query_text"]


def test_dashboards_carry_their_content(name: str, stacks: dict[str, Any]) -> None:
    for dashboard in stacks[name]["resource"]["databricks_dashboard"].values():
        assert "file_path" not in dashboard
        content = json.loads(dashboard["serialized_dashboard"])
        assert all(dataset["queryLines"] for dataset in content["datasets"])
        assert all(page["layout"] for page in content["pages"])


def test_no_cluster_is_for_a_single_user(name: str, stacks: dict[str, Any]) -> None:
    resources = stacks[name]["resource"]
    in_jobs = [
        cluster["new_cluster"] for job in resources["databricks_job"].values() for cluster in job.get("job_cluster", [])
    ]
    clusters = [*resources["databricks_cluster"].values(), *in_jobs]
    assert len(clusters) >= 4
    for cluster in clusters:
        assert cluster["data_security_mode"] == "USER_ISOLATION"
        assert "is_single_node" not in cluster
        assert cluster["policy_id"].startswith("${databricks_cluster_policy.")


def test_clusters_obey_their_policy(name: str, stacks: dict[str, Any]) -> None:
    resources = stacks[name]["resource"]
    (cluster,) = resources["databricks_cluster"].values()
    policy = json.loads(resources["databricks_cluster_policy"]["interactive"]["definition"])
    assert cluster["spark_version"] == policy["spark_version"]["value"]
    assert cluster["node_type_id"] in policy["node_type_id"]["values"]
    limits = policy["autotermination_minutes"]
    assert limits["minValue"] <= cluster["autotermination_minutes"] <= limits["maxValue"]
    assert cluster["custom_tags"] == {tag: policy[f"custom_tags.{tag}"]["value"] for tag in cluster["custom_tags"]}


def test_workspace_paths_have_no_prefix_that_the_api_takes_away(name: str, stacks: dict[str, Any]) -> None:
    resources = stacks[name]["resource"]
    objects = chain.from_iterable(
        resources[kind].values()
        for kind in ("databricks_directory", "databricks_notebook", "databricks_workspace_file")
    )
    paths = [each["path"] for each in objects]
    assert len(paths) > 40
    assert all(path == f"/Shared/ecommerce/{name}" or path.startswith(f"/Shared/ecommerce/{name}/") for path in paths)
    assert len(set(paths)) == len(paths)
    assert all(folder["delete_recursive"] for folder in resources["databricks_directory"].values())


def test_jobs_are_owned_by_whom_they_run_as(name: str, stacks: dict[str, Any]) -> None:
    resources = stacks[name]["resource"]
    for key, job in resources["databricks_job"].items():
        entries = resources["databricks_permissions"][f"job-{key}"]["access_control"]
        owners = [entry["service_principal_name"] for entry in entries if entry["permission_level"] == "IS_OWNER"]
        assert owners == ([job["run_as"]["service_principal_name"]] if name == "prod" else [])
        assert ("run_as" in job) == (name == "prod")


def test_state_is_kept_apart_per_environment(name: str, stacks: dict[str, Any]) -> None:
    backend = stacks[name]["terraform"]["backend"]
    if name == "local":
        assert backend["local"]["path"].endswith("/.local/state/local.tfstate")
    else:
        assert backend["azurerm"]["key"] == f"{name}.tfstate"
        assert backend["azurerm"]["use_oidc"] is True
    assert stacks[name]["terraform"]["required_providers"]["databricks"]["version"] == "1.99.0"
