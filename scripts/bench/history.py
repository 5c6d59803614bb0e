"""What a day costs after a month and after ten months of history, by task, and what catching up at once saves."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient

from infra.environments import LOCAL
from local.workspace.process import start
from scripts import runs, toolchain
from scripts.bench.measurement import Measurement
from scripts.data import generator, loader
from scripts.demo import deployment, landing
from scripts.errors import CommandError

SHORT, LONG = 30, 300  # days of trade that are there before the measured ones
MEASURED_DAYS = 3  # the median of so many counts
_CUSTOMERS = 800
_END = dt.date(2026, 6, 30)
_DAY_GOAL = 1.25
_BACKFILL_GOAL = 0.1
_RUN_SECONDS = 3600
_WHOLE = "master"


@dataclass(frozen=True)
class _Costs:
    """Seconds: of the run that took in all the history at once, and of each day after it by task."""

    backfill: float
    day: Mapping[str, float]


def measure_history() -> list[Measurement]:
    """Measure on the real days in the folder that DATA names, else on generated trade."""
    with tempfile.TemporaryDirectory(prefix="bench-history-") as folder:
        root = Path(folder)
        days = _landing(root / "landing")
        short, long = (_costs(root / f"{length}-days", root / "landing", days, length) for length in (SHORT, LONG))
    return [*_days(short.day, long.day), _backfill(long)]


def _landing(folder: Path) -> list[str]:
    """Make landing files and return their days in order."""
    data = os.environ.get("DATA")
    if data:
        loader.load(Path(data), folder)
    else:
        generator.generate(folder, seed=1, end=_END, days=LONG + MEASURED_DAYS, customers=_CUSTOMERS)
    days = sorted({path.stem for path in folder.glob("orders/*") if path.is_file()})
    if len(days) < LONG + MEASURED_DAYS:
        raise CommandError(f"{data}: has {len(days)} days of orders, {LONG + MEASURED_DAYS} are needed.")
    return days


def _costs(root: Path, files: Path, days: Sequence[str], length: int) -> _Costs:
    """Deploy into a workspace of its own, take in so many days at once, then the next ones one by one."""
    with start(root / "workspace") as workspace:
        env = toolchain.environment(toolchain.local_provider(), workspace.host, workspace.token)
        env["ECOM_STATE"] = f"local:{root / 'state'}"
        deployment.deploy("local", env, root / "deploy.log", root / "cdktf.out")
        client = WorkspaceClient(host=workspace.host, token=workspace.token, auth_type="pat")
        _upload(client, files, root / "history", "", days[length - 1])
        backfill = _run_master(client)[_WHOLE]
        measured = []
        for number in range(length, length + MEASURED_DAYS):
            _upload(client, files, root / days[number], days[number - 1], days[number])
            measured.append(_run_master(client))
    return _Costs(backfill, {task: statistics.median(day[task] for day in measured) for task in measured[0]})


def _upload(client: WorkspaceClient, files: Path, batch: Path, after: str, until: str) -> None:
    """Put the files of the days after one and until another into landing."""
    for path in files.glob("*/*"):
        if path.is_file() and after < path.name[: len(until)] <= until:
            (batch / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, batch / path.parent.name / path.name)
    landing.upload(client, batch, LOCAL.catalog)


def _run_master(client: WorkspaceClient) -> dict[str, float]:
    """Run master to its end; return the seconds of the run and of each of its own tasks."""
    follower = runs.Follower(
        client, client.jobs.run_now(runs.job_id(client, LOCAL.display_name("master_pipeline"))).run_id
    )
    deadline = time.monotonic() + _RUN_SECONDS
    while not runs.ended(run := follower.run()):
        if time.monotonic() > deadline:
            raise CommandError(f"The master run {run.run_id} did not end within {_RUN_SECONDS} s.")
        time.sleep(runs.POLL_SECONDS)
    tasks = list(follower.tasks(run))
    if not runs.succeeded(run):
        raise CommandError(f"The master run {run.run_id} failed: {runs.first_failure(client, tasks)}")
    seconds = {task.path: task.seconds for task in tasks if "/" not in task.path}
    return {_WHOLE: ((run.end_time or 0) - (run.start_time or 0)) / 1000, **seconds}


def _days(short: Mapping[str, float], long: Mapping[str, float]) -> list[Measurement]:
    return [
        Measurement(
            name=f"one day after {LONG} days: {task}",
            figure=round(long[task], 1),
            baseline=round(short[task], 1),
            ratio=round(long[task] / short[task], 2),
            goal=_DAY_GOAL,
            unit="s",
            note=f"baseline: after {SHORT} days; median of {MEASURED_DAYS}",
        )
        for task in short
    ]


def _backfill(long: _Costs) -> Measurement:
    day_by_day = long.day[_WHOLE] * LONG
    return Measurement(
        name=f"{LONG} days at once",
        figure=round(long.backfill, 1),
        baseline=round(day_by_day, 1),
        ratio=round(long.backfill / day_by_day, 3),
        goal=_BACKFILL_GOAL,
        unit="s",
        note="baseline: as many times the measured day",
    )
