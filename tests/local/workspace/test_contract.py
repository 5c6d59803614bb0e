"""What every kind of object has in common, through databricks-sdk: pages, words of errors, access lists, order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, DatabricksError, NotFound, ResourceAlreadyExists
from databricks.sdk.service import catalog, dashboards, jobs, settings, sql, workspace

pytestmark = pytest.mark.slow
NONE = "00000000-0000-0000-0000-000000000000"
CONDITION = sql.AlertCondition(
    op=sql.AlertOperator.GREATER_THAN,
    operand=sql.AlertConditionOperand(column=sql.AlertOperandColumn(name="v")),
    threshold=sql.AlertConditionThreshold(value=sql.AlertOperandValue(double_value=6)),
)


def alert_v2(name: str) -> sql.AlertV2:
    return sql.AlertV2(
        display_name=name,
        query_text="select 1 as c",
        warehouse_id="w",
        parent_path="/Workspace/Shared",
        evaluation=sql.AlertV2Evaluation(
            comparison_operator=sql.ComparisonOperator.IS_NULL, source=sql.AlertV2OperandColumn(name="c")
        ),
        schedule=sql.CronSchedule(quartz_cron_schedule="0 0 6 * * ?", timezone_id="UTC"),
    )


@dataclass(frozen=True)
class Kind:
    """How a kind is made, listed in pages of one, and deleted; `field` is how the wire calls the size of a page."""

    path: str
    field: str
    make: Callable[[WorkspaceClient, str], Any]
    ids: Callable[[WorkspaceClient], list[Any]]
    delete: Callable[[WorkspaceClient, Any], Any]
    newest_first: bool = False


def query(client: WorkspaceClient, name: str) -> str:
    wanted = sql.CreateQueryRequestQuery(display_name=name, query_text="select 1", warehouse_id="w")
    return str(client.queries.create(query=wanted).id)


def hook(client: WorkspaceClient, name: str) -> str:
    mail = settings.Config(email=settings.EmailConfig(addresses=["a@example.com"]))
    return str(client.notification_destinations.create(display_name=name, config=mail).id)


def legacy_alert(client: WorkspaceClient, name: str) -> str:
    wanted = sql.CreateAlertRequestAlert(display_name=name, query_id=query(client, name), condition=CONDITION)
    return str(client.alerts.create(alert=wanted).id)


def delete_legacy_alert(client: WorkspaceClient, key: str) -> None:
    asked = client.alerts.get(key).query_id
    client.alerts.delete(key)
    client.queries.delete(str(asked))


def credential(client: WorkspaceClient, name: str) -> str:
    role = catalog.AwsIamRoleRequest(role_arn="arn:aws:iam::1:role/x")
    return str(client.storage_credentials.create(name, aws_iam_role=role).name)


def dashboard(client: WorkspaceClient, name: str) -> str:
    wanted = dashboards.Dashboard(display_name=name, parent_path="/Shared", serialized_dashboard="{}")
    return str(client.lakeview.create(wanted).dashboard_id)


IN = ("paged", "schema")
UC = "/api/2.1/unity-catalog"
KINDS = {
    "warehouses": Kind(
        "/api/2.0/sql/warehouses",
        "page_size",
        lambda c, name: c.warehouses.create(name=name, cluster_size="Small").result().id,
        lambda c: [each.id for each in c.warehouses.list(page_size=1)],
        lambda c, key: c.warehouses.delete(key),
    ),
    "clusters": Kind(
        "/api/2.1/clusters/list",
        "page_size",
        lambda c, name: c.clusters.create("16.4.x-scala2.12", cluster_name=name, num_workers=1).result().cluster_id,
        lambda c: [each.cluster_id for each in c.clusters.list(page_size=1)],
        lambda c, key: c.clusters.permanent_delete(key),
    ),
    "jobs": Kind(
        "/api/2.2/jobs/list",
        "limit",
        lambda c, name: c.jobs.create(name=name).job_id,
        lambda c: [each.job_id for each in c.jobs.list(limit=1)],
        lambda c, key: c.jobs.delete(key),
        newest_first=True,
    ),
    "queries": Kind(
        "/api/2.0/sql/queries",
        "page_size",
        query,
        lambda c: [each.id for each in c.queries.list(page_size=1)],
        lambda c, key: c.queries.delete(key),
    ),
    "alerts": Kind(
        "/api/2.0/sql/alerts",
        "page_size",
        legacy_alert,
        lambda c: [each.id for each in c.alerts.list(page_size=1)],
        delete_legacy_alert,
    ),
    "alerts v2": Kind(
        "/api/2.0/alerts",
        "page_size",
        lambda c, name: c.alerts_v2.create_alert(alert_v2(name)).id,
        lambda c: [each.id for each in c.alerts_v2.list_alerts(page_size=1)],
        lambda c, key: c.alerts_v2.trash_alert(key),
    ),
    "dashboards": Kind(
        "/api/2.0/lakeview/dashboards",
        "page_size",
        dashboard,
        lambda c: [each.dashboard_id for each in c.lakeview.list(page_size=1)],
        lambda c, key: c.lakeview.trash(key),
    ),
    "destinations": Kind(
        "/api/2.0/notification-destinations",
        "page_size",
        hook,
        lambda c: [each.id for each in c.notification_destinations.list(page_size=1)],
        lambda c, key: c.notification_destinations.delete(key),
    ),
    "experiments": Kind(
        "/api/2.0/mlflow/experiments/list",
        "max_results",
        lambda c, name: c.experiments.create_experiment(f"/Shared/{name}").experiment_id,
        lambda c: [each.experiment_id for each in c.experiments.list_experiments(max_results=1)],
        lambda c, key: c.experiments.delete_experiment(key),
    ),
    "catalogs": Kind(
        f"{UC}/catalogs",
        "max_results",
        lambda c, name: c.catalogs.create(name).name,
        lambda c: [each.name for each in c.catalogs.list(max_results=1)],
        lambda c, key: c.catalogs.delete(key, force=True),
    ),
    "schemas": Kind(
        f"{UC}/schemas?catalog_name=paged",
        "max_results",
        lambda c, name: c.schemas.create(name, "paged").full_name,
        lambda c: [each.full_name for each in c.schemas.list("paged", max_results=1) if each.name not in IN[1:]],
        lambda c, key: c.schemas.delete(key),
    ),
    "volumes": Kind(
        f"{UC}/volumes?catalog_name=paged&schema_name=schema",
        "max_results",
        lambda c, name: c.volumes.create(*IN, name, catalog.VolumeType.MANAGED).full_name,
        lambda c: [each.full_name for each in c.volumes.list(*IN, max_results=1)],
        lambda c, key: c.volumes.delete(key),
    ),
    "models": Kind(
        f"{UC}/models?catalog_name=paged&schema_name=schema",
        "max_results",
        lambda c, n: c.registered_models.create(catalog_name=IN[0], schema_name=IN[1], name=n).full_name,
        lambda c: [
            each.full_name for each in c.registered_models.list(catalog_name=IN[0], schema_name=IN[1], max_results=1)
        ],
        lambda c, key: c.registered_models.delete(key),
    ),
    "credentials": Kind(
        f"{UC}/storage-credentials",
        "max_results",
        credential,
        lambda c: [each.name for each in c.storage_credentials.list(max_results=1)],
        lambda c, key: c.storage_credentials.delete(key),
    ),
    "locations": Kind(
        f"{UC}/external-locations",
        "max_results",
        lambda c, name: c.external_locations.create(name, f"s3://b/{name}", "paged").name,
        lambda c: [each.name for each in c.external_locations.list(max_results=1)],
        lambda c, key: c.external_locations.delete(key),
    ),
}


@pytest.fixture(scope="module")
def surroundings(client: WorkspaceClient) -> Iterator[None]:
    """A catalog and schema to make volumes in, a credential to make locations of."""
    client.catalogs.create("paged")
    client.schemas.delete("paged.default")
    client.schemas.create("schema", "paged")
    credential(client, "paged")
    yield
    client.storage_credentials.delete("paged", force=True)
    client.catalogs.delete("paged", force=True)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_lists_come_in_pages_whole_and_in_order(client: WorkspaceClient, surroundings: None, kind: Kind) -> None:
    before = kind.ids(client)
    made = [kind.make(client, f"page{number}") for number in range(3)]
    try:
        listed = [key for key in kind.ids(client) if key not in before]
        assert listed == (made[::-1] if kind.newest_first else made)
        join = "&" if "?" in kind.path else "?"
        first: Any = client.api_client.do("GET", f"{kind.path}{join}{kind.field}=1")
        assert [len(value) for value in first.values() if isinstance(value, list)] == [1]
        assert first["next_page_token"], "without it a client would think that this was all"
        wrong = f"{kind.path}{join}page_token=none"
        with pytest.raises(BadRequest, match="page_token"):
            client.api_client.do("GET", wrong)
    finally:
        for key in made:
            kind.delete(client, key)
    assert kind.ids(client) == before


MISSING: dict[str, tuple[Callable[[WorkspaceClient], Any], str]] = {
    "warehouse": (lambda c: c.warehouses.get(NONE), f"SQL warehouse {NONE} does not exist."),
    "warehouse edit": (lambda c: c.warehouses.edit(NONE, name="x"), f"SQL warehouse {NONE} does not exist."),
    "warehouse delete": (lambda c: c.warehouses.delete(NONE), f"SQL warehouse {NONE} does not exist."),
    "cluster": (lambda c: c.clusters.get("no"), "Cluster no does not exist"),
    "policy": (lambda c: c.cluster_policies.get("no"), "Can't find a cluster policy with id: no."),
    "policy delete": (lambda c: c.cluster_policies.delete("no"), "Can't find a cluster policy with id: no."),
    "pool": (lambda c: c.instance_pools.get("no"), "Can't find an instance pool with id: no."),
    "pool delete": (lambda c: c.instance_pools.delete("no"), "Can't find an instance pool with id: no."),
    "job": (lambda c: c.jobs.get(404), "Job 404 does not exist."),
    "job reset": (lambda c: c.jobs.reset(404, jobs.JobSettings(name="x")), "Job 404 does not exist."),
    "job update": (lambda c: c.jobs.update(404, new_settings=jobs.JobSettings()), "Job 404 does not exist."),
    "job delete": (lambda c: c.jobs.delete(404), "Job 404 does not exist."),
    "job run": (lambda c: c.jobs.run_now(404), "Job 404 does not exist."),
    "run": (lambda c: c.jobs.get_run(404), "Run 404 does not exist."),
    "query": (lambda c: c.queries.get(NONE), f"Query {NONE} does not exist."),
    "query delete": (lambda c: c.queries.delete(NONE), f"Query {NONE} does not exist."),
    "alert": (lambda c: c.alerts.get(NONE), f"Alert {NONE} does not exist."),
    "alert delete": (lambda c: c.alerts.delete(NONE), f"Alert {NONE} does not exist."),
    "alert v2": (lambda c: c.alerts_v2.get_alert(NONE), f"Alert with ID '{NONE}' does not exist."),
    "alert v2 update": (
        lambda c: c.alerts_v2.update_alert(NONE, alert_v2("x"), "display_name"),
        f"Alert with ID '{NONE}' does not exist.",
    ),
    "alert v2 delete": (lambda c: c.alerts_v2.trash_alert(NONE), f"Alert with ID '{NONE}' does not exist."),
    "dashboard": (lambda c: c.lakeview.get("no"), "Unable to find dashboard with id no."),
    "dashboard update": (
        lambda c: c.lakeview.update("no", dashboards.Dashboard()),
        "Unable to find dashboard with id no.",
    ),
    "dashboard delete": (lambda c: c.lakeview.trash("no"), "Unable to find dashboard with id no."),
    "dashboard publish": (lambda c: c.lakeview.publish("no"), "Unable to find dashboard with id no."),
    "destination": (lambda c: c.notification_destinations.get("no"), "Notification destination no not found."),
    "experiment": (lambda c: c.experiments.get_experiment("no"), "No Experiment with id=no exists"),
    "scope": (lambda c: c.secrets.delete_scope("no"), "Scope no does not exist!"),
    "secret": (lambda c: c.secrets.put_secret("no", "k", string_value="v"), "Scope no does not exist!"),
    "catalog": (lambda c: c.catalogs.get("no"), "Catalog 'no' does not exist."),
    "catalog delete": (lambda c: c.catalogs.delete("no"), "Catalog 'no' does not exist."),
    "schema": (lambda c: c.schemas.get("no.no"), "Schema 'no.no' does not exist."),
    "schema in no catalog": (lambda c: c.schemas.create("x", "no"), "Catalog 'no' does not exist."),
    "volume": (lambda c: c.volumes.read("no.no.no"), "Volume 'no.no.no' does not exist."),
    "model": (lambda c: c.registered_models.get("no.no.no"), "Registered model 'no.no.no' does not exist."),
    "credential": (lambda c: c.storage_credentials.get("no"), "Storage Credential 'no' does not exist."),
    "location": (lambda c: c.external_locations.get("no"), "External Location 'no' does not exist."),
    "grants": (lambda c: c.grants.get("catalog", "no"), "Catalog 'no' does not exist."),
    "path": (lambda c: c.workspace.get_status("/Shared/no"), "Path (/Shared/no) doesn't exist."),
    "path delete": (lambda c: c.workspace.delete("/Shared/no"), "Path (/Shared/no) doesn't exist."),
    "path export": (lambda c: c.workspace.export("/Shared/no"), "Path (/Shared/no) doesn't exist."),
    "path list": (lambda c: list(c.workspace.list("/Shared/no")), "Path (/Shared/no) doesn't exist."),
    "permissions": (lambda c: c.permissions.get("jobs", "404"), "Job with ID 404 does not exist."),
    "query in no folder": (
        lambda c: c.queries.create(
            query=sql.CreateQueryRequestQuery(display_name="x", query_text="x", parent_path="/Shared/no")
        ),
        "The parent folder (/Shared/no) does not exist.",
    ),
    "file in no folder": (
        lambda c: c.workspace.import_("/Shared/no/x", content="", format=workspace.ImportFormat.RAW),
        "The parent folder (/Shared/no) does not exist.",
    ),
}


@pytest.mark.parametrize(("ask", "words"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_a_404_in_the_services_words(
    client: WorkspaceClient, ask: Callable[[WorkspaceClient], Any], words: str
) -> None:
    with pytest.raises(NotFound) as caught:
        ask(client)
    assert str(caught.value) == words


TAKEN: dict[str, tuple[type[DatabricksError], str]] = {
    "warehouses": (BadRequest, "Warehouse name `taken` is already in use"),
    "experiments": (ResourceAlreadyExists, "Node named '/Shared/taken' already exists"),
    "dashboards": (ResourceAlreadyExists, "Node named 'taken.lvdash.json' already exists"),
    "catalogs": (BadRequest, "Catalog 'taken' already exists"),
    "schemas": (BadRequest, "Schema 'paged.taken' already exists"),
    "volumes": (BadRequest, "Volume 'paged.schema.taken' already exists"),
    "models": (BadRequest, "Registered model 'paged.schema.taken' already exists"),
    "credentials": (BadRequest, "Storage Credential 'taken' already exists"),
    "locations": (BadRequest, "External Location 'taken' already exists"),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_taken_name_is_refused_in_the_services_words(client: WorkspaceClient, surroundings: None, kind: str) -> None:
    error, words = TAKEN[kind]
    made = KINDS[kind].make(client, "taken")
    try:
        with pytest.raises(error) as caught:
            KINDS[kind].make(client, "taken")
        assert str(caught.value) == words
    finally:
        KINDS[kind].delete(client, made)
