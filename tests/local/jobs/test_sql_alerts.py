"""SQL tasks that evaluate legacy alerts: typed calls of databricks-sdk, a driver that answers 7, a real mail server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service import jobs, sql
from databricks.sdk.service.settings import Config, EmailConfig, GenericWebhookConfig
from jobs_harness import FakeDriver, Workspace, results, serving, task_of

from local.alerts.history import Evaluation, History
from local.jobs.webhook import Target
from local.services import Services
from local.store import Store
from local.workspace.api import destinations, queries
from tests.inbox import Inbox, receiving

SEVEN = "select :least as n"
ME = "watch@x.org"
TELL_ME = [jobs.SqlTaskSubscription(user_name=ME)]
TRIGGERED, OK, UNKNOWN = jobs.SqlAlertState.TRIGGERED, jobs.SqlAlertState.OK, jobs.SqlAlertState.UNKNOWN


@dataclass(frozen=True)
class Stand:
    """A workspace that mails, and the legacy alerts of a test."""

    workspace: Workspace
    inbox: Inbox

    def query(self, text: str = SEVEN) -> str:
        least = sql.QueryParameter(name="least", numeric_value=sql.NumericValue(value=3))
        wanted = sql.CreateQueryRequestQuery(
            display_name="seven", query_text=text, warehouse_id="w", parameters=[least], catalog="shop", schema="gold"
        )
        return str(self.workspace.client.queries.create(query=wanted).id)

    def alert(self, above: float = 5, text: str = SEVEN, column: str = "n", **more: Any) -> str:
        """Create an alert on the first n above a number; return its id."""
        return str(
            self.workspace.client.alerts.create(
                alert=sql.CreateAlertRequestAlert(
                    display_name="Many", query_id=self.query(text), condition=is_above(above, column), **more
                )
            ).id
        )

    def move(self, alert: str, above: float) -> None:
        """Change the threshold of an alert."""
        changed = sql.UpdateAlertRequestAlert(condition=is_above(above))
        self.workspace.client.alerts.update(alert, "condition", alert=changed)

    def job(self, alert: str, *more: jobs.Task, **task: Any) -> int:
        """Create a job with one task that evaluates an alert; return its id."""
        named = jobs.SqlTaskAlert(alert, **task)
        watch = jobs.Task("watch", sql_task=jobs.SqlTask("w", alert=named))
        return int(self.workspace.client.jobs.create(name="watch", tasks=[watch, *more]).job_id or 0)

    def run(self, job_id: int, ends: str = "SUCCESS") -> jobs.RunOutput:
        """Run a job to its end; return what its task left."""
        run = self.workspace.ended(self.workspace.run_now(job_id))
        assert results(run)["watch"] == ends
        return self.workspace.client.jobs.get_run_output(task_of(run, "watch").run_id)

    def state(self, job_id: int) -> jobs.SqlAlertState | None:
        """Run a job; return the state that the alert was found in."""
        output = self.run(job_id).sql_output
        assert output is not None
        assert output.alert_output is not None
        return output.alert_output.alert_state

    def history(self, alert: str) -> list[Evaluation]:
        return History(Store(self.workspace.root / "state.db")).of(alert)[::-1]

    def subjects(self) -> list[str]:
        """Return what has been mailed to me, when all that waits has left."""
        store, deadline = Store(self.workspace.root / "state.db"), time.monotonic() + 30
        while store.query("select 1 from outbox"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self.inbox.subjects(ME)


def is_above(number: float, column: str = "n") -> sql.AlertCondition:
    return sql.AlertCondition(
        op=sql.AlertOperator.GREATER_THAN,
        operand=sql.AlertConditionOperand(sql.AlertOperandColumn(column)),
        threshold=sql.AlertConditionThreshold(sql.AlertOperandValue(double_value=number)),
    )


def watching(services: Services) -> list[Any]:
    """Return the routes that alerts need beside those of jobs."""
    return [*queries.routes(services), *destinations.routes(services)]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with receiving() as inbox, serving(tmp_path, FakeDriver(), ("127.0.0.1", inbox.port), watching) as workspace:
        yield Stand(workspace, inbox)


def test_an_alert_that_triggers_does_not_fail_its_task_and_mails_its_subscribers(stand: Stand) -> None:
    alert = stand.alert(custom_subject="{{ALERT_NAME}} {{ALERT_STATUS}}", custom_body="{{ALERT_COLUMN}} {{ALERT_URL}}")
    output = stand.run(stand.job(alert, subscriptions=TELL_ME))
    assert (output.error, output.sql_output.query_output) == (None, None)
    found = output.sql_output.alert_output
    page = f"{stand.workspace.url}/alerts/{alert}"
    key = f"{output.metadata.run_id}-0"
    assert found == jobs.SqlAlertOutput(TRIGGERED, page, SEVEN, [jobs.SqlStatementOutput(key)], "w")
    assert stand.subjects() == ["Many TRIGGERED"]
    text, _ = (part.get_payload(decode=True).decode() for part in stand.inbox.to(ME)[0].get_payload())  # type: ignore[union-attr]
    assert text.startswith(f"n {page}")
    kept = stand.workspace.client.alerts.get(alert)
    assert kept.state == sql.AlertState.TRIGGERED
    assert kept.trigger_time is not None
    (one,) = stand.history(alert)
    assert (one.state, one.value, one.threshold, one.notified, one.run_as) == (
        "TRIGGERED",
        "7",
        "5",
        True,
        "dev@example.com",
    )


def test_the_query_runs_as_it_was_saved(stand: Stand) -> None:
    output = stand.run(stand.job(stand.alert()))
    (body,) = stand.workspace.driver.bodies
    assert body["id"] == f"{output.metadata.run_id}-0"
    assert (body["sql"], body["catalog"], body["schema"]) == (SEVEN, "shop", "gold")
    assert body["parameters"] == [{"name": "least", "value": "3", "type": "DOUBLE"}]


def test_a_quiet_alert_tells_nobody(stand: Stand) -> None:
    alert = stand.alert(above=9)
    assert stand.state(stand.job(alert, subscriptions=TELL_ME)) == OK
    assert stand.subjects() == []
    kept = stand.workspace.client.alerts.get(alert)
    assert (kept.state, kept.trigger_time) == (sql.AlertState.OK, None)


def test_a_trigger_is_told_once_until_the_alert_was_ok_again(stand: Stand) -> None:
    alert = stand.alert(notify_on_ok=True)
    job = stand.job(alert, subscriptions=TELL_ME)
    assert [stand.state(job), stand.state(job)] == [TRIGGERED, TRIGGERED]
    stand.move(alert, above=9)
    assert [stand.state(job), stand.state(job)] == [OK, OK]
    stand.move(alert, above=5)
    assert stand.state(job) == TRIGGERED
    changes = [f'Alert "Many" changed status to {state}' for state in ("TRIGGERED", "OK", "TRIGGERED")]
    assert stand.subjects() == changes
    assert [one.notified for one in stand.history(alert)] == [True, False, True, False, True]


def test_an_alert_that_retriggers_tells_again_and_one_without_notify_on_ok_keeps_silent(stand: Stand) -> None:
    alert = stand.alert(seconds_to_retrigger=1)
    job = stand.job(alert, subscriptions=TELL_ME)
    assert stand.state(job) == TRIGGERED
    time.sleep(1.1)
    assert stand.state(job) == TRIGGERED
    stand.move(alert, above=9)
    assert stand.state(job) == OK
    assert stand.subjects() == 2 * ['Alert "Many" changed status to TRIGGERED']


def test_paused_subscriptions_are_told_nothing_until_they_go_on(stand: Stand) -> None:
    alert = stand.alert()
    paused = stand.job(alert, subscriptions=TELL_ME, pause_subscriptions=True)
    assert stand.state(paused) == TRIGGERED
    assert stand.subjects() == []
    assert [one.notified for one in stand.history(alert)] == [False]
    assert stand.state(stand.job(alert, subscriptions=TELL_ME)) == TRIGGERED
    assert stand.subjects() == ['Alert "Many" changed status to TRIGGERED']
    assert stand.workspace.client.alerts.get(alert).state == sql.AlertState.TRIGGERED


def test_destinations_are_reached_by_mail_and_webhook(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[Target, Any]] = []
    monkeypatch.setattr(stand.workspace.jobs.outbox, "post", lambda target, body: called.append((target, body)))
    make = stand.workspace.client.notification_destinations.create
    team = make(display_name="team", config=Config(email=EmailConfig(addresses=[ME])))
    hook = make(display_name="hook", config=Config(generic_webhook=GenericWebhookConfig(url="http://127.0.0.1:9/x")))
    named = [jobs.SqlTaskSubscription(destination_id=each.id) for each in (team, hook)]
    assert stand.state(stand.job(stand.alert(), subscriptions=named)) == TRIGGERED
    assert stand.subjects() == ['Alert "Many" changed status to TRIGGERED']
    ((target, body),) = called
    assert target.url == "http://127.0.0.1:9/x"
    assert (
        body["alert"]["alert"] | {"name": "Many", "state": "TRIGGERED", "query_text": SEVEN, "warehouse_id": "w"}
        == (body["alert"]["alert"])
    )


def test_a_failing_query_fails_the_task_with_its_message(stand: Stand) -> None:
    alert = stand.alert(text="select * from boom; select 1")
    output = stand.run(stand.job(alert, subscriptions=TELL_ME), ends="FAILED")
    assert output.error == "no such table boom"
    assert output.sql_output.alert_output.alert_state == UNKNOWN
    assert len(output.sql_output.alert_output.sql_statements) == 1
    assert stand.workspace.client.alerts.get(alert).state == sql.AlertState.UNKNOWN
    assert [(one.state, one.message) for one in stand.history(alert)] == [("UNKNOWN", "no such table boom")]
    assert stand.subjects() == []


def test_a_column_that_the_query_does_not_return_fails_the_task(stand: Stand) -> None:
    alert = stand.alert(column="m")
    output = stand.run(stand.job(alert), ends="FAILED")
    assert output.error == "The query returned no column 'm', only n."
    assert output.sql_output.alert_output.alert_state == UNKNOWN
    assert stand.workspace.client.alerts.get(alert).state == sql.AlertState.UNKNOWN


@pytest.mark.parametrize(("empty", "state"), [(None, UNKNOWN), (sql.AlertState.TRIGGERED, TRIGGERED)])
def test_no_rows_are_what_the_alert_says_they_are(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, empty: sql.AlertState | None, state: jobs.SqlAlertState
) -> None:
    answer = {"state": "SUCCEEDED", "columns": [{"name": "n", "type_name": "INT"}], "rows": []}
    monkeypatch.setattr(stand.workspace.driver, "statement", lambda key, _: stand.workspace.driver.finish(key, answer))
    condition = is_above(5)
    condition.empty_result_state = empty
    wanted = sql.CreateAlertRequestAlert(display_name="Many", query_id=stand.query(), condition=condition)
    alert = str(stand.workspace.client.alerts.create(alert=wanted).id)
    assert stand.state(stand.job(alert)) == state


def test_another_task_can_refer_to_the_state(stand: Stand) -> None:
    asked = jobs.ConditionTask(jobs.ConditionTaskOp.EQUAL_TO, "{{tasks.watch.output.alert_state}}", "TRIGGERED")
    fires = jobs.Task("fires", depends_on=[jobs.TaskDependency("watch")], condition_task=asked)
    run = stand.workspace.ended(stand.workspace.run_now(stand.job(stand.alert(), fires)))
    assert task_of(run, "fires").condition_task.outcome == "true"


def test_what_is_no_legacy_alert_is_refused_with_its_id_and_what_to_name(stand: Stand) -> None:
    Store(stand.workspace.root / "state.db").put("alertsv2", "new", {"id": "new"})
    for alert, said in (
        ("nowhere", "Alert nowhere does not exist: name the id of a legacy alert, as /api/2.0/sql/alerts lists them."),
        ("new", "Alert new is an alert v2, which a sql_task cannot name: name a legacy alert (/api/2.0/sql/alerts)"),
    ):
        error = stand.run(stand.job(alert), ends="FAILED").error
        assert error is not None
        assert said in error
        assert "\n" not in error


def test_an_alert_that_can_never_be_evaluated_is_refused_before_its_query_runs(stand: Stand) -> None:
    nothing = sql.AlertCondition(op=sql.AlertOperator.GREATER_THAN)
    wanted = sql.CreateAlertRequestAlert(display_name="Many", query_id=stand.query(), condition=nothing)
    alert = str(stand.workspace.client.alerts.create(alert=wanted).id)
    assert "source.name" in str(stand.run(stand.job(alert), ends="FAILED").error)
    assert stand.workspace.driver.bodies == []


def test_an_alert_whose_query_was_deleted_fails_its_task(stand: Stand) -> None:
    alert = stand.alert()
    query = str(stand.workspace.client.alerts.get(alert).query_id)
    stand.workspace.client.queries.delete(query)
    assert stand.run(stand.job(alert), ends="FAILED").error == f"Query {query} does not exist."


def test_a_task_with_an_alert_takes_no_parameters(stand: Stand) -> None:
    named = jobs.SqlTask("w", alert=jobs.SqlTaskAlert(stand.alert()), parameters={"least": "4"})
    job = stand.workspace.client.jobs.create(name="watch", tasks=[jobs.Task("watch", sql_task=named)])
    assert "takes no parameters" in str(stand.run(int(job.job_id or 0), ends="FAILED").error)


@pytest.mark.parametrize(
    ("subscription", "message"),
    [
        (jobs.SqlTaskSubscription(), "exactly one of user_name and destination_id"),
        (jobs.SqlTaskSubscription(user_name=ME, destination_id="x"), "exactly one of user_name and destination_id"),
        (jobs.SqlTaskSubscription(user_name="no address"), "'no address' is not an e-mail address"),
        (jobs.SqlTaskSubscription(destination_id="x"), "notification destination x does not exist"),
    ],
)
def test_subscriptions_that_reach_nobody_are_refused_with_their_job(
    stand: Stand, subscription: jobs.SqlTaskSubscription, message: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=message) as refused:
        stand.job("any", subscriptions=[subscription])
    assert str(refused.value).startswith("task 'watch': sql_task.alert.subscriptions: ")


def test_a_deleted_alert_takes_its_history_with_it(stand: Stand) -> None:
    alert = stand.alert()
    job = stand.job(alert)
    stand.run(job)
    assert len(stand.history(alert)) == 1
    stand.workspace.client.alerts.delete(alert)
    assert stand.history(alert) == []
    with pytest.raises(NotFound):
        stand.workspace.client.alerts.get(alert)


def test_a_cancelled_evaluation_leaves_no_trace(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand.workspace.driver, "statement", lambda *_: None)
    alert = stand.alert()
    run_id = stand.workspace.run_now(stand.job(alert, subscriptions=TELL_ME))
    while not stand.workspace.driver.bodies:
        time.sleep(0.01)
    stand.workspace.client.jobs.cancel_run(run_id)
    assert results(stand.workspace.ended(run_id)) == {"watch": "CANCELED"}
    assert stand.history(alert) == []
    assert stand.workspace.client.alerts.get(alert).state is None


def test_a_driver_that_dies_leaves_the_state_unknown(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand.workspace.driver, "statement", lambda *_: stand.workspace.driver.kill())
    alert = stand.alert()
    run = stand.workspace.ended(stand.workspace.run_now(stand.job(alert)))
    assert task_of(run, "watch").status.termination_details.code.value == "DRIVER_ERROR"
    assert stand.workspace.client.alerts.get(alert).state == sql.AlertState.UNKNOWN


def test_a_workspace_that_stops_during_an_evaluation_leaves_no_trace(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand.workspace.driver, "statement", lambda *_: None)
    monkeypatch.setattr(stand.workspace.driver, "finish", lambda *_: stand.workspace.driver.kill())
    alert = stand.alert()
    run_id = stand.workspace.run_now(stand.job(alert, subscriptions=TELL_ME))
    while not stand.workspace.driver.bodies:
        time.sleep(0.01)
    stand.workspace.jobs.stop()
    assert results(stand.workspace.ended(run_id)) == {"watch": "FAILED"}
    assert stand.history(alert) == []
    assert stand.workspace.client.alerts.get(alert).state is None
