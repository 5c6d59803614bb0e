"""Every page in a real browser: reached from the home page by clicking, true to the API, readable, quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from databricks.sdk.service.jobs import Run, RunResultState
from selenium.webdriver.common.by import By

from local.pages.door import OPEN_ROOTS, PAGE_ROOTS
from local.pages.link import login_link
from tests.local.pages.kinds import CHILD, JOB
from tests.local.pages.screen import PICTURES, SIZES, Screen
from tests.local.pages.shop import CHECK, PREPARE, SETTINGS
from tests.local.pages.world import BY_CHANNEL, FOLDER, HOSTILE, SECRET, World, execute

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("calm")]


def run_of(deployed: World) -> Run:
    return deployed.client.jobs.get_run(deployed.run)


def test_the_home_page(deployed: World, chrome: Screen) -> None:
    assert chrome.text("h1") == "1 job failing, 1 alert triggered"
    assert chrome.texts(".wrongs h2") == ["daily figures", "Low revenue"]
    assert "ValueError: 2 returns without <reason>, asked with [REDACTED]" in chrome.text(".wrongs .why")
    client = deployed.client
    counted = {
        "jobs": len(list(client.jobs.list())),
        "alerts": len([*client.alerts_v2.list_alerts(), *client.alerts.list()]),
        "dashboards": len(list(client.lakeview.list())),
        "queries": len(list(client.queries.list())),
        "schemas": len(list(client.schemas.list("shop"))),
        "files": len(list(client.workspace.list("/Shared", recursive=True))),
    }
    assert chrome.texts(".counts a") == [f"{count}\n{word}" for word, count in counted.items()]
    words = {RunResultState.SUCCESS: "Succeeded", RunResultState.FAILED: "Failed"}
    newest = sorted(client.jobs.list_runs(), key=lambda run: run.run_id or 0, reverse=True)
    assert [row[:3] for row in chrome.table("Last runs of all jobs")] == [
        [str(run.run_id), words[run.state.result_state], run.run_name]
        for run in newest
        if run.state and run.state.result_state
    ]
    assert len(newest) == 3
    due = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0)
    due += timedelta(days=due <= datetime.now(UTC))
    (following,) = chrome.texts(".times li")
    assert following.split("\n")[:2] == [f"{due:%a %d %b, %H:%M} UTC", "daily figures"]


def test_the_jobs_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Jobs")
    listed = {job.settings.name for job in deployed.client.jobs.list() if job.settings}
    rows = chrome.table("Jobs")
    shown = {row[0]: (row[1], row[5]) for row in rows}
    assert set(shown) == listed
    assert shown == {
        "daily figures": ("Failed", "every day at 07:00 UTC"),
        JOB: ("Succeeded", "no schedule"),
        CHILD: ("Succeeded", "no schedule"),
        HOSTILE: ("Never run", "0 0/10 8-18 ? * MON-FRI (Europe/Berlin) Paused"),
    }


def test_the_job_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Jobs", "daily figures")
    assert chrome.path == f"/jobs/{deployed.job}"
    settings = deployed.client.jobs.get(deployed.job).settings
    assert settings is not None
    assert chrome.text("h1") == settings.name
    assert settings.description in chrome.text()
    tasks = {task.task_key: task for task in settings.tasks or []}
    shown = {row[0]: row for row in chrome.table("Tasks")}
    assert {key: row[2] for key, row in shown.items()} == {
        key: task.notebook_task.notebook_path for key, task in tasks.items() if task.notebook_task
    }
    assert shown["publish"][3] == "check, prepare"
    assert shown["check"][5] == str(tasks["check"].max_retries)


def test_the_run_page(deployed: World, chrome: Screen) -> None:
    chrome.click("daily figures", "Jobs", "daily figures", f"{deployed.run}")
    run = run_of(deployed)
    assert chrome.path == urlsplit(str(run.run_page_url)).path, "the API names this very page"
    assert chrome.text("h1") == f"Run {run.run_id} Failed"
    latest = {task.task_key: task for task in run.tasks or []}
    words = {"SUCCESS": "Succeeded", "FAILED": "Failed", "UPSTREAM_FAILED": "Upstream failed"}
    rows = {row[0]: row for row in chrome.table("Tasks")}
    assert {key: row[1] for key, row in rows.items()} == {
        key: words[task.state.result_state.value]
        for key, task in latest.items()
        if task.state and task.state.result_state
    }
    assert rows["check"][3] == str((latest["check"].attempt_number or 0) + 1) == "2"
    boxes = chrome.driver.find_elements(By.CSS_SELECTOR, ".dag a")
    labels = [box.get_attribute("aria-label") or "" for box in boxes]
    assert [label.partition(",")[0] for label in labels] == [
        "check: Failed",
        "prepare: Succeeded",
        "publish: Upstream failed",
    ]
    assert len(chrome.driver.find_elements(By.CSS_SELECTOR, ".dag .edge")) == 2
    assert chrome.texts(".gantt .key") == ["prepare", "check", "check #2", "publish"]


def test_the_task_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Jobs", "daily figures", f"{deployed.run}", "prepare")
    task = next(task for task in run_of(deployed).tasks or [] if task.task_key == "prepare")
    assert chrome.path.endswith(f"/runs/{task.run_id}")
    output = deployed.client.jobs.get_run_output(int(task.run_id or 0))
    assert output.notebook_output is not None
    assert output.notebook_output.result == "prepared 2026-06-14"
    assert output.notebook_output.result in chrome.text(".facts")
    chrome.driver.switch_to.frame(chrome.driver.find_element(By.CSS_SELECTOR, "iframe.output"))
    assert "password [REDACTED]" in chrome.text("body")
    assert "[SecretScope(name='shop')] [SecretMetadata(key='mail-password')]" in chrome.text("body")
    assert SECRET not in chrome.driver.page_source
    assert len(chrome.driver.find_elements(By.CSS_SELECTOR, "table tbody tr")) == 28
    width = chrome.driver.find_element(By.TAG_NAME, "img").get_property("naturalWidth")
    assert isinstance(width, int)
    assert width > 100, "the plot is there"
    chrome.driver.switch_to.frame(chrome.driver.find_element(By.TAG_NAME, "iframe"))
    assert chrome.text("body") == "a notebook's own markup"
    chrome.driver.switch_to.default_content()


def test_the_failed_task_page(deployed: World, chrome: Screen) -> None:
    chrome.click("task check")
    task = next(task for task in run_of(deployed).tasks or [] if task.task_key == "check")
    output = deployed.client.jobs.get_run_output(int(task.run_id or 0))
    assert chrome.path.endswith(f"/runs/{task.run_id}")
    assert chrome.text(".message") == output.error
    assert chrome.text("#trace ~ pre") == (output.error_trace or "").strip()
    assert CHECK.count("raise") == 1
    chrome.click("Attempt 1")
    assert chrome.text("h1") == "check Failed"


def test_the_dashboards_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Dashboards")
    assert chrome.texts(".cards h2") == [board.display_name for board in deployed.client.lakeview.list()]


def test_the_dashboard_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Dashboards", "Shop")
    assert chrome.path == f"/dashboards/{deployed.dashboard}"
    assert chrome.texts(".tile .figure") == ["STALE", "2", "87.3%", "€4.3M"]
    rows = execute(deployed.client, deployed.warehouse, "select day, channel, revenue from shop.gold.daily_revenue")
    assert sorted(chrome.table("Days")) == sorted([day, channel, f"{float(net):,.2f}"] for day, channel, net in rows)
    totals = execute(
        deployed.client, deployed.warehouse, "select channel, sum(revenue) from shop.gold.daily_revenue group by 1"
    )
    wide = {chart.accessible_name: chart for chart in chrome.driver.find_elements(By.CSS_SELECTOR, ".wide svg")}
    assert set(wide) == {
        "Revenue by day: line of 28 values",
        "Revenue by channel: bar of 2 values",
        "Revenue by day and channel: bar of 28 values",
    }
    bars = wide["Revenue by channel: bar of 2 values"].find_elements(By.CSS_SELECTOR, "[aria-roledescription=bar]")
    said = sorted(bar.get_attribute("aria-label") or "" for bar in bars)
    assert said == sorted(f"Channel: {name}; Revenue: {float(net):g}; series: Revenue" for name, net in totals)
    for chart in wide.values():
        assert chart.size["width"] > 300
    (broken,) = chrome.texts(".tile .problem")
    assert "`nothing` cannot be resolved" in broken


def test_the_alerts_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Alerts")
    current = {(alert.display_name, "Triggered") for alert in deployed.client.alerts_v2.list_alerts()}
    legacy = {(alert.display_name, "Not evaluated yet") for alert in deployed.client.alerts.list()}
    assert {(row[0], row[1]) for row in chrome.table("Alerts")} == current | legacy


def test_the_alert_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Alerts", "Low revenue")
    alert = deployed.client.alerts_v2.get_alert(deployed.alert)
    assert chrome.path == f"/alerts/{alert.id}"
    for text in (
        "MIN(revenue) < 1500",
        alert.custom_summary,
        alert.custom_description,
        alert.query_text,
        "team@example.com",
    ):
        assert str(text) in chrome.text()
    assert "every day at 08:30 UTC" in chrome.text(".facts")
    assert alert.evaluation.state is not None
    assert chrome.text("h1").upper() == f"LOW REVENUE {alert.evaluation.state.value}" == "LOW REVENUE TRIGGERED"
    newest = chrome.table("Evaluations")[0]
    assert newest[1:4] == ["Triggered", "900.00", "1,500"], "the value, and what it was compared with"


def test_the_legacy_alert_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Alerts", "Busy channel")
    alert = deployed.client.alerts.get(deployed.legacy_alert)
    assert chrome.path == f"/alerts/{alert.id}"
    assert chrome.text("h1") == f"{alert.display_name} Not evaluated yet"
    assert "orders > 250" in chrome.text(".facts")
    for text in (alert.custom_subject, alert.custom_body, BY_CHANNEL):
        assert str(text) in chrome.text()
    chrome.click("Revenue by channel")
    assert chrome.path == f"/queries/{alert.query_id}"
    chrome.driver.back()


def test_the_data_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Data")
    assert chrome.texts("h2") == [catalog.name for catalog in deployed.client.catalogs.list()]
    listed = sorted(f"{schema.name}" for schema in deployed.client.schemas.list("shop"))
    assert chrome.texts("h3 a") == listed


def test_the_schema_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Data", "gold")
    shown = execute(deployed.client, deployed.warehouse, "show tables in shop.gold")
    assert chrome.texts("ul.links a") == sorted(row[1] for row in shown)
    assert "/Volumes/shop/gold/exports" in chrome.text()


def test_the_table_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Data", "daily_revenue")
    columns = execute(deployed.client, deployed.warehouse, "describe table shop.gold.daily_revenue")
    assert chrome.table("Columns") == [[name, kind, comment or ""] for name, kind, comment in columns]
    rows = execute(deployed.client, deployed.warehouse, "select * from shop.gold.daily_revenue")
    sample = chrome.table("Sample rows")
    assert len(sample) == 20
    assert all(row in rows for row in sample)
    history = execute(deployed.client, deployed.warehouse, "describe history shop.gold.daily_revenue")
    assert [(row[0], row[2]) for row in chrome.table("History")] == [(row[0], row[4]) for row in history]
    assert "tok-never-shown" not in chrome.driver.page_source
    assert ["api_token", "[hidden]"] in chrome.table("Properties")


def test_the_view_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Data", "returns")
    assert sorted(chrome.table("Sample rows")) == [["o-1", "<img src=x onerror=alert(1)>"], ["o-2", "null"]]
    chrome.click("Data", "best_days")
    assert chrome.table("Sample rows") == execute(
        deployed.client, deployed.warehouse, "select * from shop.gold.best_days"
    )
    assert "select day, sum(revenue)" in chrome.text("#view ~ pre")
    assert "History" not in chrome.texts("h2")


def test_the_queries_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Queries")
    assert chrome.texts(".cards h2") == [query.display_name for query in deployed.client.queries.list()]


def test_the_query_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Queries", "Revenue by channel")
    assert chrome.path == f"/queries/{deployed.query}"
    assert chrome.text("pre.code") == deployed.client.queries.get(deployed.query).query_text == BY_CHANNEL
    chrome.leave_by(chrome.driver.find_element(By.CSS_SELECTOR, "button.primary"))
    wanted = BY_CHANNEL.replace(":since", "date'2026-06-02'")
    assert chrome.table("Result") == execute(deployed.client, deployed.warehouse, wanted)


def test_the_folder_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Files", "Shared/", "shop/")
    listed = sorted(Path(str(one.path)).name for one in deployed.client.workspace.list(FOLDER))
    assert [row[0] for row in chrome.table("Content")] == listed


def test_the_file_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Files", "Shared/", "shop/", "settings.json")
    with deployed.client.workspace.download(f"{FOLDER}/settings.json") as content:
        assert content.read().decode() == SETTINGS
    assert chrome.text("pre.code") == SETTINGS.strip()


def test_the_notebook_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Jobs", "daily figures", f"{FOLDER}/prepare")
    shown = "\n".join(chrome.texts("pre.code"))
    assert all(line in PREPARE for line in shown.splitlines())
    assert 'dbutils.widgets.text("day", "2026-06-01")' in shown
    assert chrome.texts(".prose h2") == ["Prepare"]
    assert chrome.texts(".prose p") == [
        "Reads one day; <b>markup stays text</b>, [links](javascript:alert(1)) to scripts too."
    ]


def test_the_platform_page(deployed: World, chrome: Screen) -> None:
    chrome.click("Platform")
    (warehouse,) = deployed.client.warehouses.list()
    assert chrome.table("SQL warehouses")[0][:2] == [warehouse.name, warehouse.id]
    assert [row[:2] for row in chrome.table("Secret scopes")] == [["shop", "mail-password"]]


def test_the_missing_page(deployed: World, chrome: Screen) -> None:
    chrome.driver.get(f"{chrome.host}/jobs/{deployed.job}/runs/1")
    assert chrome.text("h1") == "Not Found"
    (said,) = chrome.complaints()
    assert "404" in said, "the one thing a console may say"


def test_wrong_addresses_are_pages_and_artifacts_are_files(deployed: World) -> None:
    host, token = str(deployed.client.config.host), str(deployed.client.config.token)
    task = next(task for task in run_of(deployed).tasks or [] if task.task_key == "publish")
    artifacts = f"/jobs/{deployed.job}/runs/{task.run_id}/artifacts.tar.gz"
    with httpx.Client(base_url=host, trust_env=False) as visitor:
        visitor.get(login_link(host, token)).raise_for_status()
        for root in sorted(PAGE_ROOTS - OPEN_ROOTS - {""}):
            answer = visitor.get(f"/{root}/no/such/page/at/all")
            assert (answer.status_code, "<h1>Not Found</h1>" in answer.text) == (404, True), root
        assert visitor.get(artifacts).status_code == 404
        left = deployed.root / "runs" / str(task.run_id) / "artifacts.tar.gz"
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"what dbt left")
        answer = visitor.get(artifacts)
        assert answer.content == b"what dbt left"
        assert answer.headers["content-disposition"] == f'attachment; filename="dbt-{task.run_id}.tar.gz"'


def test_the_last_page(chrome: Screen) -> None:
    chrome.leave_by(chrome.driver.find_element(By.CSS_SELECTOR, "footer button"))
    assert chrome.text("h1") == "Logged out"
    chrome.driver.get(f"{chrome.host}/jobs")
    assert chrome.text("h1") == "This workspace opens with a one-time link"
    (said,) = chrome.complaints()
    assert "401" in said, "the one thing a console may say"


def test_pictures_are_kept(chrome: Screen, request: pytest.FixtureRequest) -> None:
    looked = [item for item in request.session.items if isinstance(item, pytest.Function)]
    pages = [item.name for item in looked if item.name.startswith("test_the_") and "chrome" in item.fixturenames]
    kept = {picture.stem for picture in PICTURES.glob("*.png") if picture.stat().st_size > 5000}
    wanted = {name.removeprefix("test_the_").removesuffix("_page") for name in pages}
    assert {f"{name}{suffix}" for name in wanted for suffix in SIZES} <= kept
