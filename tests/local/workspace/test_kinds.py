"""Each kind of object through databricks-sdk: create, get, list, update, delete, and the 404 after it."""

from __future__ import annotations

import base64
import json
import time

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service import catalog, compute, dashboards, iam, jobs, settings, sql, workspace

pytestmark = pytest.mark.slow


def test_secrets_go_in_and_never_come_out(client: WorkspaceClient) -> None:
    client.secrets.create_scope("vault", initial_manage_principal="users")
    client.secrets.put_secret("vault", "password", string_value="hunter2")
    client.secrets.put_secret("vault", "bytes", bytes_value="AAEC")
    assert [secret.key for secret in client.secrets.list_secrets("vault")] == ["bytes", "password"]
    with pytest.raises(PermissionDenied):
        client.secrets.get_secret("vault", "password")
    client.secrets.put_acl("vault", "readers", workspace.AclPermission.READ)
    assert client.secrets.get_acl("vault", "readers").permission == workspace.AclPermission.READ
    assert {acl.principal for acl in client.secrets.list_acls("vault")} == {"users", "readers"}
    client.secrets.delete_acl("vault", "readers")
    with pytest.raises(NotFound, match="Failed to get secret acl for principal readers for scope vault"):
        client.secrets.get_acl("vault", "readers")
    client.secrets.delete_secret("vault", "bytes")
    with pytest.raises(ResourceAlreadyExists, match="Scope vault already exists!"):
        client.secrets.create_scope("vault")
    client.secrets.delete_scope("vault")
    assert "vault" not in [scope.name for scope in client.secrets.list_scopes()]
    client.secrets.create_scope("vault")
    assert list(client.secrets.list_secrets("vault")) == [], "a new scope of an old name is empty"
    client.secrets.delete_scope("vault")
    with pytest.raises(NotFound, match="Scope vault does not exist!"):
        list(client.secrets.list_secrets("vault"))


def test_warehouses(client: WorkspaceClient) -> None:
    made = client.warehouses.create(name="wh", cluster_size="2X-Small", auto_stop_mins=10).result()
    assert (made.state, made.auto_stop_mins, made.max_num_clusters) == (sql.State.RUNNING, 10, 1)
    assert made.odbc_params is not None
    assert made.odbc_params.path == f"/sql/1.0/warehouses/{made.id}"
    assert made.id in [source.warehouse_id for source in client.data_sources.list()]
    client.warehouses.edit(made.id, name="wh", cluster_size="Small").result()
    client.warehouses.stop(made.id).result()
    read = client.warehouses.get(made.id)
    assert (read.cluster_size, read.state, read.auto_stop_mins) == ("Small", sql.State.STOPPED, 10)
    assert client.warehouses.start(made.id).result().state == sql.State.RUNNING
    with pytest.raises(InvalidParameterValue, match="already in use"):
        client.warehouses.create(name="wh", cluster_size="Small")
    with pytest.raises(InvalidParameterValue, match="is not a cluster size"):
        client.warehouses.create(name="other", cluster_size="Huge")
    assert [each.id for each in client.warehouses.list() if each.name == "wh"] == [made.id]
    client.warehouses.delete(made.id)
    with pytest.raises(NotFound):
        client.warehouses.get(made.id)


def test_clusters(client: WorkspaceClient) -> None:
    made = client.clusters.create(
        spark_version="16.4.x-scala2.12", cluster_name="c", node_type_id="Standard_DS3_v2", num_workers=1
    ).result()
    assert made.cluster_id is not None
    assert (made.state, made.driver_node_type_id) == (compute.State.RUNNING, "Standard_DS3_v2")
    client.clusters.resize(made.cluster_id, num_workers=3).result()
    client.clusters.edit(made.cluster_id, "15.4.x-scala2.12", cluster_name="renamed", num_workers=2).result()
    read = client.clusters.get(made.cluster_id)
    assert (read.cluster_name, read.spark_version, read.num_workers) == ("renamed", "15.4.x-scala2.12", 2)
    client.clusters.pin(made.cluster_id)
    pinned = client.clusters.list(filter_by=compute.ListClustersFilterBy(is_pinned=True))
    assert [each.cluster_id for each in pinned] == [made.cluster_id]
    client.clusters.delete(made.cluster_id).result()
    assert client.clusters.get(made.cluster_id).state == compute.State.TERMINATED
    with pytest.raises(BadRequest, match="unexpected state TERMINATED"):
        client.clusters.resize(made.cluster_id, num_workers=1)
    client.clusters.start(made.cluster_id).result()
    library = compute.Library(pypi=compute.PythonPyPiLibrary("x==1"))
    client.libraries.install(made.cluster_id, [library])
    assert [status.library for status in client.libraries.cluster_status(made.cluster_id)] == [library]
    with pytest.raises(InvalidParameterValue, match="unpin the cluster first"):
        client.clusters.permanent_delete(made.cluster_id)
    client.clusters.unpin(made.cluster_id)
    client.clusters.permanent_delete(made.cluster_id)
    with pytest.raises(NotFound, match="does not exist"):  # a 400 that the SDK knows as a 404
        client.clusters.get(made.cluster_id)


