"""`ecom jobs backfill`: a run per window, once, whatever happens to the command in between."""

from __future__ import annotations

import io
import json
import signal
import time
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from scripts.errors import CommandError
from scripts.jobs.backfill import Order, Progress, Row, backfill, table
from scripts.jobs.windows import Window, windows

pytestmark = pytest.mark.slow

DAYS = windows(date(2026, 1, 1), date(2026, 1, 5), 2)
ORDER = Order("first_day", "last_day")
PARAMETERS = [{"name": "first_day", "default": ""}, {"name": "last_day", "default": ""}]


def days_run(desk: Any) -> list[tuple[str, str]]:
    bodies = desk.workspace.driver.bodies
    return [(body["parameters"]["first_day"], body["parameters"]["last_day"]) for body in bodies]


def test_each_window_is_run_once_with_its_days(desk: Any) -> None:
    desk.job("load", desk.workspace.task("a"), parameters=PARAMETERS)
    assert backfill(desk.session(), "load", DAYS, ORDER, dry_run=True) == 0
    assert days_run(desk) == []
    assert backfill(desk.session(), "load", DAYS, ORDER) == 0
    wanted = [("2026-01-01", "2026-01-02"), ("2026-01-03", "2026-01-04"), ("2026-01-05", "2026-01-05")]
    assert days_run(desk) == wanted
    assert [row["state"] for row in desk.answer["windows"]] == ["SUCCESS"] * 3
    assert backfill(desk.session(), "load", DAYS, ORDER) == 0  # nothing is left to do
    assert days_run(desk) == wanted
    assert [row["started_before"] for row in desk.answer["windows"]] == [True] * 3
    assert backfill(desk.session(), "load", DAYS[:1], Order("first_day", "last_day", again="2")) == 0
    assert days_run(desk) == [*wanted, wanted[0]]


def test_it_stops_at_a_failure_and_tries_that_window_again(desk: Any) -> None:
    job = desk.job("load", desk.workspace.task("a", fail_times=1, error="disk full"), parameters=PARAMETERS)
    with pytest.raises(CommandError, match=r"Windows failed: 2026-01-01\.\.2026-01-02, 2 not started\. .*disk full"):
        backfill(desk.session(), "load", DAYS, ORDER)
    assert [row["state"] for row in desk.answer["windows"]] == ["FAILED", "waiting", "waiting"]
    mended = {"name": "[local] load", "tasks": [desk.workspace.task("a")], "parameters": PARAMETERS}
    desk.workspace.client.api_client.do("POST", "/api/2.2/jobs/reset", body={"job_id": job, "new_settings": mended})
    assert backfill(desk.session(), "load", DAYS, ORDER) == 0
    assert len(days_run(desk)) == 4
    assert [row["started_before"] for row in desk.answer["windows"]] == [False] * 3


def test_it_keeps_going_on_request_and_names_all_that_failed(desk: Any) -> None:
    desk.job("load", desk.workspace.task("a", fail_times=1), parameters=PARAMETERS)
    with pytest.raises(CommandError, match=r"2026-01-01\.\.2026-01-02, 2026-01-03\.\.2026-01-04, 2026-01-05\. "):
        backfill(desk.session(), "load", DAYS, Order("first_day", "last_day", keep_going=True))
    assert len(days_run(desk)) == 3


def test_several_windows_run_at_once(desk: Any) -> None:
    desk.job("load", desk.workspace.task("a", sleep=0.6), parameters=PARAMETERS, max_concurrent_runs=3)
    began = time.monotonic()
    assert backfill(desk.session(), "load", DAYS, Order("first_day", "last_day", parallel=3)) == 0
    log = desk.workspace.driver.log
    assert [what for what, _, _ in log[:3]] == ["start"] * 3, f"one after the other in {time.monotonic() - began} s"


def test_what_cannot_be_backfilled_is_refused(desk: Any) -> None:
    desk.job("plain", desk.workspace.task("a"), parameters=[{"name": "day", "default": ""}])
    with pytest.raises(
        CommandError, match=r"--param-from 'first_day': job 'plain' has no such parameter.* it has: day"
    ):
        backfill(desk.session(), "plain", DAYS, ORDER)
    desk.job("load", desk.workspace.task("a"), parameters=PARAMETERS)
    with pytest.raises(CommandError, match="--parallel 2: job 'load' runs at most 1 at once and has no queue"):
        backfill(desk.session(), "load", DAYS, Order("first_day", "last_day", parallel=2))
    assert days_run(desk) == []


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_ended_half_way_it_continues_without_a_second_run(desk: Any, end: signal.Signals) -> None:
    desk.job("load", desk.workspace.task("a", sleep=0.8), parameters=PARAMETERS)
    command = ("jobs", "backfill", "load", "--from", "2026-01-01", "--to", "2026-01-04", "--json")
    first = desk.typed(*command)
    deadline = time.monotonic() + 60
    while len(days_run(desk)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.send_signal(end)
    _, said = first.communicate(timeout=60)
    assert first.returncode in (130, -signal.SIGKILL)
    assert ("the same command continues where this one was" in said) == (end is signal.SIGINT)
    again = desk.typed(*command)
    answer, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert sorted(days_run(desk)) == [(f"2026-01-0{n}",) * 2 for n in range(1, 5)]
    assert [row["state"] for row in json.loads(answer)["windows"]] == ["SUCCESS"] * 4


def test_a_long_backfill_fits_a_screen() -> None:
    progress = Progress("load", [Row(day) for day in windows(date(2026, 1, 1), date(2026, 12, 31), 1)])
    for row in progress.rows[:40]:
        row.state = "SUCCESS"
    progress.rows[3].state, progress.rows[40].state = "FAILED", "RUNNING"
    console = Console(file=io.StringIO(), width=80)
    console.print(table(progress))
    shown = console.file.getvalue().splitlines()
    assert shown[0].rstrip() == "load · 39 of 365 windows done"
    assert len(shown) <= 24
    days = [line.split()[0] for line in shown[2:]]
    assert days == sorted(days)
    assert {"2026-01-04", "2026-02-09", "2026-02-10", "2026-02-11"} <= set(days)  # failed, last done, going, next


def test_windows_cover_every_day_once() -> None:
    assert DAYS[-1] == Window(date(2026, 1, 5), date(2026, 1, 5))
    assert [str(window) for window in DAYS] == ["2026-01-01..2026-01-02", "2026-01-03..2026-01-04", "2026-01-05"]
    with pytest.raises(CommandError, match="--to 2026-01-01 is before --from 2026-01-02"):
        windows(date(2026, 1, 2), date(2026, 1, 1), 1)
