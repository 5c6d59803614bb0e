"""Changes of objects through databricks-sdk: what was asked changes, the rest stays, what cannot is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue
from databricks.sdk.service import catalog, compute, dashboards, jobs, sql

pytestmark = pytest.mark.slow


def test_a_cluster_changes_by_mask_and_restarts(client: WorkspaceClient) -> None:
    key = str(client.clusters.create("16.4.x-scala2.12", cluster_name="c", num_workers=1).result().cluster_id)
    began = client.clusters.get(key).start_time or 0
    change = compute.UpdateClusterResource(num_workers=4, custom_tags={"team": "data"})
    client.clusters.update(key, "num_workers,custom_tags", cluster=change).result()
    client.clusters.restart(key).result()
    read = client.clusters.get(key)
    assert (read.num_workers, read.custom_tags, read.cluster_name) == (4, {"team": "data"}, "c")
    assert (read.start_time or 0) >= began
    one, two = (compute.Library(pypi=compute.PythonPyPiLibrary(name)) for name in ("x==1", "y==2"))
    client.libraries.install(key, [one, two])
    client.libraries.uninstall(key, [one])
    (status,) = client.libraries.cluster_status(key)
    assert (status.library, status.status) == (two, compute.LibraryInstallStatus.FAILED)
    assert status.messages == ["The local workspace installs no cluster libraries."]
    client.clusters.permanent_delete(key)
    with pytest.raises(InvalidParameterValue, match=f"Cluster {key} does not exist"):
        client.clusters.permanent_delete(key)  # a 400: the SDK knows only that of `get` as a 404


def test_a_volume_a_model_a_credential_and_a_location_change(client: WorkspaceClient) -> None:
    client.catalogs.create("changing")
    client.volumes.create("changing", "default", "v", catalog.VolumeType.MANAGED, comment="old")
    client.volumes.update("changing.default.v", comment="new")
    assert client.volumes.read("changing.default.v").comment == "new"
    client.registered_models.create(catalog_name="changing", schema_name="default", name="m")
    client.registered_models.update("changing.default.m", comment="new")
    assert client.registered_models.get("changing.default.m").comment == "new"
    role = catalog.AwsIamRoleRequest(role_arn="arn:aws:iam::1:role/x")
    client.storage_credentials.create("changing", aws_iam_role=role, comment="old")
    client.storage_credentials.update("changing", comment="new")
    assert client.storage_credentials.get("changing").comment == "new"
    client.storage_credentials.delete("changing")
    with pytest.raises(InvalidParameterValue, match="does not rename a volume"):
        client.volumes.update("changing.default.v", new_name="w")
    with pytest.raises(InvalidParameterValue, match="volume_type is MANAGED without, or EXTERNAL with"):
        client.volumes.create("changing", "default", "w", catalog.VolumeType.EXTERNAL)
    client.catalogs.delete("changing", force=True)
    assert client.metastores.summary().metastore_id == client.metastores.current().metastore_id


def test_experiments_are_found_by_search(client: WorkspaceClient) -> None:
    key = client.experiments.create_experiment("/Shared/searched").experiment_id
    assert [each.experiment_id for each in client.experiments.search_experiments()] == [key]
    client.experiments.delete_experiment(str(key))


def test_a_job_is_reset_updated_and_freed_of_fields(client: WorkspaceClient) -> None:
    task = jobs.Task(task_key="a", condition_task=jobs.ConditionTask(jobs.ConditionTaskOp.EQUAL_TO, "1", "1"))
    key = int(client.jobs.create(name="j", tasks=[task], tags={"team": "data"}, description="d").job_id or 0)
    client.jobs.update(key, new_settings=jobs.JobSettings(timeout_seconds=60), fields_to_remove=["description"])
    changed = client.jobs.get(key).settings
    assert changed is not None
    assert (changed.timeout_seconds, changed.description, changed.tags) == (60, None, {"team": "data"})
    client.jobs.reset(key, jobs.JobSettings(name="other", tasks=[task]))
    reset = client.jobs.get(key).settings
    assert reset is not None
    assert (reset.name, reset.tags, reset.timeout_seconds) == ("other", None, 0)
    lost = jobs.Task(task_key="b", depends_on=[jobs.TaskDependency("none")], condition_task=task.condition_task)
    with pytest.raises(InvalidParameterValue, match="depends on 'none', which does not exist"):
        client.jobs.update(key, new_settings=jobs.JobSettings(tasks=[lost]))
    assert client.jobs.get(key).settings == reset, "a refused change changes nothing"
    client.jobs.delete(key)


def test_every_write_of_a_dashboard_changes_its_etag_and_a_read_does_not(client: WorkspaceClient) -> None:
    content = json.dumps({"pages": [], "datasets": []})
    made = client.lakeview.create(dashboards.Dashboard(display_name="e", serialized_dashboard=content))
    key, etags = str(made.dashboard_id), [made.etag]
    for change in (
        dashboards.Dashboard(serialized_dashboard=content),  # the same content is a write all the same
        dashboards.Dashboard(display_name="f"),
        dashboards.Dashboard(warehouse_id="w"),
    ):
        etags.append(client.lakeview.update(key, change).etag)
        assert client.lakeview.get(key).etag == etags[-1]
    assert len(set(etags)) == len(etags)
    assert [each.etag for each in client.lakeview.list()] == [etags[-1]]
    for wrong, words in (("{", "not valid JSON"), ("[]", "must be a JSON object")):
        with pytest.raises(DatabricksError, match=words):
            client.lakeview.update(key, dashboards.Dashboard(serialized_dashboard=wrong))
    assert client.lakeview.get(key).etag == etags[-1], "a refused write is none"
    client.lakeview.trash(key)


def test_a_changed_alert_or_query_says_when_and_keeps_when_it_was_made(client: WorkspaceClient) -> None:
    """These kinds have no etag: what tells a reader of a change is their time."""
    query = client.queries.create(query=sql.CreateQueryRequestQuery(display_name="q", query_text="select 1"))
    sent = sql.AlertV2(
        display_name="a",
        query_text="select 1 as c",
        warehouse_id="w",
        parent_path="/Workspace/Shared",
        evaluation=sql.AlertV2Evaluation(
            comparison_operator=sql.ComparisonOperator.IS_NULL, source=sql.AlertV2OperandColumn(name="c")
        ),
        schedule=sql.CronSchedule(quartz_cron_schedule="0 0 6 * * ?", timezone_id="UTC"),
    )
    alert = client.alerts_v2.create_alert(sent)
    changed = client.queries.update(str(query.id), "tags", query=sql.UpdateQueryRequestQuery(tags=["x"]))
    sent.query_text = "select 2 as c"
    updated = client.alerts_v2.update_alert(str(alert.id), sent, "query_text")
    assert client.alerts_v2.get_alert(str(alert.id)) == updated
    for before, after in ((query, changed), (alert, updated)):
        assert before.create_time == after.create_time
        assert moment(before.create_time) <= moment(after.update_time) <= datetime.now(UTC)
    client.alerts_v2.trash_alert(str(alert.id))
    client.queries.delete(str(query.id))


def moment(text: str | None) -> datetime:
    return datetime.fromisoformat(str(text))
