"""Cancelled runs, full queues, killed drivers. The kills come last in the file: each costs a restart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.engine.client import DriverUnavailable
from local.engine.runs import CANCEL_PATIENCE_SECONDS, CONCURRENT_RUNS
from local.engine.session import CLASSES

pytestmark = pytest.mark.slow

BUSY_SPARK = """\
from pyspark.sql.functions import udf
import time
print("begun")
nap = udf(lambda n: time.sleep(0.5) or n, "long")
try:
    spark.range(0, 10_000, 1, 2).select(nap("id")).write.format("noop").mode("overwrite").save()
except Exception as error:
    print("swallowed")
while True:
    time.sleep(0.05)
"""
MARK = "dbutils.fs.put('/Volumes/shop/raw/marks/{name}', '', True)\n"


def wait_for(path: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


def machines_of(root: Path) -> list[str]:
    """Java processes that hold the lake of a root."""
    processes = subprocess.run(["ps", "-ww", "-eo", "command="], capture_output=True, text=True, check=True)
    return [line for line in processes.stdout.splitlines() if "java" in line and f"derby.system.home={root}" in line]


def cancel(engine: Any, key: str) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    engine.driver.client().call("DELETE", f"/notebook-runs/{key}")
    answer = engine.finish(key)
    return answer, time.monotonic() - began


def test_cancel_ends_a_spark_job_within_seconds_and_frees_the_cores(engine: Any) -> None:
    marks = engine.volume("marks")
    key = engine.start(MARK.format(name="spark") + BUSY_SPARK)
    wait_for(marks / "spark")
    time.sleep(1)
    answer, seconds = cancel(engine, key)
    assert answer["state"] == "CANCELED"
    assert answer["error"] is None
    assert seconds < CANCEL_PATIENCE_SECONDS, "it was given up, not stopped"
    assert "The run was canceled." in engine.page(answer)
    began = time.monotonic()
    assert engine.succeed("dbutils.notebook.exit(spark.range(10).count())") == 10
    assert time.monotonic() - began < 20


def test_cancel_stops_a_stream(engine: Any) -> None:
    marks = engine.volume("marks")
    source = """\
        stream = spark.readStream.format("rate").load().writeStream.format("noop").start()
        dbutils.fs.put("/Volumes/shop/raw/marks/stream", "", True)
        stream.awaitTermination()
        """
    key = engine.start(source)
    wait_for(marks / "stream")
    answer, seconds = cancel(engine, key)
    assert answer["state"] == "CANCELED"
    assert seconds < CANCEL_PATIENCE_SECONDS, "it was given up, not stopped"


def test_run_in_a_c_call_is_given_up_and_its_slot_is_free(engine: Any) -> None:
    marks = engine.volume("marks")
    sleep = MARK.format(name="sleep") + "import time\ntime.sleep(CANCEL + 30)".replace(
        "CANCEL", str(CANCEL_PATIENCE_SECONDS)
    )
    key = engine.start(sleep)
    wait_for(marks / "sleep")
    answer, seconds = cancel(engine, key)
    assert answer["state"] == "CANCELED"
    assert seconds < CANCEL_PATIENCE_SECONDS + 25


def test_runs_beyond_the_limit_wait_and_can_be_cancelled_while_they_wait(engine: Any) -> None:
    marks = engine.volume("marks")
    spin = "import time\nwhile True: time.sleep(0.05)"
    at_work = [engine.start(MARK.format(name=f"slot{n}") + spin) for n in range(CONCURRENT_RUNS)]
    for n in range(CONCURRENT_RUNS):
        wait_for(marks / f"slot{n}")
    waiting = engine.start(MARK.format(name="waiting") + spin)
    assert engine.get(waiting, wait=1)["state"] == "RUNNING"
    assert cancel(engine, waiting)[0]["state"] == "CANCELED"
    for key in at_work:
        assert cancel(engine, key)[0]["state"] == "CANCELED"
    assert not (marks / "waiting").exists()


def test_known_key_is_not_run_again(engine: Any) -> None:
    key = engine.start("dbutils.notebook.exit(1)")
    engine.finish(key)
    body = {"key": key, "path": "/x", "language": "PYTHON", "source": "dbutils.notebook.exit(2)", "context": {}}
    engine.driver.client().call("POST", "/notebook-runs", body)
    assert engine.finish(key)["exit_value"] == "1"


def test_a_driver_reads_its_classes_from_the_archive_of_the_set_up(engine: Any) -> None:
    (machine,) = (
        process
        for process in psutil.Process(engine.driver.pid).children(recursive=True)
        if process.name().startswith("java")
    )
    if not hasattr(machine, "memory_maps"):
        pytest.skip("this system does not say which files a process has mapped")
    assert str(CLASSES) in {mapped.path for mapped in machine.memory_maps()}


def test_killed_driver_is_noticed_at_once_and_the_next_has_all_data(engine: Any) -> None:
    engine.succeed("spark.sql('CREATE OR REPLACE TABLE shop.bronze.kept AS SELECT id FROM range(5)')")
    marks = engine.volume("marks")
    key = engine.start(MARK.format(name="killed") + BUSY_SPARK)
    wait_for(marks / "killed")
    client = engine.driver.client()
    killed = engine.driver.pid
    os.kill(killed, signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises(DriverUnavailable, match=r"driver\.log"):
        client.call("GET", f"/notebook-runs/{key}?wait=20", timeout=50)
    assert time.monotonic() - began < 20, "the wait that was asked for went by"
    deadline = time.monotonic() + 60
    while engine.driver.pid == killed and time.monotonic() < deadline:
        time.sleep(0.05)
    engine.driver.wait_ready(120)
    with pytest.raises(DriverUnavailable, match="died"):
        engine.get(key)
    assert engine.succeed("dbutils.notebook.exit(spark.table('shop.bronze.kept').count())") == 5
    engine.succeed("spark.sql('INSERT INTO shop.bronze.kept VALUES (6)')")
    assert len(machines_of(engine.root)) == 1


def test_a_driver_whose_supervisor_is_gone_leaves_in_good_order(engine: Any) -> None:
    """The end of its stdin is all that a driver learns of a supervisor that was killed."""
    marks = engine.volume("marks")
    engine.start(MARK.format(name="orphan") + BUSY_SPARK)
    wait_for(marks / "orphan")
    process, machine = engine.driver._process, json.loads((engine.root / "lake" / "driver.json").read_text())["jvm"]
    assert psutil.pid_exists(machine)
    process.stdin.close()
    assert process.wait(20) == 0
    assert "stdin closed: stopping" in engine.driver.log.read_text()
    psutil.wait_procs([psutil.Process(machine)] if psutil.pid_exists(machine) else [], timeout=10)
    assert not psutil.pid_exists(machine), "the Java machine outlived its driver"
