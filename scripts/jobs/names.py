"""Jobs and runs by what people call them: the key of the spec, the full name, or the id of a run."""

from __future__ import annotations

from dataclasses import dataclass

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import BaseJob

from infra.environments import Environment
from scripts.errors import CommandError

_NAMED = 20  # more names than this nobody reads in an error


@dataclass(frozen=True)
class Job:
    """A job as said (`key`) and as the workspace knows it."""

    key: str
    name: str
    job_id: int


def find(client: WorkspaceClient, env: Environment, said: str) -> Job:
    """Return the one job of this name; CommandError with the known names, or with the ids when there are several."""
    for name in dict.fromkeys((env.display_name(said), said)):
        found = [job for job in client.jobs.list(name=name) if job.settings and job.settings.name == name]
        if len(found) > 1:
            ids = ", ".join(str(job.job_id) for job in found)
            raise CommandError(f"Job {said!r}: {len(found)} jobs are named {name!r} (ids {ids}); rename or delete one.")
        if found:
            return _job(env, found[0])
    known = ", ".join(_known(client, env)) or "none"
    raise CommandError(f"Job {said!r} is not in environment '{env.name}'; it has: {known}.")


def by_id(client: WorkspaceClient, env: Environment, job_id: int) -> Job:
    """Return the job of this id; raises what the SDK raises."""
    job = client.jobs.get(job_id)
    return _job(env, BaseJob(job_id=job_id, settings=job.settings))


def run_id(client: WorkspaceClient, env: Environment, said: str) -> int:
    """Return the run that is meant: the id itself, or the last run of the job of this name."""
    if said.isdecimal():
        return int(said)
    job = find(client, env, said)
    run = next(iter(client.jobs.list_runs(job_id=job.job_id, limit=1)), None)
    if run is None or run.run_id is None:
        raise CommandError(f"Job {said!r} has not run yet: ecom jobs run {said}.")
    return run.run_id


def _job(env: Environment, job: BaseJob) -> Job:
    name = (job.settings.name if job.settings else None) or ""
    return Job(name.removeprefix(env.name_prefix), name, job.job_id or 0)


def _known(client: WorkspaceClient, env: Environment) -> list[str]:
    """Return names with the environment's prefix, without it."""
    names = {job.settings.name or "" for job in client.jobs.list(limit=100) if job.settings}
    ours = sorted(name.removeprefix(env.name_prefix) for name in names if name.startswith(env.name_prefix))
    return ours[:_NAMED] + ([f"and {len(ours) - _NAMED} more"] if len(ours) > _NAMED else [])
