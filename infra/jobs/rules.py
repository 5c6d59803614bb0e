"""What must hold between jobs and their clocks; checked at every synth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import combinations, product

from infra.environments import OrchestrationMode
from infra.jobs.spec import JobSpec, RunJobTask, SpecError
from infra.schedules import clock_change_faults, fire_times

HORIZON_DAYS = 400  # a year and a month: both clock changes and every monthly date


def check(jobs: Mapping[str, JobSpec], mode: OrchestrationMode, today: date) -> None:
    """Raise SpecError with every broken rule, one line each."""
    faults = [
        *_child_faults(jobs),
        *_double_start_faults(jobs, mode),
        *_clock_faults(jobs.values(), today),
        *_overlap_faults([job for job in jobs.values() if mode in job.by_clock], jobs, today),
    ]
    if faults:
        raise SpecError("\n".join(faults))


def descendants(job: JobSpec, jobs: Mapping[str, JobSpec]) -> set[str]:
    """Keys of all jobs that a job runs, directly or through others."""
    found: set[str] = set()
    waiting = list(job.children)
    while waiting:
        key = waiting.pop()
        if key not in found and key in jobs:
            found.add(key)
            waiting.extend(jobs[key].children)
    return found


def _child_faults(jobs: Mapping[str, JobSpec]) -> list[str]:
    faults = []
    for job in jobs.values():
        for task in job.tasks:
            if not isinstance(task, RunJobTask):
                continue
            if task.job not in jobs:
                faults.append(f"infra/jobs/{job.key}.py: task '{task.key}': job: there is no job '{task.job}'")
            elif task.timeout_seconds < (needed := _longest_wait(jobs[task.job])):
                faults.append(
                    f"infra/jobs/{job.key}.py: task '{task.key}': timeout_seconds {task.timeout_seconds} is shorter"
                    f" than the {needed} that job '{task.job}' may take"
                    f"{' with a run of its clock before it' if jobs[task.job].beside_clock else ''}"
                )
            else:
                faults += [
                    f"infra/jobs/{job.key}.py: task '{task.key}': passes: job '{task.job}' has no parameter '{name}'"
                    for name in task.passes
                    if name not in jobs[task.job].parameters
                ]
        if job.key in descendants(job, jobs):
            faults.append(f"infra/jobs/{job.key}.py: runs itself through its run_job tasks")
        if job.children and job.timeout_seconds < job.longest_path_seconds():
            faults.append(
                f"infra/jobs/{job.key}.py: timeout_seconds {job.timeout_seconds} is shorter than its slowest path,"
                f" {job.longest_path_seconds()}"
            )
    return faults


def _longest_wait(child: JobSpec) -> int:
    """How long a parent may wait for a child: one with a clock of its own may have just begun a run by it."""
    return child.timeout_seconds * (2 if child.beside_clock else 1)


def _double_start_faults(jobs: Mapping[str, JobSpec], mode: OrchestrationMode) -> list[str]:
    return [
        f"infra/jobs/{child}.py: by_clock: in mode '{mode}' it would start by the clock and again from '{job.key}'"
        for job in jobs.values()
        if mode in job.by_clock
        for child in sorted(descendants(job, jobs))
        if mode in jobs[child].by_clock and not jobs[child].beside_clock
    ]


def _clock_faults(jobs: Iterable[JobSpec], today: date) -> list[str]:
    return [
        f"infra/jobs/{job.key}.py: schedule: {fault}"
        for job in jobs
        for fault in clock_change_faults(job.schedule, today, HORIZON_DAYS)
    ]


def _overlap_faults(scheduled: list[JobSpec], jobs: Mapping[str, JobSpec], today: date) -> list[str]:
    """Two runs overlap when one is expected to be still running when the other starts."""
    runs = {job.key: list(fire_times(job.schedule, today, HORIZON_DAYS)) for job in scheduled}
    faults = []
    for job in scheduled:
        fault = _first_overlap(runs[job.key], job.expected_seconds, runs[job.key][1:], job.expected_seconds)
        if fault:
            faults.append(f"infra/jobs/{job.key}.py: schedule: its own runs overlap at {fault:%Y-%m-%d %H:%M} UTC")
    for one, other in combinations(scheduled, 2):
        shared = _written_at_once(one, other, jobs)
        if not shared:
            continue
        fault = _first_overlap(runs[one.key], one.expected_seconds, runs[other.key], other.expected_seconds)
        if fault:
            faults.append(
                f"infra/jobs/{one.key}.py: schedule: overlaps job '{other.key}' at {fault:%Y-%m-%d %H:%M} UTC,"
                f" both write {', '.join(shared)}"
            )
    return faults


def _written_at_once(one: JobSpec, other: JobSpec, jobs: Mapping[str, JobSpec]) -> list[str]:
    """Tables that runs of both could write at once; through one child that runs one at a time they never do."""
    pairs = product(_writers(one, jobs), _writers(other, jobs))
    meeting = ((mine, theirs) for mine, theirs in pairs if mine is not theirs or not mine.one_at_a_time)
    return sorted({table for mine, theirs in meeting for table in set(mine.writes) & set(theirs.writes)})


def _writers(job: JobSpec, jobs: Mapping[str, JobSpec]) -> list[JobSpec]:
    return [job, *(jobs[child] for child in sorted(descendants(job, jobs)))]


def _first_overlap(one: list[datetime], one_seconds: int, other: list[datetime], other_seconds: int) -> datetime | None:
    """First instant at which both run, by a merge over two sorted lists of starts."""
    first = second = 0
    while first < len(one) and second < len(other):
        start = max(one[first], other[second])
        one_end = one[first] + timedelta(seconds=one_seconds)
        other_end = other[second] + timedelta(seconds=other_seconds)
        if one[first] is not other[second] and start < min(one_end, other_end):
            return start
        if one_end <= other_end:
            first += 1
        else:
            second += 1
    return None