def test_a_single_user_cluster_belongs_to_its_creator(client: WorkspaceClient) -> None:
    made = client.clusters.create("16.4.x-scala2.12", data_security_mode=compute.DataSecurityMode.SINGLE_USER).result()
    assert made.cluster_id is not None
    assert made.single_user_name == client.current_user.me().user_name
    client.clusters.permanent_delete(made.cluster_id)


def test_offers_of_images_and_nodes(client: WorkspaceClient) -> None:
    assert client.clusters.select_spark_version(long_term_support=True, scala="2.13") == "18.x-scala2.13"
    assert client.clusters.select_node_type(local_disk=True) in [
        each.node_type_id for each in client.clusters.list_node_types().node_types or []
    ]


def test_cluster_policies_keep_their_definition_to_the_byte(client: WorkspaceClient) -> None:
    definition = '{ "b" : {"type":"fixed",\n"value": 20}, "a":{"type":"unlimited"} }'
    made = client.cluster_policies.create(name="policy", definition=definition)
    assert made.policy_id is not None
    assert client.cluster_policies.get(made.policy_id).definition == definition
    client.cluster_policies.edit(made.policy_id, name="policy", definition=definition + " ")
    assert client.cluster_policies.get(made.policy_id).definition == definition + " "
    with pytest.raises(InvalidParameterValue, match="not valid JSON"):
        client.cluster_policies.create(name="bad", definition="{")
    assert [each.policy_id for each in client.cluster_policies.list()] == [made.policy_id]
    client.cluster_policies.delete(made.policy_id)
    with pytest.raises(NotFound):
        client.cluster_policies.get(made.policy_id)


def test_instance_pools(client: WorkspaceClient) -> None:
    made = client.instance_pools.create("pool", "Standard_DS3_v2", max_capacity=5, enable_elastic_disk=True)
    assert made.instance_pool_id is not None
    client.instance_pools.edit(made.instance_pool_id, "pool", "Standard_DS3_v2", max_capacity=6)
    assert client.instance_pools.get(made.instance_pool_id).max_capacity == 6
    assert [each.instance_pool_id for each in client.instance_pools.list()] == [made.instance_pool_id]
    client.instance_pools.delete(made.instance_pool_id)
    with pytest.raises(NotFound):
        client.instance_pools.get(made.instance_pool_id)


def test_queries_and_legacy_alerts(client: WorkspaceClient) -> None:
    query = client.queries.create(
        query=sql.CreateQueryRequestQuery(
            display_name="q", query_text="select 1", warehouse_id="w", description="d", parent_path="/Shared"
        )
    )
    assert query.id is not None
    assert (query.parent_path, query.owner_user_name) == ("/Workspace/Shared", client.current_user.me().user_name)
    changed = client.queries.update(
        query.id, "query_text,description", query=sql.UpdateQueryRequestQuery(query_text="select 2")
    )
    assert (changed.query_text, changed.description, changed.display_name) == ("select 2", None, "q")
    assert client.queries.get(query.id) == changed
    condition = sql.AlertCondition(
        op=sql.AlertOperator.GREATER_THAN,
        operand=sql.AlertConditionOperand(column=sql.AlertOperandColumn(name="v")),
        threshold=sql.AlertConditionThreshold(value=sql.AlertOperandValue(double_value=6)),
    )
    alert = client.alerts.create(
        alert=sql.CreateAlertRequestAlert(display_name="a", query_id=query.id, condition=condition, notify_on_ok=True)
    )
    assert alert.id is not None
    updated = client.alerts.update(alert.id, "display_name", alert=sql.UpdateAlertRequestAlert(display_name="b"))
    assert (updated.display_name, updated.condition, updated.notify_on_ok) == ("b", condition, True)
    assert [each.id for each in client.alerts.list()] == [alert.id]
    assert [each.id for each in client.queries.list()] == [query.id]
    client.alerts.delete(alert.id)
    client.queries.delete(query.id)
    with pytest.raises(NotFound):
        client.queries.get(query.id)
    with pytest.raises(NotFound):
        client.alerts.get(alert.id)


