"""Evaluations from schedule to mail, with a driver that answers what it is told and a time that stands still."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.alerts.evaluations import KIND
from local.engine.client import DriverUnavailable
from local.errors import ApiError
from local.jobs import outbox as outgoing
from local.jobs.attempts import Stop
from tests.local.alerts.stand import HOURLY, START, Driver, Workspace
from tests.local.simulated import SimulatedTime


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path, Driver(), SimulatedTime(START))
    made.driver.rows("1")
    yield made
    made.evaluations.stop()


def test_an_alert_through_a_day(workspace: Workspace) -> None:
    workspace.alert(custom_summary="{{ALERT_STATUS}}: {{QUERY_RESULT_VALUE}}")
    assert "state" not in workspace.shown
    for cells in (["1"], ["4", "3"], ["9"], ["5"], ["6"]):
        workspace.driver.rows(*cells)
        workspace.hours(1)
    workspace.driver.fails("table t is gone <now>")
    workspace.hours(2)
    workspace.driver.rows("2")
    workspace.hours(1)
    assert workspace.states == [
        ("OK", False),
        ("TRIGGERED", True),
        ("TRIGGERED", False),
        ("OK", True),
        ("TRIGGERED", True),
        ("ERROR", True),
        ("ERROR", False),
        ("OK", True),
    ]
    subjects = [message["Subject"] for message in workspace.mails()]
    assert subjects == ["TRIGGERED: 7", "OK: 5", "TRIGGERED: 6", "ERROR: null", "OK: 2"]
    assert (workspace.shown["state"], workspace.shown["last_evaluated_at"]) == ("OK", "2024-06-03T08:00:00Z")
    gone = workspace.evaluations.history.of("7")[1]
    assert (gone.message, gone.run_as, gone.value) == ("table t is gone <now>", "me@example.com", None)
    assert gone.due == gone.evaluated_at == int((START + timedelta(hours=7)).timestamp() * 1000)
    error = workspace.mails()[3]
    assert "table t is gone &lt;now&gt;" in error.get_payload()[1].get_payload()  # type: ignore[union-attr]


def test_the_query_goes_to_the_driver_as_it_stands(workspace: Workspace) -> None:
    workspace.alert(run_as={"service_principal_name": "robot"})
    workspace.hours(1)
    asked = workspace.driver.asked[0]
    assert (asked["sql"], asked["row_limit"], asked["parameters"]) == ("select n from t", 100_000, {})
    assert workspace.evaluations.history.of("7")[0].run_as == "robot"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (DriverUnavailable("The Spark driver is starting."), "The Spark driver is starting."),
        (ApiError(500, "INTERNAL_ERROR", "out of memory"), "out of memory"),
        ({"state": "CANCELED"}, "The query was cancelled."),
        ({"state": "SUCCEEDED", "columns": [{"name": "m"}], "rows": [["1"]]}, "no column 'n'"),
    ],
)
def test_what_keeps_an_alert_from_an_answer_is_an_error(workspace: Workspace, answer: Any, message: str) -> None:
    workspace.driver.answer = answer
    workspace.alert()
    workspace.hours(1)
    found = workspace.evaluations.history.of("7")[0]
    assert (found.state, workspace.shown["state"]) == ("ERROR", "ERROR")
    assert message in found.message


def test_a_time_of_the_schedule_is_evaluated_and_told_once(workspace: Workspace) -> None:
    workspace.driver.rows("9")
    workspace.alert()
    workspace.hours(1)
    due = START + timedelta(hours=1)
    workspace.evaluations.evaluate("7", due, Stop())
    again = Workspace(workspace.root, workspace.driver, SimulatedTime(due - timedelta(seconds=1)))
    again.evaluations.start()  # a server that was restarted within the second, or whose clock was set back
    again.hours(0.5)
    again.evaluations.stop()
    assert workspace.states == [("TRIGGERED", True)]
    assert len(workspace.mails()) == 1


def test_a_kill_leaves_an_evaluation_whole_or_absent(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.driver.rows("9")
    workspace.alert()

    def killed(*_: Any) -> bytes:
        raise SystemExit("killed while the mail was put in the outbox")

    due = START + timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "compose", killed)
        with pytest.raises(SystemExit):
            workspace.evaluations.evaluate("7", due, Stop())
    assert workspace.states == []
    assert "state" not in workspace.shown
    assert workspace.mails() == []
    workspace.evaluations.evaluate("7", due, Stop())
    assert workspace.states == [("TRIGGERED", True)]
    assert len(workspace.mails()) == 1


def test_paused_deleted_and_changed_alerts(workspace: Workspace) -> None:
    workspace.alert(schedule=HOURLY | {"pause_status": "PAUSED"})
    workspace.hours(2)
    assert workspace.states == []
    workspace.alert()
    workspace.hours(1)
    workspace.driver.held.set()
    worker = threading.Thread(target=workspace.evaluations.evaluate, args=("7", START + timedelta(days=1), Stop()))
    worker.start()
    while len(workspace.driver.asked) < 2:
        threading.Event().wait(0.001)
    workspace.store.delete(KIND, "7")
    workspace.driver.held.clear()
    worker.join(5)
    assert [state for state, _ in workspace.states] == ["OK"], "deleted while its query ran: nothing is recorded"
    workspace.evaluations.forget("7")
    workspace.hours(3)
    assert workspace.states == []


def test_a_slow_query_is_not_asked_again_and_is_cancelled_by_a_stop(workspace: Workspace) -> None:
    workspace.alert()
    workspace.driver.held.set()
    workspace.time.run_until(START + timedelta(hours=3))
    while not workspace.driver.asked:
        threading.Event().wait(0.01)
    workspace.evaluations.stop()
    assert len(workspace.driver.asked) == 1
    assert len(workspace.driver.cancelled) == 1
    assert workspace.states == []


def test_destinations_are_reached_by_mail_and_webhook(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(workspace.outbox, "post", lambda target, body: called.append((target, body)))
    team = {"email": {"addresses": ["team@x.org", "a@x.org"]}}
    workspace.store.put("notification-destinations", "team", {"config": team})
    hook = {"generic_webhook": {"url": "http://127.0.0.1:9/x"}}
    workspace.store.put("notification-destinations", "hook", {"config": hook})
    alert = workspace.alert()
    wanted = [{"user_email": "a@x.org"}, {"destination_id": "team"}, {"destination_id": "hook"}]
    alert["evaluation"]["notification"] = {"subscriptions": wanted}
    workspace.store.put(KIND, "7", alert)
    workspace.driver.rows("9")
    workspace.hours(1)
    assert [message["To"] for message in workspace.mails()] == ["a@x.org, team@x.org"]
    (target, body), *rest = called
    assert (target.url, rest) == ("http://127.0.0.1:9/x", [])
    assert (body["event"], body["alert"]["alert"]["state"]) == ("alert_state_change", "TRIGGERED")
    assert body["alert"]["title"] == 'Alert "Many" changed status to TRIGGERED'


def test_a_destination_beyond_this_machine_is_named_in_the_log(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    """Production names some: what is deployed must be the same here, and nobody may believe that it was told."""
    workspace.store.put("notification-destinations", "far", {"config": {"slack": {"url": "https://hooks.slack.com/x"}}})
    alert = workspace.alert()
    alert["evaluation"]["notification"] = {"subscriptions": [{"destination_id": "far"}]}
    workspace.store.put(KIND, "7", alert)
    workspace.driver.rows("9")
    workspace.hours(1)
    assert workspace.states == [("TRIGGERED", True)]
    assert workspace.mails() == []
    assert "Destination far of type SLACK not notified" in caplog.text


def test_kills_at_any_moment_lose_nothing_and_tell_nobody_twice_unnoticed(tmp_path: Path) -> None:
    chance = random.Random(7)
    command = [sys.executable, "-m", "tests.local.alerts.stand", str(tmp_path)]
    kills = 6
    for _ in range(kills):
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[3]) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(3, 25)):
                assert process.stdout.readline()
            threading.Event().wait(chance.random() * 0.02)
            process.kill()
    workspace = Workspace(tmp_path, Driver(), SimulatedTime(START))
    found = workspace.evaluations.history.of("7")[::-1]
    hours = [(item.due - int(START.timestamp() * 1000)) // 3_600_000 for item in found]
    assert hours == list(range(1, len(hours) + 1)), "each hour once, none lost"
    assert len(hours) > 2 * kills
    expected = ["OK" if hour < 7 or hour % 2 == 0 else "TRIGGERED" for hour in hours]
    assert [item.state for item in found] == expected
    assert workspace.shown["state"] == expected[-1]
    ids = defaultdict(list)
    for message in workspace.mails():
        ids[message["Subject"]].append(message["Message-ID"])
    assert list(ids) == [item.value for item in found if item.notified], "every one that was to be told, in order"
    assert all(len(set(of_one)) == 1 for of_one in ids.values())
    assert sum(map(len, ids.values())) - len(ids) <= kills
