"""The platform in a workspace of its own, for benchmarks: trade goes in by days, master runs to its end."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Run

from infra.environments import LOCAL
from local.workspace.process import start
from scripts import runs, toolchain
from scripts.data import generator, loader, retail
from scripts.demo import deployment, landing
from scripts.errors import CommandError

WHOLE = "master"
_CUSTOMERS = 800
_RUN_SECONDS = 3600


@dataclass(frozen=True)
class Trade:
    """Landing files of some days, in order."""

    folder: Path
    days: Sequence[str]


def trade(folder: Path, days: int) -> Trade:
    """Make landing files of the last so many real days in the folder that DATA names, else of generated ones."""
    data = os.environ.get("DATA")
    if not data:
        return generated(folder, days, _CUSTOMERS)
    found = retail.day_files(Path(data))
    if len(found) < days:
        raise CommandError(f"{data}: has {len(found)} days of trade, {days} are needed.")
    with tempfile.TemporaryDirectory(prefix="bench-trade-") as name:
        # A product or customer is delivered when it is new: what begins later has to tell them all by itself.
        for _, path in found[-days:]:
            shutil.copyfile(path, Path(name) / path.name)
        loader.load(Path(name), folder)
    return Trade(folder, _days(folder))


def generated(folder: Path, days: int, customers: int) -> Trade:
    """Make landing files of generated trade, with so many customers known on the first day."""
    generator.generate(folder, seed=1, end=landing.GENERATED_END, days=days, customers=customers)
    return Trade(folder, _days(folder))


def _days(folder: Path) -> list[str]:
    return sorted({path.stem for path in folder.glob("orders/*") if path.is_file()})


@contextmanager
def deployed(root: Path) -> Iterator[WorkspaceClient]:
    """Deploy the platform into a workspace below a folder, for as long as the block takes."""
    with start(root / "workspace") as workspace:
        env = toolchain.environment(toolchain.local_provider(), workspace.host, workspace.token)
        env["ECOM_STATE"] = f"local:{root / 'state'}"
        deployment.deploy("local", env, root / "deploy.log", root / "cdktf.out")
        yield WorkspaceClient(host=workspace.host, token=workspace.token, auth_type="pat")


def upload(client: WorkspaceClient, found: Trade, batch: Path, after: str, until: str) -> None:
    """Put the files of the days after one and until another into landing."""
    for path in found.folder.glob("*/*"):
        if path.is_file() and after < path.name[: len(until)] <= until:
            (batch / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, batch / path.parent.name / path.name)
    landing.upload(client, batch, LOCAL.catalog)


def run_master(client: WorkspaceClient) -> dict[str, float]:
    """Run master to its end; return the seconds of the run and of each of its own tasks."""
    run = run_to_end(client, runs.job_id(client, LOCAL.display_name("master_pipeline")))
    seconds = {task.path: task.seconds for task in tasks_of(client, run) if "/" not in task.path}
    return {WHOLE: ((run.end_time or 0) - (run.start_time or 0)) / 1000, **seconds}


def tasks_of(client: WorkspaceClient, run: Run) -> list[runs.TaskState]:
    """Return every task of a run, those of the runs below it included."""
    return list(runs.Follower(client, run.run_id or 0).tasks(run))


def run_to_end(client: WorkspaceClient, job_id: int) -> Run:
    """Run a job and return the run; one that fails or never ends is an error."""
    started = client.jobs.run_now(job_id).run_id
    deadline = time.monotonic() + _RUN_SECONDS
    while not runs.ended(run := client.jobs.get_run(started)):
        if time.monotonic() > deadline:
            raise CommandError(f"The run {run.run_id} did not end within {_RUN_SECONDS} s.")
        time.sleep(runs.POLL_SECONDS)
    if not runs.succeeded(run):
        raise CommandError(f"The run {run.run_id} failed: {runs.first_failure(client, tasks_of(client, run))}")
    return run