def test_alerts_v2_answer_with_what_was_sent_and_nothing_else(client: WorkspaceClient) -> None:
    sent = sql.AlertV2(
        display_name="stale",
        query_text="select 1 as c",
        warehouse_id="w",
        parent_path="/Shared",
        evaluation=sql.AlertV2Evaluation(
            comparison_operator=sql.ComparisonOperator.GREATER_THAN,
            source=sql.AlertV2OperandColumn(name="c"),
            threshold=sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=0)),
        ),
        schedule=sql.CronSchedule(quartz_cron_schedule="0 0 6 * * ?", timezone_id="UTC"),
    )
    made = client.alerts_v2.create_alert(sent)
    assert made.id is not None
    given = sent.as_dict() | {"parent_path": "/Workspace/Shared"}
    computed = {"id", "create_time", "update_time", "lifecycle_state", "owner_user_name"}
    assert {name: value for name, value in made.as_dict().items() if name not in computed} == given
    sent.custom_summary = "look"
    changed = client.alerts_v2.update_alert(made.id, sent, "custom_summary,display_name")
    assert changed.custom_summary == "look"
    sent.custom_summary = None
    assert client.alerts_v2.update_alert(made.id, sent, "custom_summary").custom_summary is None
    assert [each.id for each in client.alerts_v2.list_alerts()] == [made.id]
    client.alerts_v2.trash_alert(made.id)
    with pytest.raises(NotFound, match=f"Alert with ID '{made.id}' does not exist"):
        client.alerts_v2.get_alert(made.id)


def test_dashboards_change_their_etag_with_every_write(client: WorkspaceClient) -> None:
    content = json.dumps({"datasets": [], "pages": []})
    sent = dashboards.Dashboard(display_name="d", parent_path="/Workspace/Shared", serialized_dashboard=content)
    made = client.lakeview.create(sent)
    assert made.dashboard_id is not None
    assert (made.parent_path, made.path) == ("/Shared", "/Shared/d.lvdash.json")
    assert made.serialized_dashboard == content
    published = client.lakeview.publish(made.dashboard_id, embed_credentials=True, warehouse_id="w")
    assert client.lakeview.get_published(made.dashboard_id) == published
    assert client.lakeview.get(made.dashboard_id).etag == made.etag, "publishing does not change a draft"
    etags = [made.etag]
    for title in ("a", "b", "c"):
        change = dashboards.Dashboard(serialized_dashboard=json.dumps({"title": title}), etag=etags[-1])
        etags.append(client.lakeview.update(made.dashboard_id, change).etag)
    assert len(set(etags)) == 4
    with pytest.raises(Exception, match="its etag is"):
        client.lakeview.update(made.dashboard_id, dashboards.Dashboard(display_name="x", etag=etags[0]))
    with pytest.raises(Exception, match=r"d\.lvdash\.json' already exists"):
        client.lakeview.create(sent)
    assert [each.dashboard_id for each in client.lakeview.list()] == [made.dashboard_id]
    client.lakeview.unpublish(made.dashboard_id)
    client.lakeview.trash(made.dashboard_id)
    with pytest.raises(NotFound):
        client.lakeview.get(made.dashboard_id)


def test_notification_destinations_never_return_their_secrets(client: WorkspaceClient) -> None:
    hook = settings.GenericWebhookConfig(url="https://example.com/secret", username="u", password="p")
    made = client.notification_destinations.create(display_name="hook", config=settings.Config(generic_webhook=hook))
    assert made.id is not None
    read = client.notification_destinations.get(made.id)
    assert read.destination_type == settings.DestinationType.WEBHOOK
    assert read.config is not None
    assert read.config.as_dict() == {"generic_webhook": {"url_set": True, "username_set": True, "password_set": True}}
    mail = settings.Config(email=settings.EmailConfig(addresses=["a@example.com"]))
    client.notification_destinations.update(made.id, config=mail)
    assert client.notification_destinations.get(made.id).config == mail
    assert [each.id for each in client.notification_destinations.list()] == [made.id]
    client.notification_destinations.delete(made.id)
    with pytest.raises(NotFound):
        client.notification_destinations.get(made.id)


