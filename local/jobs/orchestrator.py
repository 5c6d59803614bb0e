"""Runs jobs: admits runs, starts tasks when their turn comes, retries, times out, cancels, repairs, recovers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from local.errors import ApiError, invalid, not_found
from local.jobs import graph
from local.jobs.attempts import Ending, Stop
from local.jobs.clock import Clock
from local.jobs.executor import Executor
from local.jobs.ledger import JobRun, Ledger, Repair, TaskRun, end_attempt, end_pass
from local.jobs.mail import Postman
from local.jobs.notices import Notices
from local.jobs.outbox import Outbox
from local.jobs.recovery import INTERRUPTED, interrupt
from local.jobs.requests import (
    RepairRequest,
    RunRequest,
    check_keys,
    concurrency_limit,
    duration_warnings,
    effective_parameters,
    may_retry,
    queue_enabled,
)
from local.jobs.runners import build_runners
from local.jobs.schedules import Schedules
from local.jobs.states import Outcome
from local.jobs.timers import Timers
from local.services import Services

QUEUE_SECONDS = 48 * 3600
_SKIPPED = "Skipping this run because the limit of {limit} maximum concurrent runs has been reached."
_QUEUED = "Queued because the limit of {limit} maximum concurrent runs has been reached."


class Orchestrator:
    """All runs of one workspace. One lock guards every transition; the end of an attempt starts its dependants."""

    def __init__(self, services: Services, smtp: tuple[str, int] | None = None, timers: Timers | None = None) -> None:
        self.ledger = Ledger(services.store)
        self.outbox = Outbox(services.store, Postman(services.root / "mail", smtp))
        self.notices = Notices(self.outbox, services.store, services.base_url)
        self.timers = timers or Timers()
        self.clock = Clock(self.timers)
        self.schedules = Schedules(self.clock, self._run_by_clock)
        self._services = services
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        runners = build_runners(services, self)
        self.executor = Executor(self.ledger, runners, services.base_url, self._lock, self.now, self._finish)
        self._stopping = False

    def start(self) -> None:
        """Begin to run jobs; what was in flight when the last process ended becomes INTERNAL_ERROR."""
        self.outbox.start()
        self.timers.start()
        with self._lock:
            self._interrupt()
            queued = list(self.ledger.job_runs(active=True))
            for run in queued:
                parent = self.ledger.task_run(run.parent_task_run_id)
                if parent is not None and not parent.active:
                    self.cancel(run.run_id)
                else:
                    self.timers.after(QUEUE_SECONDS, self._expiry(run.run_id))
            for job_id in {run.job_id for run in queued}:
                self._admit_queued(job_id)
        for _, job in self._services.store.list("job"):
            self.schedules.follow(job)

    def stop(self) -> None:
        """End every attempt and thread; runs in flight become INTERNAL_ERROR."""
        with self._lock:
            self._stopping = True
            self._changed.notify_all()
        self.executor.stop(INTERRUPTED)
        self.timers.stop()
        with self._lock:
            self._interrupt()
        self.outbox.stop()

    # ── what the API and runners ask ────────────────────────────────────────────────────────────────────────────

    def run_now(self, job_id: int, request: RunRequest) -> JobRun:
        """Start a run of a job, queue it, or skip it; a known idempotency token returns the run it started."""
        with self._lock:
            if request.token and (known := self.ledger.by_token(job_id, request.token)):
                return known
            job = self._job(job_id)
            settings: dict[str, Any] = job["settings"]
            if request.queue is not None:
                settings = {**settings, "queue": {"enabled": request.queue}}
            check_keys("only", request.only, settings)
            now = self.now()
            run = JobRun(
                run_id=self.ledger.new_id(),
                job_id=job_id,
                number=self.ledger.count(job_id) + 1,
                creator=job["creator_user_name"],
                settings=settings,
                created=now,
                trigger=request.trigger,
                parameters=effective_parameters(settings, request.parameters),
                overrides=dict(request.overrides),
                only=tuple(request.only),
                parent_task_run_id=request.parent_task_run_id,
                token=request.token or None,
                passes=(Repair(0, now),),
            )
            self.ledger.save(run, *(self._new_attempt(run, task, None) for task in settings.get("tasks") or []))
            return self._admit(run)

    def _run_by_clock(self, job_id: int) -> None:
        self.run_now(job_id, RunRequest(trigger="PERIODIC"))

    def cancel(self, run_id: int, outcome: Outcome | None = None) -> None:
        """Cancel a job run and its children, or one attempt; nothing happens to what has ended."""
        outcome = outcome or Outcome("CANCELED", "Run cancelled.")
        with self._lock:
            run = self.ledger.job_run(run_id)
            if run is None:
                self._cancel_attempt(run_id, outcome)
            elif run.life_cycle == "QUEUED":
                self._stop_attempts(run, outcome)
                self._end(run, outcome)
            elif run.active and run.life_cycle != "TERMINATING":
                self.ledger.save(replace(run, life_cycle="TERMINATING", outcome=outcome))
                self._stop_attempts(run, outcome)
                self._advance(run_id)

    def cancel_all(self, job_id: int | None, only_queued: bool = False) -> None:
        """Cancel the active runs of a job, or of all; on request only those that wait in the queue."""
        with self._lock:
            for run in list(self.ledger.job_runs(job_id, active=True)):
                if run.life_cycle == "QUEUED" or not only_queued:
                    self.cancel(run.run_id)

    def repair(self, run_id: int, request: RepairRequest) -> int:
        """Run tasks of an ended run again with the job's current settings; return the repair's id."""
        with self._lock:
            run = self._run(run_id)
            request.check(run)
            job = self._services.store.get("job", str(run.job_id))
            settings: dict[str, Any] = job["settings"] if job else run.settings
            latest = self.ledger.latest(run_id)
            tasks = settings.get("tasks") or []
            check_keys("rerun_tasks", request.tasks, settings)
            results = {key: attempt.outcome.result for key, attempt in latest.items() if attempt.outcome is not None}
            chosen = graph.to_rerun(tasks, results, request.tasks, request.all_failed, request.dependents)
            if not chosen:
                raise invalid(f"Run {run_id} has no task to repair.")
            if self._is_full(run.job_id, settings) and not queue_enabled(settings):
                raise ApiError(400, "INVALID_STATE", _SKIPPED.format(limit=concurrency_limit(settings)))
            parameters = (
                run.parameters if request.parameters is None else effective_parameters(settings, request.parameters)
            )
            run = replace(
                run,
                settings=settings,
                parameters=parameters,
                overrides={**run.overrides, **request.overrides},
                life_cycle="PENDING",
                ended=0,
                outcome=None,
                passes=(*run.passes, Repair(self.ledger.new_id(), self.now())),
            )
            again = [self._new_attempt(run, t, latest.get(t["task_key"])) for t in tasks if t["task_key"] in chosen]
            self.ledger.save(run, *again)
            self._admit(run)
            return run.passes[-1].repair_id

    def now(self) -> int:
        """Return the time in epoch milliseconds."""
        return int(self.timers.now().timestamp() * 1000)

    def wait(self, run_id: int, timeout: float | None = None) -> JobRun:
        """Return a run once it has ended, the workspace is stopping, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._run(run_id).active, timeout)
            return self._run(run_id)

    # ── admission ───────────────────────────────────────────────────────────────────────────────────────────────

    def _is_full(self, job_id: int, settings: Mapping[str, Any]) -> bool:
        holding = [run for run in self.ledger.job_runs(job_id, active=True) if run.life_cycle not in _NOT_HOLDING]
        return len(holding) >= concurrency_limit(settings)

    def _admit(self, run: JobRun) -> JobRun:
        if not self._is_full(run.job_id, run.settings):
            self._begin(run)
        elif queue_enabled(run.settings):
            run = replace(run, life_cycle="QUEUED", message=_QUEUED.format(limit=concurrency_limit(run.settings)))
            self.ledger.save(run)
            self.timers.after(QUEUE_SECONDS, self._expiry(run.run_id))
        else:
            self._skip(run)
        return self._run(run.run_id)

    def _skip(self, run: JobRun) -> None:
        message = _SKIPPED.format(limit=concurrency_limit(run.settings))
        self._stop_attempts(run, Outcome("CANCELED", message))
        self._end(run, Outcome("MAXIMUM_CONCURRENT_RUNS_REACHED", message, life_cycle="SKIPPED"))

    def _admit_queued(self, job_id: int) -> None:
        queued = [run for run in self.ledger.job_runs(job_id, active=True) if run.life_cycle == "QUEUED"]
        for run in reversed(queued):
            if self._stopping or self._is_full(job_id, run.settings):
                return
            self._begin(run)

    def _begin(self, run: JobRun) -> None:
        now = self.now()
        passes = (*run.passes[:-1], replace(run.passes[-1], started=now))
        run = replace(run, life_cycle="RUNNING", message="", started=run.started or now, passes=passes)
        self.ledger.save(run)
        self.notices.run(run, "on_start")
        count = len(run.passes)
        limit = int(run.settings.get("timeout_seconds") or 0)
        if limit:
            outcome = Outcome("TIMEDOUT", f"Run timed out after {limit} seconds.")
            self.timers.after(limit, lambda: self._end_pass_late(run.run_id, count, outcome))
        for seconds in duration_warnings(run.settings):
            self.timers.after(seconds, lambda: self._warn_run(run.run_id, count))
        self._advance(run.run_id)

    def _expiry(self, run_id: int) -> Callable[[], None]:
        def expire() -> None:
            with self._lock:
                run = self.ledger.job_run(run_id)
                if run is not None and run.life_cycle == "QUEUED":
                    self._skip(run)

        return expire

    def _end_pass_late(self, run_id: int, count: int, outcome: Outcome) -> None:
        with self._lock:
            run = self.ledger.job_run(run_id)
            if run is not None and run.active and len(run.passes) == count:
                self.cancel(run_id, outcome)

    def _warn_run(self, run_id: int, count: int) -> None:
        run = self.ledger.job_run(run_id)
        if run is not None and run.active and len(run.passes) == count:
            self.notices.run(run, "on_duration_warning_threshold_exceeded")

    # ── the graph moves on ──────────────────────────────────────────────────────────────────────────────────────

    def _new_attempt(self, run: JobRun, task: dict[str, Any], last: TaskRun | None, tried: int = 0) -> TaskRun:
        attempt = TaskRun(
            run_id=self.ledger.new_id(),
            job_run_id=run.run_id,
            task_key=task["task_key"],
            attempt=last.attempt + 1 if last else 0,
            tried=tried,
            repair_id=run.passes[-1].repair_id,
            task=task,
        )
        if task.get("disabled") or (run.only and task["task_key"] not in run.only):
            return end_attempt(attempt, Outcome("DISABLED", "The task was not asked for."), self.now())
        return attempt

    def _advance(self, run_id: int) -> None:
        run = self._run(run_id)
        if not run.active or run.life_cycle == "QUEUED" or self._stopping:
            return
        latest = self.ledger.latest(run_id)
        tasks = run.settings.get("tasks") or []
        ordered = graph.in_order(tasks)
        for task in ordered:
            attempt = latest[task["task_key"]]
            if attempt.life_cycle != "BLOCKED" or any(latest[key].active for key in graph.dependencies(task)):
                continue
            results = {key: item.outcome.result for key, item in latest.items() if item.outcome is not None}
            conditions = {key: str(item.output.get("outcome", "")) for key, item in latest.items()}
            outcome = graph.verdict(task, results, conditions)
            if outcome is None:
                latest[task["task_key"]] = self._launch(run, attempt)
            else:
                latest[task["task_key"]] = end_attempt(attempt, outcome, self.now())
                self.ledger.save(latest[task["task_key"]])
        outcomes = {t["task_key"]: latest[t["task_key"]].outcome for t in ordered if not latest[t["task_key"]].active}
        if len(outcomes) == len(tasks):
            known = {key: outcome for key, outcome in outcomes.items() if outcome is not None}
            self._end(run, run.outcome or graph.rollup(tasks, known))

    def _end(self, run: JobRun, outcome: Outcome) -> None:
        run = end_pass(run, outcome, self.now())
        self.ledger.save(run)
        self.notices.run_ended(run)
        self._changed.notify_all()
        self._admit_queued(run.job_id)

    def _launch(self, run: JobRun, attempt: TaskRun) -> TaskRun:
        attempt = replace(attempt, life_cycle="PENDING", started=self.now(), message="")
        self.ledger.save(attempt)
        self.notices.task(run, attempt, "on_start")
        stop = self.executor.launch(run, attempt)
        limit = int(attempt.task.get("timeout_seconds") or 0)
        if limit:
            outcome = Outcome("TIMEDOUT", f"Task {attempt.task_key} timed out after {limit} seconds.")
            self.timers.after(limit, lambda: stop.request(outcome))
        for seconds in duration_warnings(attempt.task):
            self.timers.after(seconds, lambda: self.warn_task(attempt.run_id))
        return attempt

    def warn_task(self, task_run_id: int) -> None:
        """Tell that an attempt takes longer than its settings expect, if it still runs."""
        attempt = self.ledger.task_run(task_run_id)
        if attempt is not None and attempt.active:
            self.notices.task(self._run(attempt.job_run_id), attempt, "on_duration_warning_threshold_exceeded")

    def _finish(self, task_run_id: int, stop: Stop, ending: Ending) -> None:
        with self._lock:
            if self._stopping:
                return
            outcome = ending.outcome
            if stop.outcome is not None and outcome.result != "SUCCESS":
                outcome = stop.outcome
            attempt = self._attempt(task_run_id)
            attempt = replace(end_attempt(attempt, outcome, self.now()), output={**attempt.output, **ending.output})
            run = self._run(attempt.job_run_id)
            again = run.life_cycle != "TERMINATING" and may_retry(attempt, outcome)
            self.ledger.save(attempt)
            self.notices.task_ended(run, attempt, last=not again)
            if again:
                self._retry(run, attempt)
            self._advance(run.run_id)

    def _retry(self, run: JobRun, last: TaskRun) -> None:
        pause = int(last.task.get("min_retry_interval_millis") or 0)
        attempt = self._new_attempt(run, last.task, last, tried=last.tried + 1)
        if pause:
            message = f"Waiting {pause} ms before the next attempt."
            attempt = replace(attempt, life_cycle="WAITING_FOR_RETRY", message=message, started=self.now())
            self.timers.after(pause / 1000, lambda: self._wake(attempt.run_id))
        self.ledger.save(attempt)

    def _wake(self, task_run_id: int) -> None:
        with self._lock:
            attempt = self.ledger.task_run(task_run_id)
            if attempt is not None and attempt.life_cycle == "WAITING_FOR_RETRY" and not self._stopping:
                self.ledger.save(replace(attempt, life_cycle="BLOCKED", message=""))
                self._advance(attempt.job_run_id)

    # ── endings from outside ────────────────────────────────────────────────────────────────────────────────────

    def _stop_attempts(self, run: JobRun, outcome: Outcome) -> None:
        own = Outcome("CANCELED", outcome.message, outcome.termination_code)
        for attempt in self.ledger.latest(run.run_id).values():
            self._stop_attempt(attempt, own)

    def _stop_attempt(self, attempt: TaskRun, outcome: Outcome) -> None:
        if self.executor.ask_to_stop(attempt.run_id, outcome):
            self.ledger.save(replace(attempt, life_cycle="TERMINATING"))
        elif attempt.active:
            self.ledger.save(end_attempt(attempt, outcome, self.now()))

    def _cancel_attempt(self, task_run_id: int, outcome: Outcome) -> None:
        attempt = self.ledger.task_run(task_run_id)
        if attempt is None:
            raise not_found(f"Run {task_run_id} does not exist.")
        self._stop_attempt(attempt, outcome)
        self._advance(attempt.job_run_id)

    def _interrupt(self) -> None:
        for run in interrupt(self.ledger, self.now()):
            self.notices.run_ended(run)

    # ── look-ups ────────────────────────────────────────────────────────────────────────────────────────────────

    def _job(self, job_id: int) -> dict[str, Any]:
        job = self._services.store.get("job", str(job_id))
        if job is None:
            raise not_found(f"Job {job_id} does not exist.")
        return job

    def _run(self, run_id: int) -> JobRun:
        run = self.ledger.job_run(run_id)
        if run is None:
            raise not_found(f"Run {run_id} does not exist.")
        return run

    def _attempt(self, task_run_id: int) -> TaskRun:
        attempt = self.ledger.task_run(task_run_id)
        if attempt is None:
            raise not_found(f"Run {task_run_id} does not exist.")
        return attempt


_NOT_HOLDING = frozenset({"QUEUED", "PENDING"})
