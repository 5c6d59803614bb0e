"""Task attempts at work, each on a thread of its own, and how to ask them to end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from local.engine.client import DriverUnavailable
from local.errors import ApiError
from local.jobs.attempts import Attempt, Ending, Runner, Stop
from local.jobs.ledger import JobRun, Ledger, TaskRun, end_attempt
from local.jobs.references import Scope, UnknownReferenceError, resolve
from local.jobs.runners import kind_of
from local.jobs.scopes import scope_of
from local.jobs.states import Outcome, failed

_LOG = logging.getLogger(__name__)


class Executor:
    """Runs attempts; `on_end(task run id, stop, ending)` is called once for each, whatever happened."""

    def __init__(
        self,
        ledger: Ledger,
        runners: Mapping[str, Runner],
        base_url: str,
        lock: threading.RLock,
        now: Callable[[], int],
        on_end: Callable[[int, Stop, Ending], None],
    ) -> None:
        self._ledger = ledger
        self._runners = runners
        self._base_url = base_url
        self._lock = lock
        self._now = now
        self._on_end = on_end
        self._at_work: dict[int, tuple[Stop, threading.Thread]] = {}

    def launch(self, run: JobRun, attempt: TaskRun) -> Stop:
        """Start an attempt; returns at once."""
        stop = Stop()
        name = f"task-{attempt.run_id}"
        thread = threading.Thread(target=self._execute, args=(run, attempt, stop), name=name, daemon=True)
        with self._lock:
            self._at_work[attempt.run_id] = (stop, thread)
        thread.start()
        return stop

    def ask_to_stop(self, task_run_id: int, outcome: Outcome) -> bool:
        """Ask one attempt to end; return whether it is at work."""
        with self._lock:
            found = self._at_work.get(task_run_id)
        if found is not None:
            found[0].request(outcome)
        return found is not None

    def stop(self, outcome: Outcome) -> None:
        """Ask every attempt to end and give them ten seconds."""
        with self._lock:
            at_work = list(self._at_work.values())
        for stop, _ in at_work:
            stop.request(outcome)
        deadline = time.monotonic() + 10
        for _, thread in at_work:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def run_here(self, run: JobRun, attempt: TaskRun, stop: Stop) -> TaskRun:
        """Do an attempt's work on the calling thread and keep its end; it can be asked to stop like any other."""
        with self._lock:
            self._ledger.save(attempt)
            self._at_work[attempt.run_id] = (stop, threading.current_thread())
        ending = self._perform(run, attempt, stop)
        with self._lock:
            del self._at_work[attempt.run_id]
            outcome = ending.outcome if stop.outcome is None or ending.outcome.result == "SUCCESS" else stop.outcome
            found = self._ledger.task_run(attempt.run_id) or attempt
            found = replace(end_attempt(found, outcome, self._now()), output={**found.output, **ending.output})
            self._ledger.save(found)
            return found

    def _execute(self, run: JobRun, attempt: TaskRun, stop: Stop) -> None:
        ending = self._perform(run, attempt, stop)
        with self._lock:
            del self._at_work[attempt.run_id]
            self._on_end(attempt.run_id, stop, ending)

    def _perform(self, run: JobRun, attempt: TaskRun, stop: Stop) -> Ending:
        try:
            return self._work(run, attempt, stop)
        except UnknownReferenceError as error:
            return Ending(failed(str(error), "INVALID_RUN_CONFIGURATION"))
        except DriverUnavailable as error:
            return Ending(Outcome("FAILED", str(error), "DRIVER_ERROR", "INTERNAL_ERROR"))
        except ApiError as error:
            code = "RESOURCE_NOT_FOUND" if error.status == 404 else "INVALID_RUN_CONFIGURATION"
            return Ending(failed(error.message, code))
        except Exception as error:  # noqa: BLE001 — whatever a runner raises must end the attempt, not hang the run
            _LOG.exception("Task run %s failed inside the workspace", attempt.run_id)
            text = f"{type(error).__name__}: {error}"
            return Ending(Outcome("FAILED", text, "INTERNAL_ERROR", "INTERNAL_ERROR"))

    def _work(self, run: JobRun, attempt: TaskRun, stop: Stop) -> Ending:
        kind = kind_of(attempt.task)
        resolved = _resolved(kind, attempt.task[kind], scope_of(self._ledger, run, attempt, self._base_url))
        with self._lock:
            if stop.outcome is not None:
                return Ending(stop.outcome)
            attempt = replace(attempt, life_cycle="RUNNING", executing=self._now(), resolved={kind: resolved})
            self._ledger.save(attempt)
        return self._runners[kind](Attempt(run, attempt, resolved, stop, self._reporter(attempt.run_id)))

    def _reporter(self, task_run_id: int) -> Callable[[dict[str, Any]], None]:
        def report(output: dict[str, Any]) -> None:
            with self._lock:
                attempt = self._ledger.task_run(task_run_id)
                if attempt is not None:
                    self._ledger.save(replace(attempt, output={**attempt.output, **output}))

        return report


def _resolved(kind: str, settings: dict[str, Any], scope: Scope) -> dict[str, Any]:
    if kind != "for_each_task":
        return cast(dict[str, Any], resolve(settings, scope))
    # What stands inside a loop is resolved for each of its inputs, as the task that it is.
    return {key: value if key == "task" else resolve(value, scope) for key, value in settings.items()}
