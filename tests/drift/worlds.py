"""A small stack and the world right after its deploy, to be bent by tests: no server, no Terraform."""

from __future__ import annotations

import base64
import copy
from dataclasses import replace
from typing import Any

from infra.environments import PROD
from scripts.drift import declared
from scripts.drift.actual import World
from scripts.drift.detection import Detection, detect
from scripts.drift.kinds import alert, job, workspace

ME = "deployer@example.com"
ROOT = PROD.workspace_root
_SOURCE = b"# Databricks notebook source\nprint(1)\nprint(2)\n"

RESOURCES: dict[str, dict[str, Any]] = {
    "databricks_job": {
        "main": {
            "name": "main",
            "description": "Runs.",
            "tags": {"environment": "prod", "project": "ecommerce"},
            "schedule": {"quartz_cron_expression": "0 0 7 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
            "task": [{"task_key": "a", "notebook_task": {"notebook_path": f"{ROOT}/notebooks/a"}}],
        }
    },
    "databricks_alert_v2": {
        "stale": {
            "display_name": "Stale",
            "query_text": "select 1 as n\nfrom t\n",
            "warehouse_id": "w",
            "parent_path": f"/Workspace{ROOT}/alerts",
            "evaluation": {"notification": {"subscriptions": [{"user_email": "data-team@example.com"}]}},
            "schedule": {"quartz_cron_schedule": "0 0 7 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
        }
    },
    "databricks_directory": {"notebooks": {"path": f"{ROOT}/notebooks"}},
    "databricks_notebook": {
        name: {
            "path": f"{ROOT}/notebooks/{name}",
            "language": "PYTHON",
            "content_base64": base64.b64encode(_SOURCE).decode(),
            "depends_on": ["databricks_directory.notebooks"],
        }
        for name in ("a", "b")
    },
    "databricks_secret_scope": {"email": {"name": "email"}},
    "databricks_permissions": {
        "job-main": {
            "job_id": "${databricks_job.main.id}",
            "access_control": [{"group_name": "data-analysts", "permission_level": "CAN_VIEW"}],
        }
    },
    "databricks_secret_acl": {
        "email-readers": {
            "scope": "${databricks_secret_scope.email.name}",
            "principal": "data-engineers",
            "permission": "READ",
        }
    },
}
IDS = {
    "databricks_job.main": "1001",
    "databricks_alert_v2.stale": "al-1",
    "databricks_directory.notebooks": f"{ROOT}/notebooks",
    "databricks_notebook.a": f"{ROOT}/notebooks/a",
    "databricks_notebook.b": f"{ROOT}/notebooks/b",
    "databricks_secret_scope.email": "email",
    "databricks_permissions.job-main": "/jobs/1001",
    "databricks_secret_acl.email-readers": "email|||data-engineers",
}


def stack(**more: dict[str, Any]) -> declared.Stack:
    """Return the stack, with further types of resources."""
    state = {
        "resources": [
            {
                "mode": "managed",
                "type": address.partition(".")[0],
                "name": address.partition(".")[2],
                "instances": [{"attributes": {"id": key, "name": key, "created_by": ME}}],
            }
            for address, key in IDS.items()
        ]
    }
    return declared.resolve({"resource": RESOURCES | more}, state)


def world() -> World:
    """Return what the workspace holds right after the deploy; whoever asks may bend it."""
    settings = {name: copy.deepcopy(value) for name, value in RESOURCES["databricks_job"]["main"].items()}
    settings["tasks"] = settings.pop("task")
    entry = {"object_type": "NOTEBOOK", "language": "PYTHON", "object_id": 7}
    folders = {ROOT: {"object_type": "DIRECTORY"}, f"{ROOT}/notebooks": {"object_type": "DIRECTORY", "object_id": 6}}
    return World(
        objects={
            "databricks_job": {"1001": job.observed({"settings": settings, "creator_user_name": ME})},
            "databricks_alert_v2": {
                "al-1": alert.observed(copy.deepcopy(RESOURCES["databricks_alert_v2"]["stale"]) | {"id": "al-1"})
            },
            "databricks_directory": folders,
            "databricks_notebook": {
                f"{ROOT}/notebooks/{name}": workspace.observed(dict(entry), _SOURCE) for name in ("a", "b")
            },
            "databricks_workspace_file": {},
            "databricks_secret_scope": {"email": {"name": "email", "backend_type": "DATABRICKS", "keys": []}},
            "other": {},
        },
        access={
            "databricks_job 1001": {"group data-analysts": ("CAN_VIEW",), f"user {ME}": ("IS_OWNER",)},
            "databricks_alert_v2 al-1": {f"user {ME}": ("CAN_MANAGE",)},
            f"databricks_notebook {ROOT}/notebooks/a": {},
            "databricks_secret_scope email": {"data-engineers": ("READ",), ME: ("MANAGE",)},
        },
    )


def found(bent: World, declared_as: declared.Stack | None = None) -> Detection:
    """Return what is found in a world."""
    return detect(declared_as or stack(), bent, PROD)


def with_access(bent: World, name: str, **levels: tuple[str, ...]) -> World:
    """Return a world with another access list of one object; `_` in principals is a space."""
    given = {who.replace("_", " ", 1): level for who, level in levels.items()}
    return replace(bent, access={**bent.access, name: given})