def test_experiments(client: WorkspaceClient) -> None:
    key = client.experiments.create_experiment("/Workspace/Shared/churn").experiment_id
    assert key is not None
    read = client.experiments.get_by_name("/Shared/churn").experiment
    assert read is not None
    assert read.experiment_id == key
    client.experiments.update_experiment(key, new_name="/Shared/renamed")
    assert client.experiments.get_experiment(key).experiment.name == "/Shared/renamed"
    client.experiments.set_experiment_tag(key, "team", "data")
    assert [(each.name, [tag.value for tag in each.tags or []]) for each in client.experiments.list_experiments()] == [
        ("/Shared/renamed", ["data"])
    ]
    with pytest.raises(NotFound, match="directory '/Shared/none' not found"):
        client.experiments.create_experiment("/Shared/none/x")
    client.experiments.delete_experiment(key)
    with pytest.raises(NotFound):
        client.experiments.get_experiment(key)


def test_unity_catalog(client: WorkspaceClient) -> None:
    shop = client.catalogs.create("Shop", comment="c", properties={"a": "b"})
    assert (shop.name, shop.owner) == ("shop", client.current_user.me().user_name)
    assert [schema.name for schema in client.schemas.list("shop")] == ["default"]
    client.schemas.delete("shop.default")
    client.schemas.create("bronze", "shop", comment="raw")
    client.schemas.update("shop.bronze", comment="changed")
    assert client.schemas.get("shop.bronze").comment == "changed"
    volume = client.volumes.create("shop", "bronze", "files", catalog.VolumeType.MANAGED)
    client.registered_models.create(catalog_name="shop", schema_name="bronze", name="churn", comment="m")
    assert [each.full_name for each in client.registered_models.list(catalog_name="shop", schema_name="bronze")] == [
        "shop.bronze.churn"
    ]
    assert [each.volume_id for each in client.volumes.list("shop", "bronze")] == [volume.volume_id]
    with pytest.raises(BadRequest, match=r"not empty. The schema has 0 table\(s\), 1 volume\(s\), 1 model\(s\)"):
        client.schemas.delete("shop.bronze")
    with pytest.raises(BadRequest, match="Catalog 'shop' is not empty"):
        client.catalogs.delete("shop")
    with pytest.raises(BadRequest, match="Catalog 'shop' already exists"):
        client.catalogs.create("shop")
    with pytest.raises(InvalidParameterValue, match="not a valid name"):
        client.schemas.create("a.b", "shop")
    with pytest.raises(NotFound, match=r"Schema 'shop\.none' does not exist"):
        client.volumes.create("shop", "none", "v", catalog.VolumeType.MANAGED)
    client.catalogs.update("shop", comment="changed", new_name="shop")
    assert client.catalogs.get("shop").comment == "changed"
    client.catalogs.delete("shop", force=True)
    for gone in (
        lambda: client.catalogs.get("shop"),
        lambda: client.schemas.get("shop.bronze"),
        lambda: client.volumes.read("shop.bronze.files"),
        lambda: client.registered_models.get("shop.bronze.churn"),
    ):
        with pytest.raises(NotFound):
            gone()
    assert client.metastores.current().metastore_id == shop.metastore_id


def test_storage_credentials_and_external_locations(client: WorkspaceClient) -> None:
    role = catalog.AwsIamRoleRequest(role_arn="arn:aws:iam::1:role/x")
    client.storage_credentials.create("cred", aws_iam_role=role)
    made = client.external_locations.create("loc", "s3://b/p", "cred")
    assert made.credential_id == client.storage_credentials.get("cred").id
    client.external_locations.update("loc", url="s3://b/q")
    assert client.external_locations.get("loc").url == "s3://b/q"
    with pytest.raises(BadRequest, match="used by external location"):
        client.storage_credentials.delete("cred")
    client.external_locations.delete("loc")
    client.storage_credentials.delete("cred")
    with pytest.raises(NotFound):
        client.external_locations.create("loc", "s3://b/p", "cred")


def test_grants(client: WorkspaceClient) -> None:
    client.catalogs.create("granted")
    reader = catalog.PermissionsChange(add=[catalog.Privilege.USE_CATALOG, catalog.Privilege.SELECT], principal="users")
    client.grants.update("catalog", "granted", changes=[reader])
    less = catalog.PermissionsChange(remove=[catalog.Privilege.SELECT], principal="users")
    client.grants.update("catalog", "granted", changes=[less])
    held = client.grants.get("catalog", "granted").privilege_assignments or []
    assert [(each.principal, each.privileges) for each in held] == [("users", [catalog.Privilege.USE_CATALOG])]
    client.catalogs.delete("granted", force=True)
    client.catalogs.create("granted")
    assert not client.grants.get("catalog", "granted").privilege_assignments, "privileges go with their object"
    client.catalogs.delete("granted")


