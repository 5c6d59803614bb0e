"""Access lists of every kind that has one: levels, owners, administrators, entries that come and go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service import dashboards, iam, jobs, sql, workspace

from local.workspace.process import RunningWorkspace

pytestmark = pytest.mark.slow
Level = iam.PermissionLevel


@dataclass(frozen=True)
class Securable:
    """A kind as the API calls it in its URL and in its answer, who holds it at first, and a level it knows."""

    object_type: str
    holds: str | None
    level: Level
    owned: bool = False


KINDS = {
    "clusters": Securable("cluster", "CAN_MANAGE", Level.CAN_RESTART),
    "cluster-policies": Securable("cluster-policy", None, Level.CAN_USE),
    "instance-pools": Securable("instance-pool", "CAN_MANAGE", Level.CAN_ATTACH_TO),
    "jobs": Securable("job", "IS_OWNER", Level.CAN_MANAGE_RUN, owned=True),
    "notebooks": Securable("notebook", "CAN_MANAGE", Level.CAN_RUN),
    "directories": Securable("directory", "CAN_MANAGE", Level.CAN_READ),
    "files": Securable("file", "CAN_MANAGE", Level.CAN_EDIT),
    "sql/warehouses": Securable("warehouses", "IS_OWNER", Level.CAN_MONITOR, owned=True),
    "warehouses": Securable("warehouses", "IS_OWNER", Level.CAN_USE, owned=True),
    "sql/queries": Securable("query", "CAN_MANAGE", Level.CAN_VIEW),
    "sql/alerts": Securable("alert", "CAN_MANAGE", Level.CAN_VIEW),
    "alertsv2": Securable("alertv2", "CAN_MANAGE", Level.CAN_RUN),
    "dashboards": Securable("dashboard", "CAN_MANAGE", Level.CAN_READ),
    "experiments": Securable("mlflowExperiment", "CAN_MANAGE", Level.CAN_READ),
}


@pytest.fixture(scope="module")
def ids(client: WorkspaceClient) -> Iterator[dict[str, str]]:
    """One object of each kind."""
    client.workspace.mkdirs("/Shared/access")
    raw, python = workspace.ImportFormat.RAW, workspace.Language.PYTHON
    client.workspace.import_("/Shared/access/file", content="", format=raw)
    client.workspace.import_("/Shared/access/notebook", content="", language=python)
    status = {name: str(client.workspace.get_status(f"/Shared/access{name}").object_id) for name in PATHS.values()}
    wanted = sql.CreateQueryRequestQuery(display_name="q", query_text="select 1", parent_path="/Shared/access")
    query = str(client.queries.create(query=wanted).id)
    alert = sql.CreateAlertRequestAlert(
        display_name="a", query_id=query, condition=sql.AlertCondition(), parent_path="/Shared/access"
    )
    second = sql.AlertV2(
        display_name="a",
        query_text="select 1 as c",
        warehouse_id="w",
        parent_path="/Shared/access",
        evaluation=sql.AlertV2Evaluation(
            comparison_operator=sql.ComparisonOperator.IS_NULL, source=sql.AlertV2OperandColumn(name="c")
        ),
        schedule=sql.CronSchedule(quartz_cron_schedule="0 0 6 * * ?", timezone_id="UTC"),
    )
    shown = dashboards.Dashboard(display_name="d", parent_path="/Shared/access", serialized_dashboard="{}")
    first, other = (client.warehouses.create(name=name, cluster_size="Small").result().id for name in ("a", "b"))
    made = {
        "clusters": str(client.clusters.create("16.4.x-scala2.12", num_workers=1).result().cluster_id),
        "cluster-policies": str(client.cluster_policies.create(name="access", definition="{}").policy_id),
        "instance-pools": str(client.instance_pools.create("access", "Standard_DS3_v2").instance_pool_id),
        "jobs": str(client.jobs.create(name="access").job_id),
        "sql/warehouses": str(first),
        "warehouses": str(other),
        "sql/queries": query,
        "sql/alerts": str(client.alerts.create(alert=alert).id),
        "alertsv2": str(client.alerts_v2.create_alert(second).id),
        "dashboards": str(client.lakeview.create(shown).dashboard_id),
        "experiments": str(client.experiments.create_experiment("/Shared/access/e").experiment_id),
    }
    yield made | {kind: status[name] for kind, name in PATHS.items()}
    client.clusters.permanent_delete(made["clusters"])
    client.cluster_policies.delete(made["cluster-policies"])
    client.instance_pools.delete(made["instance-pools"])
    client.jobs.delete(int(made["jobs"]))
    client.warehouses.delete(made["warehouses"])
    client.warehouses.delete(made["sql/warehouses"])
    client.workspace.delete("/Shared/access", recursive=True)


PATHS = {"directories": "", "files": "/file", "notebooks": "/notebook"}


def direct(permissions: iam.ObjectPermissions) -> dict[str, list[str]]:
    """Return the levels that each principal holds on the object itself."""
    return {
        str(each.user_name or each.group_name or each.service_principal_name): [
            held.permission_level.value for held in each.all_permissions or [] if held.permission_level
        ]
        for each in permissions.access_control_list or []
        if not any(held.inherited for held in each.all_permissions or [])
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_access_list_is_read_replaced_extended_and_refused(
    client: WorkspaceClient, ids: dict[str, str], kind: str
) -> None:
    securable, key, me = KINDS[kind], ids[kind], str(client.current_user.me().user_name)
    first = client.permissions.get(kind, key)
    assert first.object_type == securable.object_type
    assert direct(first) == ({me: [securable.holds]} if securable.holds else {})
    inherited = [each.group_name for each in first.access_control_list or [] if each.group_name]
    assert inherited == ["admins"], "administrators are there, inherited, also when nobody named them"
    levels = client.permissions.get_permission_levels(kind, key).permission_levels or []
    assert securable.level in [each.permission_level for each in levels]
    owner = [iam.AccessControlRequest(user_name=me, permission_level=Level.IS_OWNER)] if securable.owned else []
    users = iam.AccessControlRequest(group_name="users", permission_level=securable.level)
    put = client.permissions.set(kind, key, access_control_list=[*owner, users])
    assert direct(put) == {**({me: ["IS_OWNER"]} if securable.owned else {}), "users": [securable.level.value]}
    robot = iam.AccessControlRequest(service_principal_name="robot", permission_level=securable.level)
    patched = client.permissions.update(kind, key, access_control_list=[robot])
    assert direct(patched) == direct(put) | {"robot": [securable.level.value]}
    assert direct(client.permissions.get(kind, key)) == direct(patched)
    wrong = iam.AccessControlRequest(group_name="users", permission_level=Level.CAN_QUERY)
    with pytest.raises(InvalidParameterValue, match=f"CAN_QUERY is not a permission of a {securable.object_type}"):
        client.permissions.update(kind, key, access_control_list=[wrong])
    nobody = iam.AccessControlRequest(permission_level=securable.level)
    with pytest.raises(InvalidParameterValue, match="must name exactly one of"):
        client.permissions.set(kind, key, access_control_list=[nobody])
    assert direct(client.permissions.get(kind, key)) == direct(patched), "a refused change changes nothing"
    with pytest.raises(NotFound):
        client.permissions.get(kind, "404")
    if not securable.owned:
        assert direct(client.permissions.set(kind, key)) == {}  # how the provider clears a list


def test_an_access_list_goes_with_its_object(client: WorkspaceClient) -> None:
    """Ids of paths come again when a file of that name is written again: its readers must not."""
    put = workspace.ImportFormat.RAW
    for readers in (["users"], []):
        client.workspace.import_("/Shared/again", content="", format=put)
        key = str(client.workspace.get_status("/Shared/again").object_id)
        assert "users" not in direct(client.permissions.get("files", key))
        for group in readers:
            read = iam.AccessControlRequest(group_name=group, permission_level=Level.CAN_READ)
            client.permissions.set("files", key, access_control_list=[read])
        client.workspace.delete("/Shared/again")


def test_every_version_of_the_jobs_api_answers_alike(client: WorkspaceClient) -> None:
    """The provider still imports jobs, and makes jobs without tasks, through 2.0."""
    for version in ("2.0", "2.1"):
        do, base = client.api_client.do, f"/api/{version}/jobs"
        key = do("POST", f"{base}/create", body={"name": "versioned"})["job_id"]
        do("POST", f"{base}/update", body={"job_id": key, "new_settings": {"description": "d"}})
        assert do("GET", f"{base}/get", query={"job_id": key})["settings"]["description"] == "d"
        task = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
        do("POST", f"{base}/reset", body={"job_id": key, "new_settings": {"name": "versioned", "tasks": [task]}})
        assert [each["job_id"] for each in do("GET", f"{base}/list", query={"name": "versioned"})["jobs"]] == [key]
        run = do("POST", f"{base}/run-now", body={"job_id": key})["run_id"]
        ended = client.jobs.wait_get_run_job_terminated_or_skipped(run)
        assert ended.state is not None
        assert ended.state.result_state == jobs.RunResultState.SUCCESS
        assert do("GET", f"{base}/runs/get", query={"run_id": run})["state"]["result_state"] == "SUCCESS"
        task_run = (ended.tasks or [])[0].run_id
        said = do("GET", f"{base}/runs/get-output", query={"run_id": task_run})
        assert said["metadata"]["state"]["result_state"] == "SUCCESS"
        assert [each["run_id"] for each in do("GET", f"{base}/runs/list", query={"job_id": key})["runs"]] == [run]
        do("POST", f"{base}/runs/cancel", body={"run_id": run})  # of one that has ended: nothing happens
        do("POST", f"{base}/runs/cancel-all", body={"job_id": key})
        do("POST", f"{base}/runs/delete", body={"run_id": run})
        with pytest.raises(NotFound):
            do("GET", f"{base}/runs/get", query={"run_id": run})
        do("POST", f"{base}/delete", body={"job_id": key})
        with pytest.raises(NotFound, match=f"Job {key} does not exist"):
            do("GET", f"{base}/get", query={"job_id": key})


def test_every_version_repairs_a_failed_run_and_exports_its_page(
    client: WorkspaceClient, server: RunningWorkspace
) -> None:
    client.workspace.import_("/Shared/failing", content="", language=workspace.Language.PYTHON)
    task = jobs.Task(task_key="a", notebook_task=jobs.NotebookTask("/Shared/failing"))
    key = int(client.jobs.create(name="failing", tasks=[task]).job_id or 0)
    run = int(client.jobs.run_now(key).run_id or 0)
    repairs = []
    for version in ("2.0", "2.1", "2.2"):
        do, base = client.api_client.do, f"/api/{version}/jobs/runs"
        ended = over(client, run)
        assert ended.state is not None
        assert ended.state.result_state == jobs.RunResultState.FAILED, "there is no Spark behind this workspace"
        attempt = (ended.tasks or [])[-1].run_id
        page = server.root / "runs" / str(attempt) / "output.html"
        page.parent.mkdir(mode=0o700, exist_ok=True)
        page.touch(mode=0o600)
        page.write_text(f"<p>{version}</p>")
        view = do("GET", f"{base}/export", query={"run_id": attempt})["views"][0]
        assert view == {"type": "NOTEBOOK", "name": "failing", "content": f"<p>{version}</p>"}
        again = {"run_id": run, "rerun_all_failed_tasks": True, "latest_repair_id": repairs[-1] if repairs else 0}
        repairs.append(do("POST", f"{base}/repair", body=again)["repair_id"])
    over(client, run)
    history = client.jobs.get_run(run, include_history=True).repair_history or []
    assert [each.id for each in history if each.id] == repairs
    client.jobs.cancel_all_runs(job_id=key)  # none is active: nothing happens
    client.jobs.delete_run(run)
    client.jobs.delete(key)
    client.workspace.delete("/Shared/failing")


def over(client: WorkspaceClient, run: int) -> jobs.Run:
    """Return a run that has ended, however: the SDK's own wait raises for one that failed."""
    deadline = time.monotonic() + 20
    while not (found := client.jobs.get_run(run)).end_time:
        assert time.monotonic() < deadline, found.state
        time.sleep(0.02)
    return found
