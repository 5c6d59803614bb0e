"""What the orchestration adds to work: from a task's end to its dependent's start, from run-now to the first line."""

from __future__ import annotations

import base64
import itertools
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs, workspace

from local.workspace.process import start
from scripts import runs
from scripts.bench.measurement import Measurement, against, seconds
from scripts.errors import CommandError

_TASKS = 5
_WARM_UP, _ROUNDS = 2, 5
_TASK_SECONDS, _START_SECONDS = 0.3, 1.0  # what a task may cost besides its work; a warm start
_WAIT_SECONDS = 300
_NOTEBOOK = """# Databricks notebook source
import time
began = time.time()

# COMMAND ----------

dbutils.notebook.exit(str(began))
"""


@dataclass(frozen=True)
class _Times:
    """Seconds: from run-now to the first line; from each end to the next start; from first line to next first line."""

    start: float
    gaps: tuple[float, ...]
    steps: tuple[float, ...]


def measure_runs() -> list[Measurement]:
    """Run a chain of notebooks that do nothing, warm; the floor is a request that reads one run."""
    with tempfile.TemporaryDirectory(prefix="bench-runs-") as folder, start(Path(folder) / "workspace") as server:
        client = WorkspaceClient(host=server.host, token=server.token, auth_type="pat")
        job = _job(client)
        for _ in range(_WARM_UP):
            _run(client, job)
        taken = [_run(client, job) for _ in range(_ROUNDS)]
        last = next(iter(client.jobs.list_runs(job_id=job))).run_id or 0
        floor = statistics.median(seconds(lambda: client.jobs.get_run(last)) for _ in range(20))
    note = "floor: one request that reads the run"
    gaps = [gap for each in taken for gap in each.gaps]
    steps = [step for each in taken for step in each.steps]
    starts = [each.start for each in taken]
    return [
        against("from the end of a task to the start of the next", gaps, floor, _TASK_SECONDS, note),
        against("a notebook task that does nothing, and the way to the next", steps, floor, _TASK_SECONDS, note),
        against("from run-now to the first line of a warm notebook", starts, floor, _START_SECONDS, note),
    ]


def _job(client: WorkspaceClient) -> int:
    content = base64.b64encode(_NOTEBOOK.encode()).decode()
    client.workspace.import_("/Shared/nothing", content=content, language=workspace.Language.PYTHON)
    tasks = [
        jobs.Task(
            task_key=f"t{number}",
            notebook_task=jobs.NotebookTask("/Shared/nothing"),
            depends_on=[jobs.TaskDependency(f"t{number - 1}")] if number else None,
        )
        for number in range(_TASKS)
    ]
    return int(client.jobs.create(name="chain", tasks=tasks).job_id or 0)


def _run(client: WorkspaceClient, job: int) -> _Times:
    asked = time.time()
    started = int(client.jobs.run_now(job).run_id or 0)
    deadline = time.monotonic() + _WAIT_SECONDS
    while not runs.ended(run := client.jobs.get_run(started)):
        if time.monotonic() > deadline:
            raise CommandError(f"a run of the benchmark is not over after {_WAIT_SECONDS} s")
        time.sleep(0.2)
    if not runs.succeeded(run):
        raise CommandError(f"a run of the benchmark failed: {run.state and run.state.state_message}")
    tasks = sorted(run.tasks or [], key=lambda task: task.task_key or "")
    firsts = [_first_line(client, int(task.run_id or 0)) for task in tasks]
    pairs = itertools.pairwise(tasks)
    return _Times(
        firsts[0] - asked,
        tuple(((after.start_time or 0) - (before.end_time or 0)) / 1000 for before, after in pairs),
        tuple(later - earlier for earlier, later in itertools.pairwise(firsts)),
    )


def _first_line(client: WorkspaceClient, run: int) -> float:
    output = client.jobs.get_run_output(run).notebook_output
    if output is None or output.result is None:
        raise CommandError("a notebook of the benchmark said nothing")
    return float(output.result)
