"""What becomes of runs that were in flight when the workspace stopped, however it stopped."""

from __future__ import annotations

from collections.abc import Iterator

from local.jobs.ledger import JobRun, Ledger, end_attempt, end_pass
from local.jobs.states import Outcome

INTERRUPTED = Outcome("FAILED", "The local workspace stopped during this run.", "INTERNAL_ERROR", "INTERNAL_ERROR")
_NOT_STARTED = Outcome("CANCELED", INTERRUPTED.message, "CANCELED")
_IN_FLIGHT = frozenset({"PENDING", "RUNNING", "TERMINATING"})


def interrupt(ledger: Ledger, now: int) -> Iterator[JobRun]:
    """End every run that is neither ended nor queued; each can be repaired."""
    for run in ledger.job_runs(active=True):
        if run.life_cycle == "QUEUED":
            continue
        latest = list(ledger.latest(run.run_id).values())
        iterations = [item for loop in latest if loop.active for item in ledger.iterations(loop.run_id)]
        attempts = [
            end_attempt(attempt, INTERRUPTED if attempt.life_cycle in _IN_FLIGHT else _NOT_STARTED, now)
            for attempt in [*latest, *iterations]
            if attempt.active
        ]
        run = end_pass(run, INTERRUPTED, now)
        ledger.save(run, *attempts)
        yield run
