"""What leaves the workspace: webhooks on this machine, mail to destinations, and messages that outlive a kill."""

from __future__ import annotations

import email
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import InvalidParameterValue
from jobs_harness import PATIENCE_SECONDS, Workspace, task_of

from local.jobs.mail import Postman
from local.jobs.outbox import Outbox
from local.jobs.webhook import Target
from local.store import Store


class Hook:
    """An HTTP server that notes what it is sent."""

    def __init__(self) -> None:
        self.calls: list[tuple[str | None, dict[str, Any]]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                hook.calls.append((self.headers["authorization"], body))
                self.send_response(hook.status)
                if hook.status == 302:
                    self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.calls) < count:
            assert time.monotonic() < deadline, self.calls
            time.sleep(0.02)
        return [body for _, body in self.calls]


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


def destination(workspace: Workspace, key: str, **config: Any) -> dict[str, str]:
    store = Store(workspace.root / "state.db")
    store.put("notification-destinations", key, {"id": key, "display_name": key, "config": config})
    return {"id": key}


def test_jobs_and_tasks_call_webhooks_and_mail_to_destinations(own: Workspace, hook: Hook) -> None:
    called = destination(own, "hook", generic_webhook={"url": hook.url, "username": "u", "password": "p"})
    mailed = destination(own, "team", email={"addresses": ["team@x.org"]})
    hooks = {"on_start": [called], "on_failure": [called, mailed]}
    bad = own.task("bad", settings={"webhook_notifications": {"on_failure": [called]}}, fail_times=9)
    run = own.ended(own.start(bad, name="nightly", webhook_notifications=hooks))
    start, task_failed, failed = hook.wait(3)
    job = {"job_id": str(run.job_id), "name": "nightly"}
    common = {"workspace_id": "1", "job": job}
    assert start == {"event_type": "jobs.on_start", "run": {"run_id": str(run.run_id)}, **common}
    ids = {"run_id": str(task_of(run, "bad").run_id), "parent_run_id": str(run.run_id)}
    assert task_failed == {"event_type": "jobs.on_failure", "task": {"task_key": "bad"}, "run": ids, **common}
    assert failed == {"event_type": "jobs.on_failure", "run": {"run_id": str(run.run_id)}, **common}
    assert hook.calls[0][0] == "Basic dTpw"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := list((own.root / "mail").glob("*.eml"))):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    message = email.message_from_bytes(found[0].read_bytes())
    assert (message["To"], message["Subject"]) == ("team@x.org", f"Job nightly failed (run {run.run_id})")


@pytest.mark.parametrize(
    ("config", "logged"),
    [
        ({"slack": {"url": "https://hooks.slack.com/x"}}, "far of type SLACK not notified"),
        ({"pagerduty": {"integration_key": "k"}}, "far of type PAGERDUTY not notified"),
        ({"generic_webhook": {"url": "https://example.org/hook"}}, "example.org not called"),
        ({"generic_webhook": {"url": "http://localhost.example.org/hook"}}, "localhost.example.org not called"),
        ({"generic_webhook": {"url": "http://127.0.0.1@example.org/"}}, "example.org not called"),
        ({"generic_webhook": {"url": "ftp://127.0.0.1/"}}, "not called"),
        ({"generic_webhook": {"url": "http://[::1/"}}, "not called"),
        ({"generic_webhook": {"url": "http://127.0.0.1:99999/"}}, "not called"),
    ],
)
def test_destinations_beyond_this_machine_are_kept_and_never_called(
    own: Workspace, config: dict[str, Any], logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    named = destination(own, "far", **config)
    own.ended(own.start(own.task("a"), webhook_notifications={"on_success": [named]}))
    own.jobs.outbox.stop()
    assert logged in caplog.text


def test_an_event_has_three_destinations_at_most(shared: Workspace) -> None:
    mails = [destination(shared, f"m{number}", email={"addresses": ["a@x.org"]}) for number in range(4)]
    with pytest.raises(InvalidParameterValue, match="at most 3 destinations, not 4"):
        shared.job(shared.task("a"), webhook_notifications={"on_failure": mails})


def test_a_webhook_that_fails_is_logged(own: Workspace, hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    called = destination(own, "hook", generic_webhook={"url": hook.url})
    for calls, status in enumerate((500, 302), start=1):
        hook.status = status
        own.ended(own.start(own.task("a"), webhook_notifications={"on_start": [called]}))
        hook.wait(calls)
    own.jobs.outbox.stop()
    assert "'500 Internal Server Error'" in caplog.text
    assert "'302 Found'" in caplog.text


def boxes(root: Path) -> Outbox:
    return Outbox(Store(root / "state.db"), Postman(root / "mail", None))


def kept(root: Path) -> list[Any]:
    found = sorted((root / "mail").glob("*.eml")) if (root / "mail").exists() else []
    return [email.message_from_bytes(path.read_bytes()) for path in found]


def test_messages_outlive_a_kill_and_leave_once(tmp_path: Path, hook: Hook) -> None:
    killed = boxes(tmp_path)  # its thread is never started, as if the process ended first
    killed.mail(["a@x.org"], "one", "text")
    killed.post(Target(hook.url), {"n": 1})
    killed.mail(["a@x.org", "b@x.org"], "two", "text", "<p>text</p>")
    assert kept(tmp_path) == []
    for _ in range(2):
        again = boxes(tmp_path)
        again.start()
        again.stop()
    assert [message["Subject"] for message in kept(tmp_path)] == ["one", "two"]
    assert [part.get_content_type() for part in kept(tmp_path)[1].get_payload()] == ["text/plain", "text/html"]
    assert hook.wait(1) == [{"n": 1}]


def test_a_message_that_cannot_be_sent_keeps_back_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Postbox(Postman):
        def deliver(self, recipients: Any, message: bytes) -> None:
            if "bad@x.org" in recipients:
                raise RuntimeError("cannot be sent")
            super().deliver(recipients, message)

    store = Store(tmp_path / "state.db")
    outbox = Outbox(store, Postbox(tmp_path / "mail", None))
    outbox.mail(["bad@x.org"], "one", "text")
    outbox.mail(["a@x.org"], "two", "text")
    outbox.start()
    outbox.stop()
    assert [message["Subject"] for message in kept(tmp_path)] == ["two"]
    assert [row["kind"] for row in store.query("select kind from outbox")] == ["failed"]
    assert "cannot be sent and stays in the outbox" in caplog.text


def test_a_message_goes_with_the_transaction_it_was_put_in(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    outbox = Outbox(store, Postman(tmp_path / "mail", None))

    def decide(then_fail: bool) -> None:
        with store.write():
            outbox.mail(["a@x.org"], f"failed: {then_fail}", "text")
            if then_fail:
                raise RuntimeError("the decision was not made")

    decide(then_fail=False)
    with pytest.raises(RuntimeError):
        decide(then_fail=True)
    outbox.start()
    outbox.stop()
    assert [message["Subject"] for message in kept(tmp_path)] == ["failed: False"]


def test_a_mail_sent_twice_by_a_kill_can_be_told_by_its_id(tmp_path: Path) -> None:
    first = boxes(tmp_path)
    first.mail(["a@x.org"], "one", "text")
    row = Store(tmp_path / "state.db").query("select content from outbox")[0]
    Postman(tmp_path / "mail", None).deliver(["a@x.org"], bytes(row["content"]))  # and killed before it was noted
    again = boxes(tmp_path)
    again.start()
    again.stop()
    one, two = kept(tmp_path)
    assert one["Message-ID"] == two["Message-ID"]
