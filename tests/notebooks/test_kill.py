"""Ingest killed with -9 between its writes and at random moments ends as if it had never been killed."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.data import generator, totals

pytestmark = pytest.mark.slow

HERE = Path(__file__).parents[2]
SEEDS = range(25)
DAYS = 40  # a file each; enough that something is left to do for the last one that is killed


def _start(root: Path, *moment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.notebooks.ingest_process", str(root), *moment],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": f"{HERE}:{HERE / 'notebooks'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _finish(process: subprocess.Popen[str]) -> list[str]:
    """Return what the process says until it ends or is gone."""
    with process:
        assert process.stdout is not None
        return process.stdout.read().splitlines()


def _kill_at_random(root: Path, seed: int) -> bool:
    """Kill an ingest within its first seconds; say whether a batch was on its way."""
    process = _start(root)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(random.Random(seed).uniform(0, 3))
    os.killpg(process.pid, signal.SIGKILL)
    assert "done" not in _finish(process), "killed too late to prove anything: make DAYS more"
    checkpoint = root / "volumes" / "shop" / "landing" / "checkpoints" / "bronze" / "orders"
    begun, ended = ({path.name for path in checkpoint.glob(f"{log}/[0-9]*")} for log in ("offsets", "commits"))
    return bool(begun - ended)


def test_whatever_is_killed_when_every_line_lands_once(tmp_path: Path) -> None:
    generator.generate(tmp_path / "trade", seed=5, end=dt.date(2026, 6, 30), days=DAYS, customers=1000)
    root = tmp_path / "root"
    shutil.copytree(tmp_path / "trade" / "orders", root / "volumes" / "shop" / "landing" / "files" / "orders")

    for moment in ("after-rows", "after-quarantine"):
        process = _start(root, moment)
        assert "done" not in _finish(process)
        assert process.returncode == -signal.SIGKILL
    amid = [_kill_at_random(root, seed) for seed in SEEDS]
    assert amid.count(True) >= len(SEEDS) // 4, amid

    landed = _finish(_start(root))
    assert landed[-1] == "done"
    lines = [line.split() for line in landed[1:-1]]
    places = [(file, int(number)) for _, file, number in lines]
    assert len(places) == len(set(places)) == totals.data_lines(tmp_path / "trade")["orders"]
    truth = json.loads((tmp_path / "trade" / "truth.json").read_text())
    quarantined = {(file, int(number)) for kind, file, number in lines if kind == "quarantined"}
    assert quarantined == {
        (bad["file"], bad["line"])
        for bad in truth["bad_lines"]
        if bad["layer"] == "bronze" and bad["file"].startswith("orders/")
    }
    assert len(quarantined) > 2