def entries(permissions: iam.ObjectPermissions) -> dict[str, list[str]]:
    """Return the direct levels of each principal."""
    return {
        str(each.user_name or each.group_name or each.service_principal_name): [
            str(held.permission_level.value) for held in each.all_permissions or [] if held.permission_level
        ]
        for each in permissions.access_control_list or []
        if not any(held.inherited for held in each.all_permissions or [])
    }


def test_a_warehouse_keeps_its_owner_and_a_new_owner_takes_the_place(client: WorkspaceClient) -> None:
    me = str(client.current_user.me().user_name)
    key = str(client.warehouses.create(name="shared", cluster_size="Small").result().id)
    use = iam.AccessControlRequest(group_name="users", permission_level=iam.PermissionLevel.CAN_USE)
    assert entries(client.permissions.get("sql/warehouses", key)) == {me: ["IS_OWNER"]}
    put = client.permissions.set("sql/warehouses", key, access_control_list=[use])
    assert (put.object_type, put.object_id) == ("warehouses", f"/sql/warehouses/{key}")
    assert entries(put) == {me: ["IS_OWNER"], "users": ["CAN_USE"]}
    other = iam.AccessControlRequest(user_name="New@Example.com", permission_level=iam.PermissionLevel.IS_OWNER)
    patched = client.permissions.update("warehouses", key, access_control_list=[other])
    assert entries(patched) == {"users": ["CAN_USE"], "new@example.com": ["IS_OWNER"]}
    client.warehouses.delete(key)
    with pytest.raises(NotFound):
        client.permissions.get("warehouses", key)


def test_a_job_has_exactly_one_owner(client: WorkspaceClient) -> None:
    key = str(client.jobs.create(name="owned").job_id)
    level = iam.PermissionLevel
    for owners in ([], ["a@example.com", "b@example.com"]):
        requested = [iam.AccessControlRequest(user_name=name, permission_level=level.IS_OWNER) for name in owners]
        with pytest.raises(InvalidParameterValue, match="The job must have exactly one owner"):
            client.permissions.set("jobs", key, access_control_list=requested)
    with pytest.raises(InvalidParameterValue, match="CAN_RUN is not a permission of a job"):
        client.permissions.update(
            "jobs", key, access_control_list=[iam.AccessControlRequest(group_name="g", permission_level=level.CAN_RUN)]
        )
    client.jobs.delete(int(key))


def test_a_run_without_a_driver_fails_and_says_so(client: WorkspaceClient) -> None:
    content = base64.b64encode(b"print(1)").decode()
    client.workspace.import_("/Shared/nb", content=content, language=workspace.Language.PYTHON)
    task = jobs.Task(task_key="a", notebook_task=jobs.NotebookTask("/Shared/nb"))
    key = int(client.jobs.create(name="needs spark", tasks=[task]).job_id or 0)
    started = client.jobs.run_now(key).run_id
    while (run := client.jobs.get_run(started)).end_time in (None, 0):
        time.sleep(0.05)
    assert run.tasks is not None
    said = client.jobs.get_run_output(int(run.tasks[0].run_id or 0)).error
    assert said == "The Spark driver was not started: run the workspace without --no-driver."
    client.jobs.delete(key)
    client.workspace.delete("/Shared/nb")


def test_clearing_a_folder_leaves_the_administrators(client: WorkspaceClient) -> None:
    client.workspace.mkdirs("/Shared/acl")
    key = str(client.workspace.get_status("/Shared/acl").object_id)
    read = iam.AccessControlRequest(group_name="users", permission_level=iam.PermissionLevel.CAN_READ)
    client.permissions.set("directories", key, access_control_list=[read])
    assert entries(client.permissions.get("directories", key)) == {"users": ["CAN_READ"]}
    cleared = client.permissions.set("directories", key)  # PUT {}
    assert [each.group_name for each in cleared.access_control_list or []] == ["admins"]
    assert cleared.object_type == "directory"
    with pytest.raises(NotFound):
        client.permissions.get("notebooks", key)  # the id of a folder, not of a notebook
    client.workspace.delete("/Shared/acl")
