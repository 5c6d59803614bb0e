"""How much of a dbt build is not SQL: its wall time beside the time in which at least one node runs."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs

from infra.environments import LOCAL
from scripts import runs
from scripts.bench.deployed import run_to_end
from scripts.bench.measurement import Measurement, beside
from scripts.errors import CommandError

_REFERENCE = re.compile(r"\{\{job\.parameters\.\w+\}\}")  # to what this job is not told
_BUILD = "dbt build --exclude-resource-type unit_test"
_ANEW = f"{_BUILD} --full-refresh"


@dataclass(frozen=True)
class _Build:
    """Seconds of a dbt task: all, until the first node starts, and those in which at least one node runs."""

    wall: float
    lead: float
    nodes: float
    count: int


def measure_dbt(client: WorkspaceClient) -> list[Measurement]:
    """Build every model, snapshot and test of a workspace that holds trade: with nothing new, then every table anew."""
    again, anew = (_build(client, _job(client, command)) for command in (_BUILD, _ANEW))
    return [_line("dbt build with nothing new", again), _line("dbt build of every table anew", anew)]


def _line(name: str, build: _Build) -> Measurement:
    share = (build.wall - build.nodes) / build.wall
    note = (
        f"floor: the time in which one of {build.count} nodes runs; {share:.0%} is overhead, of it"
        f" {build.lead:.1f} s until the first node starts"
    )
    return beside(name, [build.wall], [build.nodes], None, note)


def _job(client: WorkspaceClient, command: str) -> int:
    """Return a job of one dbt task, which has everything from the deployed one but the command."""
    settings = client.jobs.get(runs.job_id(client, LOCAL.display_name("silver_transformation"))).settings
    task = next(each for each in (settings and settings.tasks) or [] if each.dbt_task)
    assert task.dbt_task is not None  # noqa: S101 it is what was looked for
    variables = task.dbt_task.commands[0].partition(" --vars")[2]
    task.dbt_task.commands = [f"{command} --vars{_REFERENCE.sub('', variables)}"]
    task.depends_on = None
    environments = settings.environments if settings else None
    return int(client.jobs.create(name="bench dbt", tasks=[task], environments=environments).job_id or 0)


def _build(client: WorkspaceClient, job: int) -> _Build:
    run = run_to_end(client, job)
    task = (run.tasks or [jobs.RunTask("none")])[-1]
    spans = [span for result in _results(client, task)["results"] if (span := _span(result["timing"]))]
    began, ended = ((task.start_time or 0) / 1000, (task.end_time or 0) / 1000)
    return _Build(ended - began, min(start for start, _ in spans) - began, union(spans), len(spans))


def _results(client: WorkspaceClient, task: jobs.RunTask) -> dict[str, Any]:
    output = client.jobs.get_run_output(int(task.run_id or 0)).dbt_output
    if output is None or not output.artifacts_link:
        raise CommandError("the dbt task of the benchmark left no artifacts")
    answer: Any = client.api_client.do("GET", urlsplit(output.artifacts_link).path, raw=True)
    with tarfile.open(fileobj=io.BytesIO(answer["contents"].read())) as archive:
        member = archive.extractfile("target/run_results.json")
        results: dict[str, Any] = json.loads(member.read() if member else b"{}")
    return results


def _span(timing: Iterable[dict[str, str]]) -> tuple[float, float] | None:
    """Return when a node began and ended; none for one that was skipped."""
    ends = ("started_at", "completed_at")
    moments = [datetime.fromisoformat(each[end]).timestamp() for each in timing for end in ends]
    return (min(moments), max(moments)) if moments else None


def union(spans: Iterable[tuple[float, float]]) -> float:
    """Return the seconds that at least one span covers."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total
