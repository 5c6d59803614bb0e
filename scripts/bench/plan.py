"""How long Terraform plans with the local provider, beside a plan that only reads data."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

from local.workspace.process import RunningWorkspace, start
from scripts.bench.measurement import Measurement, beside, seconds
from scripts.bench.terraform import environment, run_terraform
from scripts.toolchain import PROVIDER_VERSION

_GOAL = 2.0
_SHARES = 25
_ROUNDS = 3  # the median of so many plans counts
_HEAD = {
    "terraform": {
        "required_providers": {"databricks": {"source": "databricks/databricks", "version": PROVIDER_VERSION}}
    }
}


def measure_plan(count: int = 250) -> Measurement:
    """Time plans of so many unchanged resources against plans of as many data reads, in turn on one workspace."""
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as folder:
        root = Path(folder)
        with start(root / "workspace", arguments=["--no-driver"]) as workspace:
            resources = stack(root / "resources", {"resource": _resources(count)}, workspace)
            reads = stack(root / "reads", {"data": _reads(count)}, workspace)
            figures, baselines = [], []
            for _ in range(_ROUNDS):
                figures.append(time_plan(resources, workspace))
                baselines.append(time_plan(reads, workspace))
    name = f"plan of {count} resources with the local provider"
    note = f"floor: a plan of {count} data reads; medians of {_ROUNDS} plans in turn; a call or two for each resource"
    return beside(name, figures, baselines, _GOAL, note)


def _resources(count: int) -> dict[str, dict[str, Any]]:
    """Return resources in the shares that a deployed platform has: mostly files, and a job among 25."""
    shares = [job, _alert, _query, *3 * [_permissions], *2 * [_notebook], *2 * [_directory], _destination]
    shares += [file] * (_SHARES - len(shares))
    found: dict[str, dict[str, Any]] = {}
    for number in range(count):
        type_name, arguments = shares[number % _SHARES](number)
        found.setdefault(type_name, {})[f"r{number}"] = arguments
    return found


def _reads(count: int) -> dict[str, dict[str, Any]]:
    return {"databricks_spark_version": {f"r{number}": {"long_term_support": True} for number in range(count)}}


def job(number: int) -> tuple[str, dict[str, Any]]:
    """Return type and arguments of a job of four tasks in a row."""
    task = {"notebook_task": {"notebook_path": "/Shared/bench/n"}, "max_retries": 2, "timeout_seconds": 3600}
    tasks = [{"task_key": f"t{n}", **task, "depends_on": [{"task_key": f"t{n - 1}"}] if n else []} for n in range(4)]
    schedule = {"quartz_cron_expression": "0 0 7 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"}
    return "databricks_job", {"name": f"bench {number}", "task": tasks, "schedule": schedule, "tags": {"a": "b"}}


def _notebook(number: int) -> tuple[str, dict[str, Any]]:
    content = base64.b64encode(b"# Databricks notebook source\nprint(1)\n" * 50).decode()
    return "databricks_notebook", {"path": f"/Shared/bench/{number}", "language": "PYTHON", "content_base64": content}


def file(number: int) -> tuple[str, dict[str, Any]]:
    """Return type and arguments of a workspace file."""
    content = base64.b64encode(b"select 1\n" * 200).decode()
    return "databricks_workspace_file", {"path": f"/Shared/bench/{number}.sql", "content_base64": content}


def _query(number: int) -> tuple[str, dict[str, Any]]:
    return "databricks_query", {"display_name": f"bench {number}", "warehouse_id": "0", "query_text": "select 1"}


def _alert(number: int) -> tuple[str, dict[str, Any]]:
    return "databricks_alert_v2", {
        "display_name": f"bench {number}",
        "warehouse_id": "0",
        "query_text": "select 1 as c",
        "parent_path": "/Workspace/Shared",
        "evaluation": {
            "comparison_operator": "GREATER_THAN",
            "source": {"name": "c", "aggregation": "MAX"},
            "threshold": {"value": {"double_value": 1}},
            "empty_result_state": "OK",
        },
        "schedule": {"quartz_cron_schedule": "0 0 6 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
    }


def _directory(number: int) -> tuple[str, dict[str, Any]]:
    return "databricks_directory", {"path": f"/Shared/bench/directory {number}"}


def _destination(number: int) -> tuple[str, dict[str, Any]]:
    config = {"email": {"addresses": ["a@example.com"]}}
    return "databricks_notification_destination", {"display_name": f"bench {number}", "config": config}


def _permissions(number: int) -> tuple[str, dict[str, Any]]:
    """Return who may see a job, alert or query: what comes three places before, in `_resources`."""
    target, reference, level = {
        3: ("job", "job_id", "CAN_VIEW"),
        4: ("alert_v2", "alert_v2_id", "CAN_RUN"),
        5: ("query", "sql_query_id", "CAN_RUN"),
    }[number % _SHARES]
    entries = [{"group_name": "users", "permission_level": level}]
    identity = f"${{databricks_{target}.r{number - 3}.id}}"
    return "databricks_permissions", {reference: identity, "access_control": entries}


def stack(folder: Path, configuration: dict[str, Any], workspace: RunningWorkspace) -> Path:
    """Initialise a folder and deploy what is in it."""
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps({**_HEAD, **configuration}))
    variables = environment(workspace.host, workspace.token)
    run_terraform(folder, variables, "init")
    run_terraform(folder, variables, "apply", "-auto-approve")
    return folder


def time_plan(folder: Path, workspace: RunningWorkspace) -> float:
    """Return the seconds of a plan; one with changes is an error."""
    variables = environment(workspace.host, workspace.token)
    return seconds(lambda: run_terraform(folder, variables, "plan", "-detailed-exitcode"))
