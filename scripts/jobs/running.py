"""`ecom jobs run`, `wait` and `cancel`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from databricks.sdk.service.jobs import JobSettings, Run

from scripts.errors import CommandError
from scripts.jobs import names, tree, watch
from scripts.jobs.outcome import Outcome, word
from scripts.runs import ended
from scripts.session import Session, asking

INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended
# Tasks get half a minute to end by themselves; a cluster that is starting takes longer.
CANCEL_SECONDS = 300
_CANCEL_POLL_SECONDS = 0.3


def run(
    session: Session, job: str, parameters: Sequence[str], token: str | None, wait: bool, dry_run: bool = False
) -> int:
    """Start a job and, unless told otherwise, follow it; return the exit code."""
    with asking(session.client):
        found = names.find(session.client, session.env, job)
        settings = session.client.jobs.get(found.job_id).settings or JobSettings()
        given = checked_parameters(found.key, settings, parameters)
        if dry_run:
            said = {"environment": session.env.name, "job": found.key, "job_id": found.job_id, "parameters": given}
            session.answer({**said, "dry_run": True}, f"would run {found.name} with {_written(given)}")
            return 0
        started = session.client.jobs.run_now(found.job_id, job_parameters=given or None, idempotency_token=token)
        run_id = int(started.run_id)
        if not wait:
            outcome = watch.look(session, run_id, found.key)
            text = f"{found.key} run {run_id} is {outcome.state}; follow it: {come_back(session, run_id)}"
            session.answer(outcome.as_json(session.env.name), text)
            return 0
    session.tell(f"{found.key} run {run_id} started")
    return follow(session, run_id, found.key)


def wait(session: Session, said: str) -> int:
    """Follow a run that goes on, or the last one of a job; return the exit code."""
    with asking(session.client):
        run_id = names.run_id(session.client, session.env, said)
        name = session.client.jobs.get_run(run_id).run_name or str(run_id)
    return follow(session, run_id, name.removeprefix(session.env.name_prefix))


def follow(session: Session, run_id: int, job: str) -> int:
    """Follow a run to its end and answer with it; Ctrl-C leaves it going and says how to come back."""
    try:
        with asking(session.client):
            outcome = watch.follow(session, run_id, job)
    except watch.Interrupted:
        session.tell(f"{job} run {run_id} goes on; come back: {come_back(session, run_id)}", "yellow")
        return INTERRUPTED
    return report(session, outcome)


def report(session: Session, outcome: Outcome, top: int | None = None) -> int:
    """Answer with a run that ended and return its exit code; `top` is the run to repair when this is a child of it."""
    if outcome.good:
        session.answer(outcome.as_json(session.env.name), f"{outcome.job} run {outcome.run.run_id}: {outcome.state}")
        return 0
    session.answer(outcome.as_json(session.env.name))
    raise CommandError(f"{outcome.sentence()}. Mend: ecom jobs repair {top or outcome.run.run_id}{_where(session)}")


def cancel(session: Session, said: str, dry_run: bool = False) -> int:
    """Cancel a run, or every active run of a job, with all below them, and wait until they have ended."""
    with asking(session.client):
        tops = [tree.read(session.client, run_id) for run_id in _active(session, said)]
        family = {node.run_id: node for top in tops for node in top.family() if node.active}
        if not dry_run:
            for top in tops:
                session.client.jobs.cancel_run(top.run_id)
            over = _await_end(session, list(family))
        else:
            over = [node.run for node in family.values()]
    shown = [{"run_id": run.run_id, "job_id": run.job_id, "state": word(run)} for run in over]
    verb = "would cancel" if dry_run else "cancelled"
    text = f"{verb} {', '.join(str(each['run_id']) for each in shown)}" if shown else f"{said}: no run is active"
    session.answer({"environment": session.env.name, "dry_run": dry_run, "runs": shown}, text)
    return 0


def checked_parameters(job: str, settings: JobSettings, given: Sequence[str]) -> dict[str, str]:
    """Return `name=value` texts as job parameters; CommandError for one the job does not have."""
    known = [parameter.name for parameter in settings.parameters or []]
    parameters = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandError(f"--param {text!r}: expected name=value.")
        if name not in known:
            raise CommandError(f"--param {name!r}: job {job!r} has the parameters: {', '.join(known) or 'none'}.")
        parameters[name] = value
    return parameters


def come_back(session: Session, run_id: int) -> str:
    """Return the command that follows this run."""
    return f"ecom jobs wait {run_id}{_where(session)}"


def _where(session: Session) -> str:
    return "" if session.env.name == "local" else f" --environment {session.env.name}"


def _written(parameters: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items()) or "its own parameters"


def _active(session: Session, said: str) -> list[int]:
    if said.isdecimal():
        run = session.client.jobs.get_run(int(said))
        if ended(run):
            raise CommandError(f"Run {said} has ended with {word(run)}; there is nothing to cancel.")
        return [int(said)]
    job = names.find(session.client, session.env, said)
    return [run.run_id for run in session.client.jobs.list_runs(job_id=job.job_id, active_only=True) if run.run_id]


def _await_end(session: Session, run_ids: Sequence[int]) -> list[Run]:
    """Return the runs once all have ended; one that outlives its parent is cancelled by itself."""
    deadline = time.monotonic() + CANCEL_SECONDS
    asked: set[int] = set()
    with session.err.status(f"cancelling {', '.join(map(str, run_ids))} …"):
        while True:
            runs = [session.client.jobs.get_run(run_id) for run_id in run_ids]
            going = [run.run_id or 0 for run in runs if not ended(run)]
            if not going:
                return runs
            if time.monotonic() > deadline:
                raise CommandError(f"Not ended within {CANCEL_SECONDS} s: runs {', '.join(map(str, going))}.")
            if len(going) < len(runs):
                for run_id in set(going) - asked:
                    session.client.jobs.cancel_run(run_id)
                asked |= set(going)
            time.sleep(_CANCEL_POLL_SECONDS)
