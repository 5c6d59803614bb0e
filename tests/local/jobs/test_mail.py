"""Email notifications through a real SMTP server."""

from __future__ import annotations

import email
import time
from collections.abc import Iterator
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from jobs_harness import PATIENCE_SECONDS, FakeDriver, Workspace, serving

from tests.inbox import Inbox, receiving


@pytest.fixture
def mailing(tmp_path: Path) -> Iterator[tuple[Workspace, Inbox]]:
    with receiving() as inbox, serving(tmp_path, FakeDriver(), ("127.0.0.1", inbox.port)) as workspace:
        yield workspace, inbox


EVERY = {name: [f"{name}@x.org"] for name in ("on_start", "on_success", "on_failure")}


def test_start_success_and_failure_are_mailed_to_those_who_asked(mailing: tuple[Workspace, Inbox]) -> None:
    workspace, inbox = mailing
    good = workspace.ended(workspace.start(workspace.task("a"), name="good", email_notifications=EVERY))
    bad = workspace.ended(workspace.start(workspace.task("a", fail_times=9), name="bad", email_notifications=EVERY))
    inbox.wait(4)
    assert inbox.subjects("on_start@x.org") == [
        f"Job good started (run {good.run_id})",
        f"Job bad started (run {bad.run_id})",
    ]
    assert inbox.subjects("on_success@x.org") == [f"Job good succeeded (run {good.run_id})"]
    assert inbox.subjects("on_failure@x.org") == [f"Job bad failed (run {bad.run_id})"]
    text = inbox.messages[-1].get_payload()
    assert "Result: FAILED (RUN_EXECUTION_ERROR)" in text
    assert f"{workspace.url}/jobs/{bad.job_id}/runs/{bad.run_id}" in text


def test_a_handled_failure_counts_as_success(mailing: tuple[Workspace, Inbox]) -> None:
    workspace, inbox = mailing
    tasks = [workspace.task("a", fail_times=9), workspace.task("b", ["a"], {"run_if": "ALL_DONE"})]
    run = workspace.ended(workspace.start(*tasks, email_notifications=EVERY))
    assert run.state.result_state.value == "SUCCESS_WITH_FAILURES"
    inbox.wait(2)
    assert (len(inbox.subjects("on_success@x.org")), inbox.subjects("on_failure@x.org")) == (1, [])


def test_a_slow_run_and_a_slow_task_are_mailed_once(mailing: tuple[Workspace, Inbox]) -> None:
    workspace, inbox = mailing
    slow = {
        "health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 1}]},
        "email_notifications": {"on_duration_warning_threshold_exceeded": ["slow@x.org"]},
    }
    patient = {**slow, "health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 30}]}}
    workspace.ended(workspace.start(workspace.task("a", settings=slow, sleep=2.5), name="n", **slow))
    workspace.ended(workspace.start(workspace.task("a", settings=patient), **patient))
    inbox.wait(2)
    subjects = [subject.partition(" (")[0] for subject in inbox.subjects("slow@x.org")]
    assert sorted(subjects) == ["Job n is slower than expected", "Task a of job n is slower than expected"]


def test_task_failures_are_mailed_for_each_attempt_or_the_last_only(mailing: tuple[Workspace, Inbox]) -> None:
    workspace, inbox = mailing
    each = {"max_retries": 2, "email_notifications": {"on_failure": ["each@x.org"]}}
    last = {"email_notifications": {"on_failure": ["last@x.org"], "on_start": ["start@x.org"]}}
    last |= {"max_retries": 2, "notification_settings": {"alert_on_last_attempt": True}}
    tasks = [workspace.task("a", settings=each, fail_times=9), workspace.task("b", settings=last, fail_times=9)]
    workspace.ended(workspace.start(*tasks))
    inbox.wait(5)
    counts = [len(inbox.subjects(f"{name}@x.org")) for name in ("each", "last", "start")]
    assert counts == [3, 1, 1]


def test_skipped_and_cancelled_runs_are_silent_on_request(mailing: tuple[Workspace, Inbox]) -> None:
    workspace, inbox = mailing
    loud = {"on_failure": ["f@x.org"]}
    quiet = {**loud, "no_alert_for_skipped_runs": True}
    for mails in (quiet, loud):
        settings = {"no_alert_for_canceled_runs": mails is quiet}
        job_id = workspace.job(
            workspace.task("a", sleep=30), email_notifications=mails, notification_settings=settings, name="n"
        )
        first, second = workspace.run_now(job_id), workspace.run_now(job_id)
        workspace.client.jobs.cancel_run(first)
        assert workspace.ended(first).state.result_state.value == "CANCELED"
        assert workspace.ended(second).state.life_cycle_state.value == "SKIPPED"
    inbox.wait(2)
    assert len(inbox.messages) == 2


def test_iterations_of_a_loop_are_told_as_the_task_they_are(mailing: tuple[Workspace, Inbox]) -> None:
    workspace, inbox = mailing
    told = {"email_notifications": {"on_start": ["start@x.org"], "on_failure": ["fail@x.org"]}, "max_retries": 1}
    nested = {"task_key": "each", "condition_task": {"left": "{{input}}", "op": "LESS_THAN", "right": "3"}, **told}
    loop = {"task_key": "loop", "for_each_task": {"inputs": '[1, 2, "x"]', "task": nested}}
    workspace.ended(workspace.start(loop, name="n"))
    inbox.wait(6)
    assert (len(inbox.to("start@x.org")), len(inbox.to("fail@x.org"))) == (4, 2)
    assert all(subject.startswith("Task each of job n failed") for subject in inbox.subjects("fail@x.org"))


def test_long_texts_and_long_lines_arrive_as_they_were(mailing: tuple[Workspace, Inbox]) -> None:
    workspace, inbox = mailing
    text = "\n".join([f"line {number}" for number in range(500)] + ["x" * 3000, ".", "Größe", ""])
    workspace.jobs.outbox.mail(["long@x.org"], "Größe\nBcc: z", text, f"<p>{text}</p>")
    inbox.wait(1)
    (message,) = inbox.to("long@x.org")
    plain, html = (part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in message.get_payload())
    assert (plain, html) == (text, f"<p>{text}</p>\n")
    assert str(make_header(decode_header(message["Subject"]))) == "Größe Bcc: z"
    assert message["Bcc"] is None


def test_without_a_server_or_with_a_dead_one_mails_become_files(
    own: Workspace, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    own.ended(own.start(own.task("a"), email_notifications={"on_success": ["x@x.org", "y@x.org"]}, name="n\nBcc: z"))
    with serving(tmp_path_factory.mktemp("dead"), FakeDriver(), ("127.0.0.1", 1)) as other:
        other.ended(other.start(other.task("a"), email_notifications={"on_success": ["x@x.org"]}))
    for root in (own.root, other.root):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := list((root / "mail").glob("*.eml"))):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        message = email.message_from_bytes(found[0].read_bytes())
        assert "x@x.org" in message["To"]
        assert message["Bcc"] is None
    assert "not sent by 127.0.0.1:1" in caplog.text
