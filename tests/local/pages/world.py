"""A small shop deployed through databricks-sdk: data, a job that fails, a query, alerts, a dashboard, files."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs, sql
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.dashboards import Dashboard
from databricks.sdk.service.workspace import ImportFormat, Language

from tests.local.pages import kinds
from tests.local.pages.shop import CHECK, PREPARE, PUBLISH, SETTINGS, dashboard

FOLDER = "/Shared/shop"
SECRET = "correct-horse-battery-staple"
HOSTILE = "<script>alert('job')</script> & \"co\""
REVENUE = """
create table shop.gold.daily_revenue (
  day date comment 'Calendar day', channel string comment 'Where it was sold',
  revenue decimal(12, 2) comment 'Net of returns, EUR', orders int
) comment 'One row per day and channel' tblproperties ('team' = 'data', 'api_token' = 'tok-never-shown')
"""
STATEMENTS = (
    REVENUE,
    "insert into shop.gold.daily_revenue"
    " select date_add(date'2026-06-01', cast(id div 2 as int)), if(id % 2 = 0, 'shop', 'web'),"
    " 900 + 37 * (id % 7) + 210.5 * (id % 2) + 11 * id, 20 + id from range(28)",
    "create table shop.gold.returns (order_id string, reason string)",
    "insert into shop.gold.returns values ('o-1', '<img src=x onerror=alert(1)>'), ('o-2', null)",
    "create view shop.gold.best_days as select day, sum(revenue) as revenue from shop.gold.daily_revenue"
    " group by day order by revenue desc limit 3",
)
BY_CHANNEL = "select channel, sum(revenue) as revenue, sum(orders) as orders\nfrom shop.gold.daily_revenue\n"
BY_CHANNEL += "where day >= :since\ngroup by channel\norder by channel"


@dataclass(frozen=True)
class World:
    """What was deployed, by id, and the SDK client that did it."""

    client: WorkspaceClient
    root: Path
    warehouse: str
    job: int
    hostile_job: int
    run: int
    kinds_run: int
    query: str
    alert: str
    legacy_alert: str
    dashboard: str


def build(client: WorkspaceClient, root: Path) -> World:
    """Deploy it and run each job once: that of the shop to its failure, that of every kind to its success."""
    warehouse = str(client.warehouses.create(name="shop warehouse", cluster_size="Small").result().id)
    client.catalogs.create("shop", comment="Trade of one shop")
    client.schemas.create("gold", "shop", comment="Figures for people")
    client.volumes.create("shop", "gold", "exports", VolumeType.MANAGED)
    client.secrets.create_scope("shop")
    client.secrets.put_secret("shop", "mail-password", string_value=SECRET)
    for statement in STATEMENTS:
        execute(client, warehouse, statement)
    _files(client)
    job, hostile_job = _jobs(client)
    run = int(client.jobs.run_now(job, job_parameters={"day": "2026-06-14"}).run_id or 0)
    query, alert, dashboard = _monitoring(client, warehouse)
    kinds_run = kinds.build(client, warehouse, query)
    legacy_alert = _legacy_alert(client, query)
    _wait(lambda: client.alerts_v2.get_alert(alert).evaluation.state is not None)
    calm = sql.CronSchedule(quartz_cron_schedule="0 30 8 * * ?", timezone_id="UTC")
    client.alerts_v2.update_alert(alert, replace(client.alerts_v2.get_alert(alert), schedule=calm), "schedule")
    for each in (run, kinds_run):
        _wait(lambda each=each: client.jobs.get_run(each).end_time)
    objects = (query, alert, legacy_alert, dashboard)
    return World(client, root, warehouse, job, hostile_job, run, kinds_run, *objects)


def _wait(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 240
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def execute(client: WorkspaceClient, warehouse: str, statement: str) -> list[list[str]]:
    """Run one statement to its end and return its rows."""
    answer = client.statement_execution.execute_statement(
        statement, warehouse, disposition=sql.Disposition.INLINE, wait_timeout="50s"
    )
    while answer.status and answer.status.state in (sql.StatementState.PENDING, sql.StatementState.RUNNING):
        answer = client.statement_execution.get_statement(str(answer.statement_id))
    assert answer.status is not None
    assert answer.status.state == sql.StatementState.SUCCEEDED, answer.status.error
    return (answer.result.data_array or []) if answer.result else []


def _files(client: WorkspaceClient) -> None:
    client.workspace.mkdirs(FOLDER)
    for name, language, source in (
        ("prepare", Language.PYTHON, PREPARE),
        ("check", Language.PYTHON, CHECK),
        ("publish", Language.SQL, PUBLISH),
    ):
        content = base64.b64encode(source.encode()).decode()
        client.workspace.import_(f"{FOLDER}/{name}", content=content, format=ImportFormat.SOURCE, language=language)
    client.workspace.upload(f"{FOLDER}/settings.json", SETTINGS.encode(), format=ImportFormat.AUTO)


def _jobs(client: WorkspaceClient) -> tuple[int, int]:
    def task(key: str, *after: str, **more: object) -> jobs.Task:
        waits = [jobs.TaskDependency(other) for other in after]
        notebook = jobs.NotebookTask(f"{FOLDER}/{key}", base_parameters={"day": "{{job.parameters.day}}"})
        return jobs.Task(task_key=key, notebook_task=notebook, depends_on=waits, **more)  # type: ignore[arg-type]

    failing = client.jobs.create(
        name="daily figures",
        description="Figures of one day, checked before anybody sees them",
        tasks=[
            task("prepare"),
            task("check", max_retries=1, min_retry_interval_millis=0),
            task("publish", "check", "prepare"),
        ],
        parameters=[jobs.JobParameterDefinition(name="day", default="2026-06-01")],
        schedule=jobs.CronSchedule("0 0 7 * * ?", "UTC", pause_status=jobs.PauseStatus.UNPAUSED),
        tags={"team": "data"},
        timeout_seconds=3600,
    )
    hostile = client.jobs.create(
        name=HOSTILE,
        tasks=[task("publish")],
        schedule=jobs.CronSchedule("0 0/10 8-18 ? * MON-FRI", "Europe/Berlin", pause_status=jobs.PauseStatus.PAUSED),
    )
    return int(failing.job_id or 0), int(hostile.job_id or 0)


def _monitoring(client: WorkspaceClient, warehouse: str) -> tuple[str, str, str]:
    since = sql.QueryParameter(name="since", date_value=sql.DateValue(date_value="2026-06-02"))
    query = client.queries.create(
        query=sql.CreateQueryRequestQuery(
            display_name="Revenue by channel",
            description="Since a day",
            query_text=BY_CHANNEL,
            warehouse_id=warehouse,
            parent_path=FOLDER,
            parameters=[since],
        )
    )
    evaluation = sql.AlertV2Evaluation(
        source=sql.AlertV2OperandColumn(name="revenue", aggregation=sql.Aggregation.MIN),
        comparison_operator=sql.ComparisonOperator.LESS_THAN,
        threshold=sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=1500)),
        empty_result_state=sql.AlertEvaluationState.TRIGGERED,
        notification=sql.AlertV2Notification(subscriptions=[sql.AlertV2Subscription(user_email="team@example.com")]),
    )
    alert = client.alerts_v2.create_alert(
        sql.AlertV2(
            display_name="Low revenue",
            query_text="select * from shop.gold.daily_revenue",
            warehouse_id=warehouse,
            evaluation=evaluation,
            schedule=sql.CronSchedule(quartz_cron_schedule="* * * * * ?", timezone_id="UTC"),
            custom_summary="A channel sold less than 1,500 EUR on a day",
            custom_description="Look at <b>the shop</b> first.",
            parent_path=FOLDER,
        )
    )
    text = json.dumps(dashboard())
    draft = client.lakeview.create(
        Dashboard(display_name="Shop", serialized_dashboard=text, warehouse_id=warehouse, parent_path=FOLDER)
    )
    client.lakeview.publish(str(draft.dashboard_id), warehouse_id=warehouse, embed_credentials=True)
    return str(query.id), str(alert.id), str(draft.dashboard_id)


def _legacy_alert(client: WorkspaceClient, query: str) -> str:
    column = sql.AlertConditionOperand(sql.AlertOperandColumn("orders"))
    condition = sql.AlertCondition(
        op=sql.AlertOperator.GREATER_THAN,
        operand=column,
        threshold=sql.AlertConditionThreshold(sql.AlertOperandValue(double_value=250)),
        empty_result_state=sql.AlertState.OK,
    )
    alert = client.alerts.create(
        alert=sql.CreateAlertRequestAlert(
            display_name="Busy channel",
            query_id=query,
            condition=condition,
            custom_subject="More orders than we can pack",
            custom_body="Call <i>the warehouse</i>.",
            parent_path=FOLDER,
        )
    )
    return str(alert.id)
