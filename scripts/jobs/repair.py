"""`ecom jobs repair`: runs again only what failed, wherever it sits. The reasoning is in `mending`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from databricks.sdk.service.jobs import RepairHistoryItemType, Run

from scripts.jobs import mending, names, tree, watch
from scripts.jobs.mending import Step
from scripts.jobs.outcome import GOOD, Outcome, word
from scripts.jobs.running import INTERRUPTED, come_back, report
from scripts.session import Session, asking

_RECENT = 25  # runs of a job to look through for one that an earlier repair started


def repair(session: Session, said: str, whole: bool, dry_run: bool = False) -> int:
    """Repair a run, or the last one of a job, step by step; return the exit code of the last step."""
    with asking(session.client):
        node = tree.read(session.client, names.run_id(session.client, session.env, said))
        steps = mending.plan(node, whole)
        jobs = {step.job_id: names.by_id(session.client, session.env, step.job_id).key for step in steps}
    for step in steps:
        session.tell(f"{'would ' if dry_run else ''}{described(step, jobs[step.job_id])}")
    if dry_run:
        session.answer({**_shown(session, node, steps, jobs), "dry_run": True})
        return 0
    outcome = _mended(session, steps, node.run_id)
    if outcome is None:
        return INTERRUPTED
    if not outcome.good:
        return report(session, outcome, node.run_id)
    last = outcome.as_json(session.env.name)
    text = f"repaired: {outcome.job} run {outcome.run.run_id}: {outcome.state}"
    if outcome.run.run_id != node.run_id:
        text += f" (run {node.run_id} itself keeps its result)"
    session.answer({**_shown(session, node, steps, jobs), "dry_run": False, "last": last}, text)
    return 0


def described(step: Step, job: str) -> str:
    """Say what a step does."""
    tasks = ", ".join(step.tasks)
    where = f"run {step.run_id} of {job}" + (f" (task {step.path.rstrip('/')})" if step.path else "")
    if step.how == "repair":
        return f"repair {where}: {tasks}"
    return f"go on from {where} in a new run with only: {tasks}"


def _mended(session: Session, steps: Sequence[Step], top: int) -> Outcome | None:
    """Take steps until one does not end well; return the last one's outcome, None when the operator left."""
    outcome = None
    for step in steps:
        outcome = _taken(session, step, top)
        if outcome is None or not outcome.good:
            break
    return outcome


def _taken(session: Session, step: Step, top: int) -> Outcome | None:
    with asking(session.client):
        job = names.by_id(session.client, session.env, step.job_id).key
        run_id, failed_before = _continued(session, step) if step.how == "continue" else _repaired(session, step)
    if failed_before is not None:
        session.tell(f"run {run_id} went on from run {step.run_id} already and failed: it is repaired instead")
        return _mended(session, mending.plan(failed_before), top)
    try:
        with asking(session.client):
            return watch.follow(session, run_id, job)
    except watch.Interrupted:
        again = f"; when it has ended, ecom jobs repair {top} does what is left" if step.path else ""
        session.tell(f"{job} run {run_id} goes on; come back: {come_back(session, run_id)}{again}", "yellow")
        return None


def _repaired(session: Session, step: Step) -> tuple[int, None]:
    jobs = session.client.jobs
    run = jobs.get_run(step.run_id, include_history=True)
    past = [each.id for each in run.repair_history or [] if each.type is RepairHistoryItemType.REPAIR and each.id]
    jobs.repair_run(
        step.run_id,
        rerun_all_failed_tasks=True,
        latest_repair_id=past[-1] if past else None,
        job_parameters=_parameters(run) or None,
    )
    return step.run_id, None


def _continued(session: Session, step: Step) -> tuple[int, tree.Node | None]:
    """Start the rest of a run, or find what an earlier repair started; that one comes along when it failed."""
    jobs = session.client.jobs
    recent = {run.run_id for run in islice(jobs.list_runs(job_id=step.job_id), _RECENT)}
    parameters = _parameters(jobs.get_run(step.run_id))
    started = jobs.run_now(
        step.job_id, only=list(step.tasks), job_parameters=parameters or None, idempotency_token=step.token
    )
    run_id = int(started.run_id)
    node = tree.read(session.client, run_id) if run_id in recent else None
    failed = node is not None and not node.active and word(node.run) not in GOOD
    return run_id, node if failed else None


def _parameters(run: Run) -> dict[str, str]:
    """Return the job parameters that a run was given: a repair that leaves them out falls back on the defaults."""
    return {each.name: each.value for each in run.job_parameters or [] if each.name and each.value is not None}


def _shown(session: Session, node: tree.Node, steps: list[Step], jobs: dict[int, str]) -> dict[str, Any]:
    shown = [
        {"how": step.how, "run_id": step.run_id, "job": jobs[step.job_id], "tasks": list(step.tasks)} for step in steps
    ]
    return {"environment": session.env.name, "run_id": node.run_id, "steps": shown}
