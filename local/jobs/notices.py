"""Notifications of runs and tasks by mail and webhook, as their settings ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.jobs import destinations
from local.jobs.ledger import JobRun, TaskRun
from local.jobs.outbox import Outbox
from local.jobs.states import Outcome
from local.store import Store

WORKSPACE_ID = "1"
EVENTS = ("on_start", "on_success", "on_failure", "on_duration_warning_threshold_exceeded")

_WORDS = {
    "on_start": "started",
    "on_success": "succeeded",
    "on_failure": "failed",
    "on_duration_warning_threshold_exceeded": "is slower than expected",
}


class Notices:
    """Turns what happens to runs and tasks into mails and calls of webhooks."""

    def __init__(self, outbox: Outbox, store: Store, base_url: str) -> None:
        self._outbox = outbox
        self._store = store
        self._base_url = base_url

    def run(self, run: JobRun, event: str, outcome: Outcome | None = None) -> None:
        """Mail one event of a job run to those the job names for it."""
        body = {**_payload(run, event), "run": {"run_id": str(run.run_id)}}
        self._send(run.settings, event, f"Job {run.settings['name']}", run, run.run_id, outcome, body)

    def run_ended(self, run: JobRun) -> None:
        """Mail the end of a job run."""
        if run.outcome is not None and not _is_muted(run.settings, run.outcome):
            self.run(run, _event(run.outcome), run.outcome)

    def task(self, run: JobRun, attempt: TaskRun, event: str, outcome: Outcome | None = None) -> None:
        """Mail one event of a task to those the task names for it."""
        if event == "on_start" and attempt.tried and _last_attempt_only(attempt):
            return
        who = f"Task {attempt.task_key} of job {run.settings['name']}"
        ids = {"run_id": str(attempt.run_id), "parent_run_id": str(run.run_id)}
        body = {**_payload(run, event), "task": {"task_key": attempt.task_key}, "run": ids}
        self._send(attempt.task, event, who, run, attempt.run_id, outcome, body)

    def task_ended(self, run: JobRun, attempt: TaskRun, last: bool) -> None:
        """Mail the end of an attempt; a failure that will be retried may be left out."""
        outcome = attempt.outcome
        if outcome is None or _is_muted(attempt.task, outcome):
            return
        if last or not _last_attempt_only(attempt):
            self.task(run, attempt, _event(outcome), outcome)

    def _send(
        self,
        settings: Mapping[str, Any],
        event: str,
        who: str,
        run: JobRun,
        run_id: int,
        outcome: Outcome | None,
        body: Mapping[str, Any],
    ) -> None:
        hooks = (settings.get("webhook_notifications") or {}).get(event) or []
        routes = destinations.routes(self._store, [hook["id"] for hook in hooks])
        for target in routes.webhooks:
            self._outbox.post(target, body)
        recipients = [*((settings.get("email_notifications") or {}).get(event) or []), *routes.addresses]
        if not recipients:
            return
        lines = [
            f"{who} {_WORDS[event]}.",
            "",
            f"Run: {run_id}",
            f"Started: {datetime.fromtimestamp((run.started or run.created) / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC",
        ]
        if outcome is not None:
            lines += [f"Result: {outcome.result} ({outcome.termination_code})", f"Message: {outcome.message or 'none'}"]
        lines += ["", run_page_url(self._base_url, run.job_id, run_id)]
        self._outbox.mail(recipients, f"{who} {_WORDS[event]} (run {run_id})", "\n".join(lines) + "\n")


def _payload(run: JobRun, event: str) -> dict[str, Any]:
    job = {"job_id": str(run.job_id), "name": str(run.settings["name"])}
    return {"event_type": f"jobs.{event}", "workspace_id": WORKSPACE_ID, "job": job}


def run_page_url(base_url: str, job_id: int, run_id: int) -> str:
    """Return the address of a run's page."""
    return f"{base_url}/jobs/{job_id}/runs/{run_id}"


def _event(outcome: Outcome) -> str:
    # A failure that a later task handled counts as success, as on Databricks.
    return "on_success" if outcome.result in {"SUCCESS", "SUCCESS_WITH_FAILURES"} else "on_failure"


def _is_muted(settings: Mapping[str, Any], outcome: Outcome) -> bool:
    asked = {**(settings.get("email_notifications") or {}), **(settings.get("notification_settings") or {})}
    if outcome.result == "CANCELED":
        return bool(asked.get("no_alert_for_canceled_runs"))
    if outcome.life_cycle == "SKIPPED":
        return bool(asked.get("no_alert_for_skipped_runs"))
    return False


def _last_attempt_only(attempt: TaskRun) -> bool:
    return bool((attempt.task.get("notification_settings") or {}).get("alert_on_last_attempt"))
