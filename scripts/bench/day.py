"""Whether a Spark driver that runs a job every hour holds what it used: its memory before and after a day."""

from __future__ import annotations

import base64
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs, workspace

from local.workspace.process import start
from scripts.bench.measurement import Measurement
from scripts.errors import CommandError

_HOURS = 24
_WARM_UP = 8  # runs before the first figure: code is compiled and caches are filled by then
_GOAL = 1.2
_MEGABYTE = 1024 * 1024
_WAIT_SECONDS = 300
_NOTEBOOK = """# Databricks notebook source
# MAGIC %md
# MAGIC ## An hour

# COMMAND ----------

from pyspark.sql import functions as F
hours = spark.range(20_000).select((F.col("id") % 24).alias("hour"), F.rand(1).alias("amount"))
hours.write.mode("overwrite").saveAsTable("bench.hourly.amounts")
display(spark.table("bench.hourly.amounts").groupBy("hour").agg(F.sum("amount").alias("amount")).orderBy("hour"))

# COMMAND ----------

# MAGIC %sql
# MAGIC select count(*) as n, max(amount) as most from bench.hourly.amounts

# COMMAND ----------

import gc
gc.collect()
spark._jvm.System.gc()
machine = spark._jvm.Runtime.getRuntime()
dbutils.notebook.exit(str(machine.totalMemory() - machine.freeMemory()))
"""


@dataclass(frozen=True)
class _Memory:
    """Megabytes: of the Python process, alive in the Java machine after a collection, resident of both."""

    python: float
    heap: float
    resident: float


def measure_day() -> list[Measurement]:
    """Run a small notebook as a job 24 times; compare the driver's memory after it with that after the warm-up."""
    with tempfile.TemporaryDirectory(prefix="bench-day-") as folder, start(Path(folder) / "workspace") as server:
        client = WorkspaceClient(host=server.host, token=server.token, auth_type="pat")
        job = _job(client)
        for _ in range(_WARM_UP):
            before = _run(client, job, server.pid)
        began = time.monotonic()
        for _ in range(_HOURS):
            after = _run(client, job, server.pid)
        seconds = (time.monotonic() - began) / _HOURS
    what = {
        "Python of the Spark driver": (after.python, before.python),
        "live heap of the Java machine": (after.heap, before.heap),
        "driver and Java machine, resident": (after.resident, before.resident),
    }
    return [
        Measurement(
            name=f"{name}, after a day of hourly runs",
            figure=round(figure, 1),
            baseline=round(baseline, 1),
            ratio=round(figure / baseline, 2),
            goal=_GOAL,
            unit="MB",
            note=f"floor: after {_WARM_UP} runs; {_HOURS} runs of {seconds:.1f} s",
        )
        for name, (figure, baseline) in what.items()
    ]


def _job(client: WorkspaceClient) -> int:
    client.catalogs.create("bench")
    client.schemas.create("hourly", "bench")
    content = base64.b64encode(_NOTEBOOK.encode()).decode()
    client.workspace.import_("/Shared/hour", content=content, language=workspace.Language.PYTHON)
    task = jobs.Task(task_key="hour", notebook_task=jobs.NotebookTask("/Shared/hour"))
    return int(client.jobs.create(name="hourly", tasks=[task]).job_id or 0)


def _run(client: WorkspaceClient, job: int, server: int) -> _Memory:
    started = int(client.jobs.run_now(job).run_id or 0)
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (run := client.jobs.get_run(started)).end_time:
        if time.monotonic() > deadline:
            raise CommandError(f"a run of the benchmark is not over after {_WAIT_SECONDS} s")
        time.sleep(0.1)
    output = client.jobs.get_run_output(int((run.tasks or [])[0].run_id or 0))
    if output.notebook_output is None or output.notebook_output.result is None:
        raise CommandError(f"a run of the benchmark failed: {output.error}")
    heap = int(output.notebook_output.result) / _MEGABYTE
    python, java = (process.memory_info().rss / _MEGABYTE for process in _driver(server))
    return _Memory(python, heap, python + java)


def _driver(server: int) -> tuple[psutil.Process, psutil.Process]:
    """Return the Spark driver of a server and its Java machine."""
    driver = next(each for each in psutil.Process(server).children() if "local.engine" in each.cmdline())
    return driver, next(each for each in driver.children(recursive=True) if each.name() == "java")
