"""The master job on real trade: nothing lost or repeated, a new day adds just that day, a kill changes nothing.

What the pages say one can type is typed here, as it stands there (`tests/docs/typist.py`): the platform that it is
about is deployed, fed and, in the end, broken.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import BaseRun, JobSettings, PauseStatus, TriggerType
from databricks.sdk.service.sql import StatementState

from infra.environments import LOCAL
from lakehouse.sources import SOURCES
from scripts import runs, toolchain
from scripts.data import generator, loader, totals
from scripts.demo import landing
from scripts.errors import CommandError
from tests import retail
from tests.docs import typist

pytestmark = pytest.mark.slow

DAYS_OF_TRADE = 8
RUN_SECONDS = 900
BIN = toolchain.ROOT / ".venv" / "bin"


@dataclass(frozen=True)
class Platform:
    """The deployed local platform, and the landing files it is fed with: all days but the last, and all."""

    client: WorkspaceClient
    deployer: Any
    first_days: Path
    all_days: Path
    last_day: str

    def sql(self, text: str) -> list[list[Any]]:
        warehouse, execution = next(iter(self.client.warehouses.list())), self.client.statement_execution
        answer = execution.execute_statement(text, warehouse.id, catalog=LOCAL.catalog, wait_timeout="50s")
        while answer.status.state in {StatementState.PENDING, StatementState.RUNNING}:
            time.sleep(runs.POLL_SECONDS)
            answer = execution.get_statement(answer.statement_id)
        assert answer.status.state == StatementState.SUCCEEDED, answer.status
        return answer.result.data_array or []

    def counts(self) -> dict[str, int]:
        return {name: int(self.sql(f"select count(*) from bronze.{name}")[0][0]) for name in SOURCES}

    def quarantined(self) -> dict[str, int]:
        rows = dict(self.sql("select source, count(*) from bronze.quarantine group by source"))
        return {name: int(rows.get(name, 0)) for name in SOURCES}

    def content(self) -> dict[str, list[list[Any]]]:
        """Everything that a second run must leave as it is, when a row was written included."""
        ordered = {
            "silver.dim_customers": "customer_id",
            "silver.dim_products": "product_id",
            "silver.fact_orders": "order_id",
            "silver.fact_order_items": "order_id, line_number",
            "silver.fact_web_events": "event_id",
        }
        facts = {
            table: self.sql(f"select {keys}, dbt_updated_at from {table} order by {keys}")
            for table, keys in ordered.items()
        }
        revenue = "order_date, total_orders, gross_revenue, refunds, net_revenue, revenue_7d_avg"
        metrics = "customer_id, total_orders, gross_revenue, refunds, net_revenue, last_order_date"
        return {
            **facts,
            "gold.daily_revenue": self.sql(f"select {revenue} from gold.daily_revenue order by order_date"),
            "gold.customer_metrics": self.sql(f"select {metrics} from gold.customer_metrics order by customer_id"),
        }

    def predicted(self) -> dict[str, list[list[Any]]]:
        """What the weekly jobs have written, but for when."""
        columns = {
            "gold.product_recommendations": "product_id, recommended_product_id, rank, score, source, as_of_date",
            "gold.model_performance": "model, version, metric, day, value, alias, window_start",
        }
        return {table: self.sql(f"select {kept} from {table} order by all") for table, kept in columns.items()}

    def types(self, command: str, code: int = 0, **values: str) -> str:
        """Type a command of the pages in a folder of one's own; return what it said, once it ended as expected."""
        text = command.format(**values)
        folder = self.deployer.folder / "typed"
        folder.mkdir(exist_ok=True)
        env = {**self.deployer.env, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
        env["ECOM_SECRET_EMAIL_PASSWORD"] = "what ecom secrets sync would ask for"
        done = subprocess.run(["bash", "-c", text], cwd=folder, env=env, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{text}: exit code {done.returncode}\n{said[-4000:]}"
        return said

    def point(self, table: str) -> dict[str, str]:
        """Where a table stands in its history."""
        version, moment = self.sql(f"describe history {table}")[0][:2]
        return {"version": str(version), "moment": str(moment)}

    def start(self, job: str, **parameters: str) -> runs.Follower:
        job_id = runs.job_id(self.client, LOCAL.display_name(job))
        started = self.client.jobs.run_now(job_id, job_parameters=parameters or None)
        return runs.Follower(self.client, started.run_id)

    def finish(self, follower: runs.Follower) -> list[runs.TaskState]:
        deadline = time.monotonic() + RUN_SECONDS
        while not runs.ended(run := follower.run()):
            assert time.monotonic() < deadline, list(follower.tasks())
            time.sleep(runs.POLL_SECONDS)
        tasks = list(follower.tasks(run))
        assert runs.succeeded(run), runs.first_failure(self.client, tasks)
        return tasks


def _without_last_day(source: Path, target: Path) -> str:
    days = sorted({path.stem for path in source.glob("*/*") if path.is_file()})
    for path in source.glob("*/*"):
        if path.is_file() and path.stem != days[-1]:
            (target / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / path.parent.name / path.name)
    return days[-1]


@pytest.fixture(scope="module")
def platform(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Platform:
    deployer = serve("platform")
    folder = tmp_path_factory.mktemp("landing")
    if retail.DAYS.is_dir():
        published = folder / "published"
        published.mkdir()
        for path in sorted(retail.DAYS.glob("*.csv"))[:DAYS_OF_TRADE]:
            shutil.copyfile(path, published / path.name)
        loader.load(published, folder / "all")
    else:
        generator.generate(folder / "all", seed=11, end=landing.GENERATED_END, days=DAYS_OF_TRADE, customers=300)
    last_day = _without_last_day(folder / "all", folder / "first")
    deployer.cdktf("deploy", "local", "--auto-approve")
    return Platform(deployer.client(), deployer, folder / "first", folder / "all", last_day)


def _driver(platform: Platform) -> psutil.Process:
    server = psutil.Process(platform.deployer.workspace.process.pid)
    return next(child for child in server.children() if "local.engine" in child.cmdline())


def test_master_keeps_every_line_though_its_driver_is_killed_during_bronze(platform: Platform) -> None:
    landing.upload(platform.client, platform.first_days, LOCAL.catalog)
    follower = platform.start("master_pipeline")
    deadline = time.monotonic() + RUN_SECONDS
    while not any(task.path.startswith("bronze/ingest_") and task.state == "RUNNING" for task in follower.tasks()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(2)  # into the batch: the stream has started, its commit has not been written
    os.kill(_driver(platform).pid, signal.SIGKILL)
    tasks = platform.finish(follower)

    assert any(task.attempts > 1 for task in tasks), "the kill came too late to be met by a retry"
    assert len(tasks) > 12
    assert {"anomaly_detection", "alerting/health_summary", "alerting/alerting"} <= {task.path for task in tasks}
    expected = totals.data_lines(platform.first_days)
    quarantined = platform.quarantined()
    assert {name: count + quarantined[name] for name, count in platform.counts().items()} == expected


def test_master_keeps_every_penny(platform: Platform) -> None:
    straight = totals.landing_totals(platform.first_days)
    gross, net = platform.sql("select sum(gross_revenue), sum(net_revenue) from gold.daily_revenue")[0]
    assert Decimal(gross) == straight.revenue("completed")
    assert Decimal(net) == straight.net()


def test_a_second_run_changes_nothing(platform: Platform) -> None:
    before, counts = platform.content(), platform.counts()
    assert "follow it: ecom jobs wait" in platform.types("ecom jobs run master_pipeline --no-wait")
    assert "SUCCESS" in platform.types("ecom jobs wait master_pipeline")
    assert platform.counts() == counts
    assert platform.content() == before


def test_one_new_day_adds_just_that_day(platform: Platform) -> None:
    before = platform.content()
    landing.upload(platform.client, platform.all_days, LOCAL.catalog)
    platform.types("ecom jobs run bronze_ingestion")
    platform.types("ecom jobs run silver_transformation")
    platform.types("ecom jobs run gold_aggregation")

    quarantined = platform.quarantined()
    expected = totals.data_lines(platform.all_days)
    assert {name: count + quarantined[name] for name, count in platform.counts().items()} == expected
    new_files = platform.sql(
        "select distinct source_file from bronze.orders where ingestion_timestamp >"
        f" (select max(ingestion_timestamp) from bronze.orders where source_file not like '%{platform.last_day}%')"
    )
    assert [Path(file).stem for (file,) in new_files] == [platform.last_day]
    after = platform.content()
    known = {row[0]: row for row in after["gold.daily_revenue"]}
    for row in before["gold.daily_revenue"]:
        assert known[row[0]] == row
    straight = totals.landing_totals(platform.all_days)
    assert Decimal(platform.sql("select sum(gross_revenue) from gold.daily_revenue")[0][0]) == straight.revenue(
        "completed"
    )


def test_past_days_are_done_anew_through_job_parameters(platform: Platform) -> None:
    """What was spoiled on two days is right again on the one that was named, and nowhere else."""
    gold = ("gold.daily_revenue", "gold.customer_metrics")
    before, orders = platform.content(), "select order_date, status, count(*) from silver.fact_orders group by all"
    right = platform.sql(f"{orders} order by all")
    days = platform.sql("select distinct order_date from silver.fact_orders order by order_date limit 2")
    first, second = (day for (day,) in days)
    platform.sql(f"update silver.fact_orders set status = 'cancelled' where order_date in ('{first}', '{second}')")

    platform.finish(platform.start("silver_transformation", first_day=first, last_day=first))
    found = platform.sql(f"{orders} order by all")
    assert [row for row in found if row[0] != second] == [row for row in right if row[0] != second]
    assert {row[1] for row in found if row[0] == second} == {"cancelled"}

    backfill = "ecom jobs backfill master_pipeline --from {first} --to {last} --step 7"
    platform.types(backfill, first=first, last=second)
    assert platform.sql(f"{orders} order by all") == right
    after = platform.content()
    assert {table: after[table] for table in gold} == {table: before[table] for table in gold}


@pytest.mark.parametrize(
    "command",
    [
        "ecom jobs run product_recommendations",
        "ecom jobs run model_retraining",
        "ecom jobs run table_maintenance",
    ],
)
def test_a_weekly_job_twice_is_once(platform: Platform, command: str) -> None:
    platform.finish(platform.start(command.rpartition(" ")[2]))
    before, predicted = platform.content(), platform.predicted()
    platform.types(command)
    assert platform.content() == before
    assert platform.predicted() == predicted


def test_other_trade_is_not_mixed_in(platform: Platform, tmp_path: Path) -> None:
    landing.refuse_other_trade(platform.client, platform.first_days, LOCAL.catalog)
    generator.generate(tmp_path / "other", seed=1, end=landing.GENERATED_END, days=2, customers=20)
    for path in (tmp_path / "other").glob("*/*"):
        path.rename(path.with_stem(f"other-{path.stem}"))
    with pytest.raises(CommandError, match=r"other trade: landing holds \d+ files, /Volumes/.* make reset"):
        landing.refuse_other_trade(platform.client, tmp_path / "other", LOCAL.catalog)


# What is typed of a morning, what it says, and with which exit code: the platform is not HEALTHY on old trade.
DAILY = (
    ("ecom --help", "dashboards", 0),
    ("ecom jobs list", "master_pipeline", 0),
    ("ecom jobs logs silver_transformation", "silver_gate", 0),
    ("ecom jobs logs gold_aggregation", "gold_gate", 0),
    ("ecom jobs logs model_retraining", "promote", 0),
    ("ecom jobs logs product_recommendations", "evaluate", 0),
    ("ecom jobs logs table_maintenance", "vacuum", 0),
    ("ecom jobs logs master_pipeline --task bronze/mount_storage", "mount_storage", 0),
    ("ecom jobs repair --help", "--whole", 0),
    ("ecom jobs repair model_retraining", "there is nothing to repair", 1),
    ("ecom jobs repair product_recommendations", "there is nothing to repair", 1),
    ("ecom jobs repair table_maintenance", "there is nothing to repair", 1),
    ("ecom jobs cancel master_pipeline", "no run is active", 0),
    ("ecom dashboards render --to pictures", "operations", 0),
    ("ecom dashboards render data_quality --to pictures", "data_quality", 0),
    ("ecom data generate --to .local/landing", "orders", 0),
    ("ecom jobs run operational_monitoring", "SUCCESS", 0),
    ("ecom jobs logs operational_monitoring", "alerting", 0),
    ("ecom secrets sync", "email/password", 0),
    ("ecom secrets check", "", 0),
    ("ecom drift", "", 0),
)


@pytest.mark.parametrize(("command", "word", "code"), DAILY)
def test_what_the_pages_say_of_a_day_can_be_typed(platform: Platform, command: str, word: str, code: int) -> None:
    assert word in platform.types(command, code)


def test_the_digest_is_shown_once_where_there_is_no_mail_server(platform: Platform) -> None:
    """The trade is of another year, so nobody has scored the last days: master tells whoever hears of it, once."""
    told = platform.sql("select recipient from gold.told_incidents where subject = 'days not scored' and open")
    assert [recipient for (recipient,) in told] == list(LOCAL.recipients.data_team)
    job_id = runs.job_id(platform.client, LOCAL.display_name("operational_monitoring"))
    first, *later = sorted(
        platform.client.jobs.list_runs(job_id=job_id, expand_tasks=True), key=lambda run: run.start_time or 0
    )
    assert first.trigger is TriggerType.RUN_JOB_TASK
    said, page = _digest(platform, first)
    assert said["recipients"] == 1
    assert "days not scored" in page
    assert later
    for run in later:
        assert "days not scored" not in _digest(platform, run)[1]


def _digest(platform: Platform, run: BaseRun) -> tuple[dict[str, int], str]:
    """What the task that tells has said of itself in a run, and the page that it has shown."""
    (alerting,) = (task for task in run.tasks or [] if task.task_key == "alerting")
    said = platform.client.jobs.get_run_output(alerting.run_id).notebook_output
    page = next(iter(platform.client.jobs.export_run(alerting.run_id).views or []))
    return json.loads(said.result), page.content


def test_a_job_is_paused_and_goes_on(platform: Platform) -> None:
    """As in prod, where its clock is on."""
    job_id = runs.job_id(platform.client, LOCAL.display_name("master_pipeline"))

    def clock(status: PauseStatus | None = None) -> PauseStatus:
        found = platform.client.jobs.get(job_id).settings.schedule
        if status:
            found.pause_status = status
            platform.client.jobs.update(job_id, new_settings=JobSettings(schedule=found))
        return found.pause_status

    clock(PauseStatus.UNPAUSED)
    until = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%MZ}"
    platform.types('ecom jobs pause master_pipeline --until {until} --reason "a test"', until=until)
    assert clock() is PauseStatus.PAUSED
    platform.types("ecom jobs unpause master_pipeline")
    assert clock() is PauseStatus.UNPAUSED
    clock(PauseStatus.PAUSED)


def test_every_statement_of_the_pages_is_asked(platform: Platform) -> None:
    """What restores a table gets back all its rows, by version and by time."""
    before, restored = platform.content(), set()
    points = {table: platform.point(table) for table in ("silver.dim_customers", "silver.fact_orders")}
    for statement in typist.asked():
        table = next((table for table in points if table in statement), "")
        if statement.startswith("RESTORE"):
            platform.sql(f"delete from {table}")
            restored.add(table)
        platform.sql(statement.format(file="orders/never-sent.csv", **points.get(table, {})))
    assert restored == set(points)
    assert platform.content() == before


def test_corrupted_orders_stop_the_run_before_gold(platform: Platform, tmp_path: Path) -> None:
    """As many lines as there were so far, under a header that nobody knows."""
    content = "".join(file.read_text() for file in sorted((platform.all_days / "orders").iterdir()))
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "corrupted.csv").write_text(content.replace("status", "state"))
    landing.upload(platform.client, tmp_path, LOCAL.catalog)
    before = platform.content()
    written = platform.sql("describe history gold.daily_revenue")[0]

    said = " ".join(platform.types("ecom jobs run master_pipeline", code=1).split())
    assert re.search(r"bronze/bronze_gate FAILED.*bronze\.orders scores .* lines_accepted \(\d+ of", said), said
    job_id = runs.job_id(platform.client, LOCAL.display_name("master_pipeline"))
    last = next(iter(platform.client.jobs.list_runs(job_id=job_id)))
    states = {task.path: task.state for task in runs.Follower(platform.client, last.run_id).tasks()}
    assert states["bronze"] == "FAILED"
    held_up = {"silver", "gold", "quality_checks", "anomaly_detection", "alerting"}
    assert {states[name] for name in held_up} <= {"UPSTREAM_FAILED", "UPSTREAM_CANCELED", "EXCLUDED"}
    assert platform.content() == before
    assert platform.sql("describe history gold.daily_revenue")[0] == written


def test_what_the_pages_say_of_a_failed_run_mends_it(platform: Platform) -> None:
    """As the runbook has it: what is wrong, why, what would run again, what is broken out of the way, only that."""
    before = platform.content()
    assert re.search(r"CRITICAL +bronze\.orders +failed checks: lines_accepted", platform.types("ecom status", code=2))
    assert "lines_accepted" in platform.types("ecom jobs logs master_pipeline")
    assert "bronze_gate" in platform.types("ecom jobs logs bronze_ingestion")
    assert "would repair" in platform.types("ecom jobs repair master_pipeline --dry-run")
    for statement in typist.asked():
        if statement.startswith("DELETE"):
            platform.sql(statement.format(file="orders/corrupted.csv"))
    assert "SUCCESS" in platform.types("ecom jobs repair master_pipeline")
    assert platform.content() == before


def test_no_call_met_an_unknown_route(platform: Platform) -> None:
    log = platform.deployer.workspace.root / "log" / "unknown_routes.log"
    assert not log.exists(), log.read_text()
