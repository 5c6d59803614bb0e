"""Generated sections about jobs: what runs, after what, when, and a picture of the daily pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from infra.environments import PROD
from infra.jobs.spec import RETRY_INTERVAL_SECONDS, DbtTask, JobSpec, NotebookTask, RunJobTask
from infra.schedules import fire_times
from scripts.docs.facts import Facts
from scripts.docs.markdown import anchor, code, codes, mermaid, table

MASTER = "master_pipeline"
_OFFICE = ZoneInfo("America/New_York")  # where the people are who read the reports
_YEAR_DAYS = 366


def jobs(facts: Facts) -> str:
    """One line per job: what it is for, when it starts in prod, how long it takes and may take."""
    rows = [
        (
            code(job.key),
            job.description,
            _start(job, facts),
            code(job.schedule.quartz),
            duration(job.expected_seconds),
            duration(job.timeout_seconds),
            code(f"infra/jobs/{job.key}.py"),
        )
        for job in facts.jobs.values()
    ]
    return table(("job", "what it does", "starts (prod)", "Quartz, UTC", "warns after", "stopped after", "file"), rows)


def job_index(facts: Facts) -> str:
    """The way from the name of a job to the section that says what to do when it failed."""
    rows = [(code(key), f"[{failure_heading(key)}](#{anchor(failure_heading(key))})") for key in facts.jobs]
    return table(("job", "read"), rows)


def failure_heading(job: str) -> str:
    """Return the heading under which the runbook says what to do when a job failed."""
    return f"{job.replace('_', ' ').capitalize()} failed"


def tasks(facts: Facts) -> str:
    """One line per task: what it runs, what it waits for, how often it tries and how long."""
    rows = [
        (
            code(job.key),
            code(task.key),
            _runs(task),
            codes(sorted(task.depends_on)),
            str(task.max_retries),
            duration(task.timeout_seconds),
        )
        for job in facts.jobs.values()
        for task in job.tasks
    ]
    heads = ("job", "task", "runs", "after", "retries", "stopped after")
    return (
        table(heads, rows) + f"\n\nA retry waits {RETRY_INTERVAL_SECONDS} s. What ran into its timeout is not retried."
    )


def next_runs(facts: Facts, day: date) -> str:
    """The first starts of each job that runs by the clock in prod, in UTC and as clocks in New York show them."""
    change = _clock_change(day)
    rows = []
    for job in _by_clock(facts):
        first, second = islice(fire_times(job.schedule, day, _YEAR_DAYS), 2)
        changed = next(fire_times(job.schedule, change + timedelta(days=1), _YEAR_DAYS))
        rows.append(
            (
                code(job.key),
                f"{first:%a %Y-%m-%d %H:%M}",
                f"{first.astimezone(_OFFICE):%a %H:%M %Z}",
                f"{second:%a %Y-%m-%d %H:%M}",
                f"{changed.astimezone(_OFFICE):%a %H:%M %Z}",
            )
        )
    heads = ("job", "first run from that day, UTC", "New York", "the run after it, UTC", f"New York after {change}")
    return table(heads, rows)


def dag(facts: Facts) -> str:
    """A picture of the daily pipeline with the tasks of the jobs it runs."""
    master = facts.jobs[MASTER]
    lines = ["flowchart TB"]
    for task in master.tasks:
        if not isinstance(task, RunJobTask):
            lines.append(f'  {task.key}["{task.key}"]')
            continue
        lines.append(f'  subgraph {task.key}["{task.key}: {task.job}"]')
        lines.append("    direction LR")
        lines += _inside(facts.jobs[task.job])
        lines.append("  end")
    lines += [f"  {above} --> {task.key}" for task in master.tasks for above in sorted(task.depends_on)]
    return mermaid(lines)


def duration(seconds: int) -> str:
    """Return seconds as people say them: 4 h, 10 h 2 min, 45 s."""
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if count]
    return " ".join(parts) or "0 s"


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _inside(job: JobSpec) -> Iterator[str]:
    for task in job.tasks:
        yield f'    {job.key}__{task.key}["{task.key}"]'
    for task in job.tasks:
        if task.depends_on:
            above = " & ".join(f"{job.key}__{key}" for key in sorted(task.depends_on))
            yield f"    {above} --> {job.key}__{task.key}"


def _by_clock(facts: Facts) -> list[JobSpec]:
    return [job for job in facts.jobs.values() if PROD.orchestration in job.by_clock]


def _start(job: JobSpec, facts: Facts) -> str:
    parents = [key for key, parent in facts.jobs.items() if job.key in parent.children]
    if PROD.orchestration not in job.by_clock:
        return f"by {codes(parents)}; own clock paused"
    return f"by the clock, and by {codes(parents)}" if parents else "by the clock"


def _runs(task: NotebookTask | DbtTask | RunJobTask) -> str:
    match task:
        case NotebookTask():
            given = ", ".join(f"{name}={value}" for name, value in task.parameters.items() if value)
            return code(f"notebooks/{task.notebook}.py") + (f" with {code(given)}" if given else "")
        case DbtTask():
            return codes(task.commands)
        case RunJobTask():
            return f"job {code(task.job)}"


def _clock_change(day: date) -> date:
    """Return the first day after `day` on which clocks in New York stand otherwise than on it."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    days = (noon + timedelta(days=ahead) for ahead in range(1, _YEAR_DAYS))
    now = noon.astimezone(_OFFICE).utcoffset()
    return next(each.date() for each in days if each.astimezone(_OFFICE).utcoffset() != now)
