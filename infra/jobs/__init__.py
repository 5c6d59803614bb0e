"""The jobs: one file each, exporting JOB. Nothing registers them; `discover` finds the files."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from infra.jobs.spec import JobSpec, SpecError

_NOT_JOBS = {"__init__.py", "spec.py", "rules.py"}


def discover(folder: Path = Path(__file__).parent) -> dict[str, JobSpec]:
    """Return every job of a folder by key, in order of key; errors name the file."""
    files = sorted(file for file in folder.glob("*.py") if file.name not in _NOT_JOBS)
    if not files:
        raise SpecError(f"{folder}: no job found; a job is a file that exports JOB = JobSpec(...)")
    jobs: dict[str, JobSpec] = {}
    for file in files:
        job = _load(file)
        if job.key != file.stem:
            raise SpecError(f"{file}: key: {job.key!r} must be the file's name, '{file.stem}'")
        jobs[job.key] = job
    return jobs


def _load(file: Path) -> JobSpec:
    module_spec = importlib.util.spec_from_file_location(f"infra.jobs.{file.stem}", file)
    if module_spec is None or module_spec.loader is None:
        raise SpecError(f"{file}: is not a Python module")
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
    except (ValueError, TypeError) as error:  # what a spec raises: a wrong field, or a missing one
        raise SpecError(f"{file}: {error}") from error
    job = getattr(module, "JOB", None)
    if not isinstance(job, JobSpec):
        raise SpecError(f"{file}: JOB: must be a JobSpec, found {type(job).__name__}")
    return job
