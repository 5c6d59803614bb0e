"""for_each_task: one task run once for each element of an array, so many at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from local.errors import invalid
from local.jobs.attempts import Attempt, Ending, Runner, Stop
from local.jobs.ledger import TaskRun
from local.jobs.requests import duration_warnings, may_retry
from local.jobs.states import SUCCESS, Outcome, failed

if TYPE_CHECKING:
    from local.jobs.orchestrator import Orchestrator

INPUTS_LIMIT = 48 * 1024  # of a task value, the longest that inputs can come from


def runner(jobs: Orchestrator) -> Runner:
    """Return the runner; the loop fails when one of its iterations does, after all have had their turn."""

    def run(attempt: Attempt) -> Ending:
        inputs = elements(attempt.task["inputs"])
        loop = _Loop(jobs, attempt, len(inputs))
        loop.report([])
        ended: list[TaskRun] = []
        with ThreadPoolExecutor(int(attempt.task.get("concurrency", 1)), f"loop-{attempt.task_run.run_id}") as pool:
            iterations = [pool.submit(loop.iterate, element) for element in inputs]
            for iteration in as_completed(iterations):
                if (last := iteration.result()) is not None:
                    ended.append(last)
                    loop.report(ended)
        return Ending(loop.outcome(sorted(ended, key=lambda last: last.run_id)))

    return run


def elements(inputs: str) -> list[Any]:
    """Read the inputs of a loop; refuse what is no JSON array."""
    if len(inputs) > INPUTS_LIMIT:
        raise invalid(f"for_each_task.inputs has {len(inputs)} characters, more than {INPUTS_LIMIT}.")
    try:
        found = json.loads(inputs)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise invalid(f"for_each_task.inputs must be a JSON array, not '{inputs[:80]}'.")
    return found


def stats(total: int, ended: Sequence[TaskRun]) -> dict[str, Any]:
    """Count the iterations that have ended, each by its last attempt, and their commonest errors."""
    outcomes = [item.outcome for item in ended if item.outcome is not None]
    bad = [outcome for outcome in outcomes if outcome.result != "SUCCESS"]
    messages = Counter((outcome.message, outcome.termination_code) for outcome in bad).most_common(3)
    return {
        "task_run_stats": {
            "total_iterations": total,
            "scheduled_iterations": total,
            "completed_iterations": len(outcomes),
            "active_iterations": total - len(outcomes),
            "succeeded_iterations": len(outcomes) - len(bad),
            "failed_iterations": len(bad),
        },
        "error_message_stats": [
            {"error_message": message, "termination_category": code, "count": count}
            for (message, code), count in messages
        ],
    }


@dataclass(frozen=True)
class _Loop:
    jobs: Orchestrator
    attempt: Attempt
    total: int

    def iterate(self, element: Any) -> TaskRun | None:
        """Run the nested task for one element until it needs no retry; None when the loop was stopped before."""
        tried, last = 0, None
        while self.attempt.stop.outcome is None:
            last = self._try(element, last, tried)
            if last.outcome is None or not may_retry(last, last.outcome):
                break
            tried += 1
            self.attempt.stop.wait(int(last.task.get("min_retry_interval_millis") or 0) / 1000)
        return last

    def _try(self, element: Any, last: TaskRun | None, tried: int) -> TaskRun:
        jobs, run = self.jobs, self.attempt.job_run
        task = self.attempt.task["task"]
        owner = self.attempt.task_run
        iteration = TaskRun(
            run_id=jobs.ledger.new_id(),
            job_run_id=run.run_id,
            task_key=task.get("task_key") or f"{owner.task_key}_iteration",
            attempt=last.attempt + 1 if last else 0,
            tried=tried,
            repair_id=owner.repair_id,
            task=task,
            life_cycle="PENDING",
            started=jobs.now(),
            iteration_of=owner.run_id,
            input=element,
        )
        stop = Stop()
        self.attempt.stop.on_request(partial(self._pass_on, stop))
        limit = int(task.get("timeout_seconds") or 0)
        if limit:
            late = Outcome("TIMEDOUT", f"Task {iteration.task_key} timed out after {limit} seconds.")
            jobs.timers.after(limit, lambda: stop.request(late))
        for seconds in duration_warnings(task):
            jobs.timers.after(seconds, lambda: jobs.warn_task(iteration.run_id))
        jobs.notices.task(run, iteration, "on_start")
        ended = jobs.executor.run_here(run, iteration, stop)
        again = ended.outcome is not None and may_retry(ended, ended.outcome)
        jobs.notices.task_ended(run, ended, last=not again)
        return ended

    def _pass_on(self, stop: Stop) -> None:
        outcome = self.attempt.stop.outcome
        if outcome is not None:
            stop.request(Outcome("CANCELED", outcome.message, outcome.code, outcome.life_cycle))

    def report(self, ended: Sequence[TaskRun]) -> None:
        """Show how far the loop is."""
        self.attempt.report({"stats": stats(self.total, ended)})

    def outcome(self, ended: Sequence[TaskRun]) -> Outcome:
        """Say how the loop ended."""
        if self.attempt.stop.outcome is not None:
            return self.attempt.stop.outcome
        bad = [item.outcome for item in ended if item.outcome is not None and item.outcome.result != "SUCCESS"]
        if not bad:
            return SUCCESS
        return failed(f"{len(bad)} of {self.total} iterations failed, the first with: {bad[0].message}")
