"""`ecom jobs pause` and `unpause`: the clock of a job, with who stopped it, why and until when."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from databricks.sdk.errors import NotFound, ResourceDoesNotExist
from databricks.sdk.service.jobs import CronSchedule, JobSettings, PauseStatus

from infra.environments import Environment
from infra.jobs import discover
from scripts.errors import CommandError
from scripts.jobs import names, pauses
from scripts.jobs.names import Job
from scripts.jobs.pauses import Pause
from scripts.session import Session, asking
from scripts.words import moment


def pause(session: Session, said: str, until: str, reason: str, dry_run: bool = False) -> int:
    """Stop a job's clock until a moment and record why; the record comes first, so that no pause is without one."""
    now = pauses.now()
    at = checked_until(until, now)
    if not reason.strip():
        raise CommandError("--reason is empty: say why the job must not run.")
    with asking(session.client):
        job = names.find(session.client, session.env, said)
        schedule = _schedule(session, job)
        known = _known(session, job)
        stopped = schedule.pause_status is PauseStatus.PAUSED
        if stopped and known is None and (why := declared_paused(session.env, job.key)):
            raise CommandError(f"Job {job.key!r} does not run by the clock: {why}.")
        who = session.client.current_user.me().user_name or "unknown"
        wanted = Pause(job.key, job.job_id, reason.strip(), who, _written(now), _written(at))
        if not dry_run:
            pauses.record(session.client, session.env, wanted)
            if not stopped:
                _set(session, job, schedule, PauseStatus.PAUSED)
    verb = "would be paused" if dry_run else "is paused"
    text = f"{job.key} {verb} until {wanted.until}: {wanted.reason} (then: ecom jobs unpause --due)"
    session.answer({"environment": session.env.name, "dry_run": dry_run, "pause": asdict(wanted)}, text)
    return 0


def unpause(session: Session, said: str, dry_run: bool = False) -> int:
    """Let a job run by the clock again; refused where its clock is off by declaration and the pause is not ours."""
    with asking(session.client):
        job = names.find(session.client, session.env, said)
        known = _known(session, job)
        if known is None and (why := declared_paused(session.env, job.key)):
            raise CommandError(f"Job {job.key!r} stays paused: {why}.")
        schedule = _schedule(session, job)
        if not dry_run:
            _resume(session, job, schedule)
    paused = schedule.pause_status is PauseStatus.PAUSED
    text = (
        f"{job.key} {'would run' if dry_run else 'runs'} by the clock again" if paused else f"{job.key} is not paused"
    )
    session.answer({"environment": session.env.name, "dry_run": dry_run, "unpaused": [job.key] if paused else []}, text)
    return 0


def unpause_due(session: Session, dry_run: bool = False) -> int:
    """Let every job run again whose pause has come to its end; a record of a job that is gone goes too."""
    with asking(session.client):
        due = [each for each in _recorded(session) if each.expired(pauses.now())]
        for each in due if not dry_run else ():
            job = Job(each.job, session.env.display_name(each.job), each.job_id)
            try:
                _resume(session, job, _schedule(session, job))
            except (NotFound, ResourceDoesNotExist):
                session.tell(f"{each.job}: job {each.job_id} is gone; its pause is forgotten")
                pauses.forget(session.client, session.env, each.job)
    verb = "would run" if dry_run else "run"
    text = f"{', '.join(each.job for each in due)} {verb} by the clock again" if due else "no pause has come to its end"
    keys = [each.job for each in due]
    session.answer({"environment": session.env.name, "dry_run": dry_run, "unpaused": keys}, text)
    return 0


def declared_paused(env: Environment, key: str) -> str:
    """Return why a job of ours is paused by declaration, or nothing when its clock is meant to run."""
    spec = discover().get(key)
    if not env.schedules_on:
        return f"every schedule is off in environment '{env.name}', only prod runs by the clock"
    if spec is not None and env.orchestration not in spec.by_clock:
        return f"in orchestration mode '{env.orchestration}' another job starts it"
    return ""


def checked_until(text: str, now: datetime) -> datetime:
    """Return the moment of --until, UTC where it names no zone; CommandError when it is none or has passed."""
    try:
        at = moment(text)
    except ValueError as error:
        raise CommandError(f"--until {text!r}: expected a moment such as 2026-12-01T06:00Z.") from error
    if at <= now:
        raise CommandError(f"--until {text!r} has passed: it is {_written(now)}.")
    return at


def _resume(session: Session, job: Job, schedule: CronSchedule) -> None:
    """The clock first: a record that outlives its pause says too much, a pause without one says too little."""
    if schedule.pause_status is PauseStatus.PAUSED:
        _set(session, job, schedule, PauseStatus.UNPAUSED)
    pauses.forget(session.client, session.env, job.key)


def _schedule(session: Session, job: Job) -> CronSchedule:
    settings = session.client.jobs.get(job.job_id).settings
    if settings is None or settings.schedule is None:
        raise CommandError(f"Job {job.key!r} has no schedule: nothing starts it by the clock.")
    return settings.schedule


def _set(session: Session, job: Job, schedule: CronSchedule, status: PauseStatus) -> None:
    changed = CronSchedule(schedule.quartz_cron_expression, schedule.timezone_id, status)
    session.client.jobs.update(job.job_id, new_settings=JobSettings(schedule=changed))


def _known(session: Session, job: Job) -> Pause | None:
    return next((each for each in _recorded(session) if each.job == job.key), None)


def _recorded(session: Session) -> tuple[Pause, ...]:
    try:
        return pauses.read(session.client, session.env)
    except ValueError as error:
        raise CommandError(f"{error}; remove the file, or pause the job again.") from error


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
