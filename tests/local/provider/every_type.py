"""One resource of each type: how it is made, changed, replaced, and what somebody else may do to it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
ROOT = "/Shared/every"


@dataclass(frozen=True)
class Call:
    """One request past Terraform; "{id}" in it stands for the id of the resource."""

    method: str
    path: str
    body: Object | None = None


@dataclass(frozen=True)
class Case:
    """A resource `x` of one type, in three versions, and a drift of it.

    `changed` is what an update in place sets, empty for a type that has none. `replaced` is what makes a new object,
    empty for a type where nothing does. `after_drift` is what the next plan does about the drift.
    """

    arguments: Object
    drift: Call
    changed: Object = field(default_factory=dict)
    replaced: Object = field(default_factory=dict)
    after_drift: str = "updated"
    readable: bool = True  # False: the API tells less than the configuration says, so an import ends in an update


def _text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _alert_v2(threshold: float) -> Object:
    return {
        "comparison_operator": "GREATER_THAN",
        "source": {"name": "c", "aggregation": "MAX"},
        "threshold": {"value": {"double_value": threshold}},
        "empty_result_state": "OK",
    }


def _alert(threshold: float) -> Object:
    return {
        "op": "GREATER_THAN",
        "operand": {"column": {"name": "c"}},
        "threshold": {"value": {"double_value": threshold}},
    }


_JOB = {"task": [{"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}]}
_WAREHOUSE = "${databricks_sql_endpoint.x.id}"
_IN_SCHEMA = {"catalog_name": "${databricks_catalog.x.name}", "schema_name": "${databricks_schema.x.name}"}
_PERMISSIONS = "/api/2.0/permissions"
_UNITY = "/api/2.1/unity-catalog"

CASES = {
    "databricks_job": Case(
        {"name": "every", "timeout_seconds": 60, **_JOB},
        changed={"timeout_seconds": 120, "description": "changed"},
        drift=Call("POST", "/api/2.2/jobs/update", {"job_id": "{id}", "new_settings": {"timeout_seconds": 99}}),
    ),
    "databricks_cluster": Case(
        {"cluster_name": "every", "spark_version": "16.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 1},
        changed={"num_workers": 2},
        drift=Call("POST", "/api/2.1/clusters/resize", {"cluster_id": "{id}", "num_workers": 7}),
    ),
    "databricks_cluster_policy": Case(
        {"name": "every", "definition": '{"a": 1}'},
        changed={"definition": '{"a": 2}'},
        drift=Call(
            "POST",
            "/api/2.0/policies/clusters/edit",
            {"policy_id": "{id}", "name": "every", "definition": '{"a": 3}'},
        ),
    ),
    "databricks_instance_pool": Case(
        {
            "instance_pool_name": "every",
            "node_type_id": "i3.xlarge",
            "max_capacity": 2,
            "idle_instance_autotermination_minutes": 10,
        },
        changed={"max_capacity": 3},
        replaced={"node_type_id": "i3.2xlarge"},
        drift=Call(
            "POST",
            "/api/2.0/instance-pools/edit",
            {
                "instance_pool_id": "{id}",
                "instance_pool_name": "theirs",
                "node_type_id": "i3.xlarge",
                "max_capacity": 3,
                "idle_instance_autotermination_minutes": 10,
            },
        ),
    ),
    "databricks_sql_endpoint": Case(
        {"name": "every", "cluster_size": "X-Small"},
        changed={"cluster_size": "Small"},
        drift=Call(
            "POST",
            "/api/2.0/sql/warehouses/{id}/edit",
            {"name": "every", "cluster_size": "Small", "auto_stop_mins": 7},
        ),
    ),
    "databricks_query": Case(
        {"display_name": "every", "warehouse_id": _WAREHOUSE, "query_text": "select 1", "parent_path": "/Shared"},
        changed={"query_text": "select 2"},
        replaced={"parent_path": "${databricks_directory.x.path}"},
        drift=Call(
            "PATCH", "/api/2.0/sql/queries/{id}", {"query": {"query_text": "select 3"}, "update_mask": "query_text"}
        ),
    ),
    "databricks_alert": Case(
        {
            "display_name": "every",
            "query_id": "${databricks_query.x.id}",
            "parent_path": "/Shared",
            "condition": _alert(1),
        },
        changed={"condition": _alert(2)},
        replaced={"parent_path": "${databricks_directory.x.path}"},
        drift=Call(
            "PATCH", "/api/2.0/sql/alerts/{id}", {"alert": {"display_name": "theirs"}, "update_mask": "display_name"}
        ),
    ),
    "databricks_alert_v2": Case(
        {
            "display_name": "every",
            "warehouse_id": _WAREHOUSE,
            "query_text": "select 1 as c",
            "parent_path": "/Workspace/Shared",
            "evaluation": _alert_v2(0),
            "schedule": {"quartz_cron_schedule": "0 0 6 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
        },
        changed={"evaluation": _alert_v2(1)},
        drift=Call("PATCH", "/api/2.0/alerts/{id}?update_mask=custom_summary", {"custom_summary": "theirs"}),
    ),
    "databricks_dashboard": Case(
        {
            "display_name": "every",
            "warehouse_id": _WAREHOUSE,
            "parent_path": "/Shared",
            "serialized_dashboard": '{"pages": [{"name": "one"}]}',
        },
        changed={"serialized_dashboard": '{"pages": [{"name": "two"}]}'},
        replaced={"parent_path": f"{ROOT} moved"},
        drift=Call("PATCH", "/api/2.0/lakeview/dashboards/{id}", {"serialized_dashboard": '{"pages": []}'}),
        readable=False,
    ),
    "databricks_notebook": Case(
        {"path": f"{ROOT}/notebook", "language": "PYTHON", "content_base64": _text("print(1)")},
        changed={"content_base64": _text("print(2)")},
        replaced={"path": f"{ROOT}/moved notebook"},
        drift=Call("POST", "/api/2.0/workspace/delete", {"path": "{id}"}),
        after_drift="created",
        readable=False,
    ),
    "databricks_workspace_file": Case(
        # Unknown until the job exists, and with it the hash of the content.
        {"path": f"{ROOT}/file", "content_base64": '${base64encode("job ${databricks_job.x.id}")}'},
        changed={"content_base64": '${base64encode("the job ${databricks_job.x.id}")}'},
        replaced={"path": f"{ROOT}/moved file"},
        drift=Call("POST", "/api/2.0/workspace/delete", {"path": "{id}"}),
        after_drift="created",
        readable=False,
    ),
    "databricks_directory": Case(
        {"path": f"{ROOT}/directory"},
        changed={"delete_recursive": True},
        replaced={"path": f"{ROOT}/moved directory"},
        drift=Call("POST", "/api/2.0/workspace/delete", {"path": "{id}"}),
        after_drift="created",
        readable=False,
    ),
    "databricks_permissions": Case(
        {
            "job_id": "${databricks_job.x.id}",
            # A whole list of blocks that is unknown until the job exists.
            "dynamic": {
                "access_control": {
                    "for_each": ["${databricks_job.x.id}"],
                    "content": {"group_name": "group ${access_control.value}", "permission_level": "CAN_VIEW"},
                }
            },
        },
        changed={"dynamic": {}, "access_control": [{"group_name": "users", "permission_level": "CAN_MANAGE_RUN"}]},
        drift=Call(
            "PATCH",
            f"{_PERMISSIONS}{{id}}",
            {"access_control_list": [{"group_name": "theirs", "permission_level": "CAN_MANAGE"}]},
        ),
    ),
    "databricks_secret_scope": Case(
        {"name": "every"},
        replaced={"name": "moved"},
        drift=Call("POST", "/api/2.0/secrets/scopes/delete", {"scope": "{id}"}),
        after_drift="created",
    ),
    "databricks_secret": Case(
        {"scope": "${databricks_secret_scope.x.name}", "key": "k", "string_value": "hunter2"},
        replaced={"string_value": "hunter3"},
        drift=Call("POST", "/api/2.0/secrets/delete", {"scope": "every", "key": "k"}),
        after_drift="created",
        readable=False,
    ),
    "databricks_secret_acl": Case(
        {"scope": "${databricks_secret_scope.x.name}", "principal": "users", "permission": "READ"},
        replaced={"permission": "WRITE"},
        drift=Call("POST", "/api/2.0/secrets/acls/delete", {"scope": "every", "principal": "users"}),
        after_drift="created",
    ),
    "databricks_notification_destination": Case(
        {"display_name": "every", "config": {"email": {"addresses": ["a@example.com"]}}},
        changed={"config": {"email": {"addresses": ["b@example.com"]}}},
        drift=Call("PATCH", "/api/2.0/notification-destinations/{id}", {"display_name": "theirs"}),
    ),
    "databricks_catalog": Case(
        {"name": "every", "comment": "one"},
        changed={"comment": "two"},
        replaced={"name": "moved"},
        drift=Call("PATCH", f"{_UNITY}/catalogs/{{id}}", {"comment": "theirs"}),
    ),
    "databricks_schema": Case(
        {"catalog_name": "${databricks_catalog.x.name}", "name": "every", "properties": {"a": "b"}},
        changed={"properties": {"a": "c"}},
        replaced={"name": "moved"},
        drift=Call("PATCH", f"{_UNITY}/schemas/{{id}}", {"comment": "theirs"}),
    ),
    "databricks_volume": Case(
        {**_IN_SCHEMA, "name": "every", "volume_type": "MANAGED", "comment": "one"},
        changed={"comment": "two"},
        replaced={"name": "moved"},
        drift=Call("PATCH", f"{_UNITY}/volumes/{{id}}", {"comment": "theirs"}),
    ),
    "databricks_registered_model": Case(
        {**_IN_SCHEMA, "name": "every", "comment": "one"},
        changed={"comment": "two"},
        replaced={"name": "moved"},
        drift=Call("PATCH", f"{_UNITY}/models/{{id}}", {"comment": "theirs"}),
    ),
    "databricks_storage_credential": Case(
        {"name": "every", "aws_iam_role": {"role_arn": "arn:aws:iam::1:role/x"}, "comment": "one"},
        changed={"comment": "two"},
        replaced={"name": "moved"},
        drift=Call("PATCH", f"{_UNITY}/storage-credentials/{{id}}", {"comment": "theirs"}),
    ),
    "databricks_external_location": Case(
        {"name": "every", "url": "s3://b/p", "credential_name": "${databricks_storage_credential.x.id}"},
        changed={"url": "s3://b/q"},
        replaced={"name": "moved"},
        drift=Call("PATCH", f"{_UNITY}/external-locations/{{id}}", {"url": "s3://theirs/p"}),
    ),
    "databricks_mlflow_experiment": Case(
        {"name": "/Shared/every experiment"},
        changed={"name": "/Shared/every experiment, renamed"},
        replaced={"artifact_location": "dbfs:/every"},
        drift=Call("POST", "/api/2.0/mlflow/experiments/update", {"experiment_id": "{id}", "new_name": "/Shared/them"}),
    ),
}
