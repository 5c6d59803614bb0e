"""Alerts on the real server: typed calls of databricks-sdk, queries by Spark, mails through an SMTP server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service import jobs, sql

from local.alerts.history import History
from local.store import Store
from local.workspace.process import RunningWorkspace
from tests.inbox import Inbox

pytestmark = pytest.mark.slow
ME = "watch@x.org"
TRIGGERED = sql.AlertEvaluationState.TRIGGERED
EVERY_TEN_SECONDS = sql.CronSchedule("0/10 * * * * ?", "UTC", sql.SchedulePauseStatus.UNPAUSED)
AGES = "select * from values ('orders', 48), ('items <b>', 3) as t(name, age)"


@pytest.fixture(scope="module")
def client(spark_server: RunningWorkspace) -> Iterator[WorkspaceClient]:
    client = WorkspaceClient(host=spark_server.host, token=spark_server.token, auth_type="pat")
    yield client
    for alert in client.alerts_v2.list_alerts():
        client.alerts_v2.trash_alert(str(alert.id))


@pytest.fixture(scope="module")
def warehouse(client: WorkspaceClient) -> str:
    made = client.warehouses.create(name="alerts", cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=10)
    return str(made.id)


def alert(name: str, query: str, warehouse: str = "w", **changes: Any) -> sql.AlertV2:
    """Return an alert on MAX(age) > 24 that mails to me."""
    evaluation: dict[str, Any] = {
        "source": sql.AlertV2OperandColumn("age", aggregation=sql.Aggregation.MAX),
        "comparison_operator": sql.ComparisonOperator.GREATER_THAN,
        "threshold": sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=24)),
        "notification": sql.AlertV2Notification(
            notify_on_ok=True, subscriptions=[sql.AlertV2Subscription(user_email=ME)]
        ),
    }
    return sql.AlertV2(
        display_name=name,
        query_text=query,
        warehouse_id=warehouse,
        schedule=EVERY_TEN_SECONDS,
        parent_path="/Workspace/Shared",
        custom_summary="{{ALERT_NAME}} {{ALERT_STATUS}}",
        custom_description="{{ALERT_COLUMN}}={{QUERY_RESULT_VALUE}} {{QUERY_RESULT_TABLE}}",
        evaluation=sql.AlertV2Evaluation(**{**evaluation, **changes}),
    )


def until(holds: Callable[[], Any], seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_alerts_from_creation_to_mail(
    client: WorkspaceClient, spark_server: RunningWorkspace, inbox: Inbox, warehouse: str
) -> None:
    alerts = client.alerts_v2
    statements = {
        "old": alert("old", AGES, warehouse),
        "fine": alert("fine", f"{AGES} where age < 24", warehouse),
        "lost": alert("lost", "select age from no_such_table", warehouse),
        "nowhere": alert("nowhere", AGES, "gone"),
        "empty": alert(
            "empty", f"{AGES} where age > 99", warehouse, empty_result_state=sql.AlertEvaluationState.TRIGGERED
        ),
    }
    made = {name: alerts.create_alert(body) for name, body in statements.items()}
    assert {item.evaluation.state for item in made.values()} == {None}

    def states() -> dict[str, str]:
        shown = {name: alerts.get_alert(str(item.id)).evaluation for name, item in made.items()}
        return {name: found.state.value for name, found in shown.items() if found.state}

    expected = {"old": "TRIGGERED", "fine": "OK", "lost": "ERROR", "nowhere": "ERROR", "empty": "TRIGGERED"}
    until(lambda: len(states()) == len(expected))
    assert states() == expected
    assert alerts.get_alert(str(made["old"].id)).evaluation.last_evaluated_at is not None
    until(lambda: len(inbox.subjects(ME)) == 4)
    assert sorted(inbox.subjects(ME)) == ["empty TRIGGERED", "lost ERROR", "nowhere ERROR", "old TRIGGERED"]
    by_subject = {str(message["Subject"]): message.get_payload() for message in inbox.to(ME)}
    text, html = (part.get_payload(decode=True).decode() for part in by_subject["old TRIGGERED"])
    assert text.startswith("MAX(age)=48 name")
    assert "items <b> | 3" in text
    assert "<td>items &lt;b&gt;</td><td>3</td>" in html
    assert f'href="{spark_server.host}/alerts/{made["old"].id}"' in html
    assert "no_such_table" in by_subject["lost ERROR"][0].get_payload(decode=True).decode()

    assert "SQL warehouse gone does not exist" in by_subject["nowhere ERROR"][0].get_payload(decode=True).decode()

    better = alert("old", f"{AGES} where age < 24", warehouse)
    changed = alerts.update_alert(str(made["old"].id), better, "query_text")
    assert changed.evaluation.state == sql.AlertEvaluationState.TRIGGERED, "a change does not evaluate"
    until(lambda: "old OK" in inbox.subjects(ME))
    history = History(Store(spark_server.root / "state.db")).of(str(made["old"].id))
    assert [item.state for item in history if item.notified] == ["OK", "TRIGGERED"]
    assert len({item.due for item in history}) == len(history)
    assert all(item.due % 10_000 == 0 for item in history)
    assert {item.run_as for item in history} == {changed.owner_user_name}
    assert len(inbox.subjects(ME)) == 5, "nobody is told twice"


def test_a_legacy_alert_from_its_query_to_the_mail_of_a_task(
    client: WorkspaceClient, inbox: Inbox, warehouse: str
) -> None:
    wanted = sql.CreateQueryRequestQuery(display_name="ages", query_text=AGES, warehouse_id=warehouse)
    query = str(client.queries.create(query=wanted).id)

    def watch(column: str, subscriber: str) -> jobs.Task:
        condition = sql.AlertCondition(
            op=sql.AlertOperator.GREATER_THAN,
            operand=sql.AlertConditionOperand(sql.AlertOperandColumn(column)),
            threshold=sql.AlertConditionThreshold(sql.AlertOperandValue(double_value=24)),
        )
        made = client.alerts.create(
            alert=sql.CreateAlertRequestAlert(
                display_name=f"old {column}",
                query_id=query,
                condition=condition,
                custom_subject="{{ALERT_NAME}} {{ALERT_STATUS}}",
                custom_body="{{ALERT_COLUMN}}={{QUERY_RESULT_VALUE}} {{QUERY_RESULT_TABLE}}",
            )
        )
        named = jobs.SqlTaskAlert(str(made.id), subscriptions=[jobs.SqlTaskSubscription(user_name=subscriber)])
        return jobs.Task(column, sql_task=jobs.SqlTask(warehouse, alert=named))

    job = client.jobs.create(name="watch", tasks=[watch("age", "job@x.org"), watch("no_such_column", "none@x.org")])
    run_id = int(client.jobs.run_now(int(job.job_id or 0)).run_id or 0)
    until(lambda: client.jobs.get_run(run_id).end_time)
    tasks = {task.task_key: int(task.run_id or 0) for task in client.jobs.get_run(run_id).tasks or []}
    found = client.jobs.get_run_output(tasks["age"]).sql_output.alert_output
    assert (found.alert_state, found.query_text) == (jobs.SqlAlertState.TRIGGERED, AGES)
    until(lambda: inbox.subjects("job@x.org"))
    (mail,) = inbox.to("job@x.org")
    assert mail["Subject"] == "old age TRIGGERED"
    text, html = (part.get_payload(decode=True).decode() for part in mail.get_payload())
    assert text.startswith("age=48 name")
    assert f'href="{found.output_link}"' in html
    lost = client.jobs.get_run_output(tasks["no_such_column"])
    assert lost.error == "The query returned no column 'no_such_column', only name, age."
    assert lost.sql_output.alert_output.alert_state == jobs.SqlAlertState.UNKNOWN
    assert inbox.subjects("none@x.org") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": None}, "must have a value or a column"),
        ({"source": sql.AlertV2OperandColumn("")}, "evaluation.source.name"),
        ({"notification": sql.AlertV2Notification(retrigger_seconds=-1)}, "retrigger_seconds"),
        ({"notification": sql.AlertV2Notification(subscriptions=[sql.AlertV2Subscription()])}, "exactly one of user"),
        (
            {"notification": sql.AlertV2Notification(subscriptions=[sql.AlertV2Subscription(destination_id="x")])},
            "destination x does not exist",
        ),
    ],
)
def test_alerts_that_could_never_work_are_refused(client: WorkspaceClient, change: Any, message: str) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        client.alerts_v2.create_alert(alert("bad", AGES, **change))


def test_schedules_that_could_never_work_are_refused(client: WorkspaceClient) -> None:
    late = alert("bad", AGES)
    late.schedule = sql.CronSchedule("0 7 * * *", "UTC")
    with pytest.raises(InvalidParameterValue, match="Invalid quartz_cron_expression"):
        client.alerts_v2.create_alert(late)
