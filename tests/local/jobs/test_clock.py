"""The clock under a time that the test moves: what fires, exactly when, and what does not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra import alerts as infra_alerts
from infra import jobs as infra_jobs
from lakehouse import questions, thresholds
from local.alerts.evaluations import KIND, Evaluations
from local.jobs.clock import Clock
from local.jobs.compute import WAREHOUSES
from local.jobs.objects import JobObjects
from local.jobs.orchestrator import Orchestrator
from local.jobs.requests import RunRequest
from local.jobs.schedule import Interval, quartz_trigger
from local.services import Services
from local.store import Store
from local.workspace.call import Call
from local.workspace.tree import Tree
from tests.local.quartz_reader import fire_times
from tests.local.simulated import SimulatedTime

REPOSITORY = Path(__file__).resolve().parents[3]
MONDAY = datetime(2024, 6, 3, tzinfo=UTC)
WEEK = timedelta(days=7)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Written by hand from the days on which the clocks change: no library had a say.
CLOCK_CHANGES = [
    # New York skips 02:00-03:00 on 10 March: what is due then comes an hour later; hourly runs do not come twice.
    ("0 30 2 * * ?", "America/New_York", "2024-03-09T12:00", ["03-10T07:30", "03-11T06:30"]),
    ("0 0 * * * ?", "America/New_York", "2024-03-10T05:59", ["03-10T06:00", "03-10T07:00", "03-10T08:00"]),
    ("0 0/30 1-2 * * ?", "America/New_York", "2024-03-10T06:20",
     ["03-10T06:30", "03-10T07:00", "03-10T07:30", "03-11T05:00"]),
    ("0 15 2,3 * * ?", "America/New_York", "2024-03-10T06:00", ["03-10T07:15", "03-11T06:15", "03-11T07:15"]),
    # It repeats 01:00-02:00 on 3 November: what is due then comes the second time, so hourly runs pause for two hours.
    ("0 30 1 * * ?", "America/New_York", "2024-11-02T12:00", ["11-03T06:30", "11-04T06:30"]),
    ("0 0 * * * ?", "America/New_York", "2024-11-03T03:30", ["11-03T04:00", "11-03T06:00", "11-03T07:00"]),
    ("0 0 1 * * ?", "America/New_York", "2024-11-03T05:10", ["11-03T06:00", "11-04T06:00"]),
    # London and Sydney change on other days, Sydney the other way round; Lord Howe by half an hour.
    ("0 30 1 * * ?", "Europe/London", "2024-03-30T12:00", ["03-31T01:30", "04-01T00:30"]),
    ("0 30 2 * * ?", "Australia/Sydney", "2024-04-05T20:00", ["04-06T16:30", "04-07T16:30"]),
    ("0 30 2 * * ?", "Australia/Sydney", "2024-10-04T20:00", ["10-05T16:30", "10-06T15:30"]),
    ("0 10 2 * * ?", "Australia/Lord_Howe", "2024-10-04T20:00", ["10-05T15:40", "10-06T15:10"]),
    ("0 0 7 * * ?", "UTC", "2024-03-09T12:00", ["03-10T07:00", "03-11T07:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("quartz", "zone", "start", "expected"), CLOCK_CHANGES)
def test_schedules_where_the_clocks_change(quartz: str, zone: str, start: str, expected: list[str]) -> None:
    trigger, moment, found = quartz_trigger(quartz, zone), utc(start), []
    for _ in expected:
        after = trigger.next_after(moment)
        assert after is not None
        assert after > moment
        found.append(after.strftime("%m-%dT%H:%M"))
        moment = after
    assert found == expected


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"])
@pytest.mark.parametrize(
    "quartz", ["0 0 7 * * ?", "0 15 * * * ?", "30 0/20 6-8 ? * MON-FRI", "0 0 10 ? * 1,4", "5 5 0 1-5/2 6 ?"]
)
def test_schedules_agree_with_brute_force(quartz: str, zone: str) -> None:
    trigger, moment, found = quartz_trigger(quartz, zone), MONDAY, []
    while (after := trigger.next_after(moment)) is not None and after <= MONDAY + WEEK:
        found.append(after)
        moment = after
    assert found == fire_times(quartz, zone, MONDAY, 7)
    assert found


def fired(clock_time: SimulatedTime, trigger: Any) -> list[datetime]:
    found: list[datetime] = []
    Clock(clock_time).set("x", trigger, lambda _: found.append(clock_time.now()))
    return found


def test_two_runs_of_a_schedule_are_ten_seconds_apart_at_least() -> None:
    clock_time = SimulatedTime(MONDAY)
    found = fired(clock_time, quartz_trigger("0/3 * * * * ?", "UTC"))
    clock_time.run_until(MONDAY + timedelta(seconds=60))
    assert [int((moment - MONDAY).total_seconds()) for moment in found] == [3, 15, 27, 39, 51]


def test_an_interval_counts_from_its_anchor() -> None:
    clock_time = SimulatedTime(MONDAY)
    found = fired(clock_time, Interval(MONDAY - timedelta(minutes=50), timedelta(hours=6)))
    clock_time.run_until(MONDAY + timedelta(hours=13))
    assert [moment.strftime("%H:%M") for moment in found] == ["05:10", "11:10"]


def test_a_machine_that_slept_makes_up_for_nothing_and_goes_on() -> None:
    clock_time = SimulatedTime(MONDAY)
    found = fired(clock_time, quartz_trigger("0 0 * * * ?", "UTC"))
    clock_time.run_until(MONDAY + timedelta(minutes=30))
    clock_time.sleep(timedelta(hours=3))
    clock_time.run_until(MONDAY + timedelta(hours=5, minutes=30))
    assert [moment.strftime("%H:%M") for moment in found] == ["04:00", "05:00"]


def test_a_wall_clock_set_back_is_followed() -> None:
    clock_time = SimulatedTime(MONDAY + timedelta(hours=6, minutes=30))
    found = fired(clock_time, quartz_trigger("0 0 * * * ?", "UTC"))
    clock_time.sleep(timedelta(hours=-2))
    clock_time.run_until(MONDAY + timedelta(hours=6, minutes=30))
    assert [moment.strftime("%H:%M") for moment in found] == ["05:00", "06:00"]


@dataclass(frozen=True)
class Simulated:
    """A workspace without a server, whose time stands still."""

    services: Services
    jobs: Orchestrator
    objects: JobObjects
    evaluations: Evaluations
    time: SimulatedTime

    def job(self, **settings: Any) -> int:
        task = {"task_key": "t", "notebook_task": {"notebook_path": "/Shared/quick"}}
        body = {"name": "n", "tasks": [task], **settings}
        return int(self.objects.create(Call({}, {}, body))["job_id"])

    def alert(self, key: str, quartz: str, zone: str) -> None:
        schedule = {"quartz_cron_schedule": quartz, "timezone_id": zone}
        operand = {"source": {"name": "n"}, "comparison_operator": "GREATER_THAN"}
        evaluation = operand | {"threshold": {"value": {"double_value": 6}}}
        body = {"id": key, "display_name": key, "owner_user_name": "me", "query_text": "select 7 as n"}
        body |= {"warehouse_id": "w", "evaluation": evaluation, "schedule": schedule}
        self.services.store.put(KIND, key, body)
        self.evaluations.follow(body)

    def settle(self) -> None:
        """Wait until nothing runs: simulated time stands still meanwhile."""
        deadline = time.monotonic() + 60
        while self.evaluations.busy or any(self.jobs.ledger.job_runs(active=True)):
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def until(self, end: datetime) -> None:
        self.time.run_until(end, self.settle)

    def started(self, job_id: int) -> list[datetime]:
        runs = [run for run in self.jobs.ledger.job_runs(job_id) if run.trigger == "PERIODIC"]
        return [datetime.fromtimestamp(run.started / 1000, UTC) for run in reversed(runs)]


class InstantDriver:
    """A driver that has done everything as soon as it is asked."""

    pid = 1

    def wait_ready(self, _: float) -> None:
        pass

    def client(self) -> InstantDriver:
        return self

    def call(self, _method: str, _path: str, _body: Any = None, timeout: float = 0) -> dict[str, Any]:
        column = {"name": "n", "type_name": "INT"}
        return {"state": "SUCCEEDED", "columns": [column], "rows": [["7"]], "exit_value": None}


class BusyDriver(InstantDriver):
    """A driver whose work ends only by being cancelled."""

    def __init__(self) -> None:
        self.cancelled: set[str] = set()

    def call(self, method: str, path: str, _body: Any = None, timeout: float = 0) -> dict[str, Any]:
        key = path.partition("?")[0]
        if method == "DELETE":
            self.cancelled.add(key)
        time.sleep(0.005)
        return {"state": "CANCELED" if key in self.cancelled else "RUNNING"}


@contextmanager
def simulated(root: Path, start: datetime, driver: InstantDriver | None = None) -> Iterator[Simulated]:
    for name in ("files", "runs", "incoming"):
        (root / name).mkdir(exist_ok=True)
    services = Services(root, Store(root / "state.db"), "me", "http://127.0.0.1:1", driver or InstantDriver(), 0)  # type: ignore[arg-type]
    services.store.put(WAREHOUSES, "w", {"name": "w"})
    tree = Tree(services.store, root)
    tree.make_standard_folders("me")
    tree.write("/Shared/quick", "NOTEBOOK", "PYTHON", json.dumps({}).encode(), overwrite=True)
    clock_time = SimulatedTime(start)
    jobs = Orchestrator(services, timers=clock_time)
    evaluations = Evaluations(services, clock_time, jobs.clock, jobs.outbox)
    jobs.start()
    evaluations.start()
    try:
        yield Simulated(services, jobs, JobObjects(services, jobs.schedules), evaluations, clock_time)
    finally:
        evaluations.stop()
        jobs.stop()


def declared() -> dict[str, tuple[str, str]]:
    """Return every schedule that the platform declares, of jobs and alerts, by name."""
    numbers = thresholds.load(REPOSITORY / "sql" / "thresholds.toml")
    asked = questions.load_all(REPOSITORY / "sql" / "queries")
    alerts = infra_alerts.load_all(REPOSITORY / "sql" / "alerts", asked, numbers)
    found = {f"job {key}": (job.schedule.quartz, job.schedule.zone) for key, job in infra_jobs.discover().items()}
    return found | {f"alert {key}": (spec.schedule.quartz, spec.schedule.zone) for key, spec in alerts.items()}


def test_a_week_of_everything_the_platform_declares(tmp_path: Path) -> None:
    schedules = declared()
    assert len(schedules) >= 8
    with simulated(tmp_path, MONDAY) as workspace:
        started: dict[str, Callable[[], list[datetime]]] = {}
        for name, (quartz, zone) in schedules.items():
            kind, _, key = name.partition(" ")
            if kind == "job":
                schedule = {"quartz_cron_expression": quartz, "timezone_id": zone}
                job_id = workspace.job(schedule=schedule)
                started[name] = lambda job_id=job_id: workspace.started(job_id)
            else:
                workspace.alert(key, quartz, zone)
                started[name] = lambda key=key: [
                    datetime.fromtimestamp(item.due / 1000, UTC)
                    for item in reversed(workspace.evaluations.history.of(key))
                ]
        paused = workspace.job(schedule={**schedule, "pause_status": "PAUSED"})
        every_day = workspace.job(trigger={"periodic": {"interval": 1, "unit": "DAYS"}})
        workspace.until(MONDAY + WEEK)
        expected = {name: fire_times(*schedule, MONDAY, 7) for name, schedule in schedules.items()}
        assert {name: times() for name, times in started.items()} == expected
        assert workspace.started(paused) == []
        assert len(workspace.started(every_day)) == 7
        assert {run.outcome and run.outcome.result for run in workspace.jobs.ledger.job_runs()} == {"SUCCESS"}


def test_jobs_and_alerts_where_the_clocks_change(tmp_path: Path) -> None:
    night, zone = "0 30 2 * * ?", "America/New_York"
    with simulated(tmp_path, utc("2024-03-08T12:00")) as workspace:
        job_id = workspace.job(schedule={"quartz_cron_expression": night, "timezone_id": zone})
        workspace.alert("a", night, zone)
        workspace.until(utc("2024-03-12T12:00"))
        expected = [utc(f"2024-03-{time}") for time in ("09T07:30", "10T07:30", "11T06:30", "12T06:30")]
        assert workspace.started(job_id) == expected
        due = [datetime.fromtimestamp(item.due / 1000, UTC) for item in workspace.evaluations.history.of("a")]
        assert due[::-1] == expected


def test_schedules_follow_their_settings_and_a_stop_is_not_made_up_for(tmp_path: Path) -> None:
    hourly = {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}
    with simulated(tmp_path, MONDAY) as workspace:
        job_id = workspace.job(schedule=hourly)
        workspace.alert("a", "0 30 * * * ?", "UTC")
        workspace.until(MONDAY + timedelta(hours=2))
        change = {"job_id": job_id, "new_settings": {"schedule": {**hourly, "pause_status": "PAUSED"}}}
        workspace.objects.update(Call({}, {}, change))
        workspace.until(MONDAY + timedelta(hours=4))
        change["new_settings"] = {"schedule": {**hourly, "quartz_cron_expression": "0 45 * * * ?"}}
        workspace.objects.update(Call({}, {}, change))
        workspace.until(MONDAY + timedelta(hours=5))
    with simulated(tmp_path, MONDAY + timedelta(hours=9, minutes=40)) as workspace:
        workspace.until(MONDAY + timedelta(hours=11))
        assert [moment.strftime("%H:%M") for moment in workspace.started(job_id)] == [
            "01:00", "02:00", "04:45", "09:45", "10:45",
        ]  # fmt: skip
        due = [datetime.fromtimestamp(item.due / 1000, UTC) for item in workspace.evaluations.history.of("a")]
        assert [moment.hour for moment in reversed(due)] == [0, 1, 2, 3, 4, 10]
        workspace.objects.delete(str(job_id))
        workspace.evaluations.forget("a")
        workspace.until(MONDAY + timedelta(hours=13))
        assert len(workspace.started(job_id)) == 5
        assert workspace.evaluations.history.of("a") == []


def test_a_run_is_slow_late_and_out_of_time_at_its_hours(tmp_path: Path) -> None:
    health = {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 3600}]}
    mails = {"on_duration_warning_threshold_exceeded": ["slow@x.org"]}
    with simulated(tmp_path, MONDAY, BusyDriver()) as workspace:
        settings = {"queue": {"enabled": True}, "health": health, "email_notifications": mails}
        long = workspace.job(**settings, timeout_seconds=4 * 3600)
        endless = workspace.job(queue={"enabled": True})
        jobs, after = workspace.jobs, lambda **span: workspace.time.run_until(MONDAY + timedelta(**span))
        late = jobs.run_now(long, RunRequest()).run_id
        held, waiting = (jobs.run_now(endless, RunRequest()).run_id for _ in range(2))

        def warnings() -> int:
            return len(list((tmp_path / "mail").glob("*.eml")))

        after(minutes=59, seconds=59)
        time.sleep(0.1)
        assert warnings() == 0
        after(minutes=60)
        deadline = time.monotonic() + 30
        while warnings() == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        after(hours=3, minutes=59)
        assert jobs.ledger.job_run(late).active
        after(hours=4)
        assert jobs.wait(late, 10).outcome.result == "TIMEDOUT"
        after(hours=47, minutes=59)
        assert jobs.ledger.job_run(waiting).life_cycle == "QUEUED"
        after(hours=48)
        ended = jobs.ledger.job_run(waiting)
        assert (ended.life_cycle, ended.outcome.result) == ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")
        assert jobs.ledger.job_run(held).active
        assert warnings() == 1
