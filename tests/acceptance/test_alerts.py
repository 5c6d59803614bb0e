"""Every alert that is deployed, through a quiet world, one in which everything is wrong, and back: what is mailed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2, CronSchedule, SchedulePauseStatus, StatementState

from infra.environments import LOCAL
from local.alerts.history import Evaluation, History
from local.store import Store
from scripts.alerts import check
from scripts.answers import ask_all
from tests.inbox import Inbox, receiving
from tests.sql.conftest import CASES, NOW, as_query

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 420
OFTEN = CronSchedule("0/15 * * * * ?", "UTC", SchedulePauseStatus.UNPAUSED)

# What is broken, and what each alert must then name in its mail.
BROKEN = {
    "bronze.products": "ingestion_timestamp\n",
    "bronze.web_events": "ingestion_timestamp\n2026-03-08 09:59:59\n",
    "bronze.order_items": "ingestion_timestamp\n2026-03-08 10:00:00\n",
    "bronze.orders": "ingestion_timestamp\n2026-03-09 23:59:59\n",
    "gold.data_quality_metrics": "layer,table_name,quality_score\nbronze,products,84.9\nsilver,dim_products,69.9\n",
    "gold.data_quality_checks": (
        "layer,table_name,check_name,severity,passed,failed_rows,detail,measured_at\n"
        "silver,dim_products,price_plausible,fail,false,3,3 of 10,2026-03-10 08:30:00\n"
    ),
    "gold.data_anomalies": (
        "order_date,order_count,expected_order_count,revenue,expected_revenue,orders_z_score,revenue_z_score,status\n"
        "2026-03-09,300,108.2,9600.5,2550.25,7.2,9.1,Anomaly Detected\n"
    ),
    "gold.customer_churn_predictions": "customer_id,churn_risk,is_stale,scored_at\n"
    + "".join(f"c{number},High,false,2026-03-10 08:12:00\n" for number in range(501)),
    "gold.model_performance": (
        "model,version,metric,day,value,alias,measured_at\n"
        "churn_model,2,auc,2026-03-08,0.6,champion,2026-03-08 11:30:00\n"
        "churn_model,2,auc_recency,2026-03-08,0.7,champion,2026-03-08 11:30:00\n"
    ),
}
NAMED = {
    "empty_tables": ("CRITICAL: Empty tables (local)", "bronze.products"),
    "very_stale_tables": ("CRITICAL: Very stale tables (local)", "bronze.web_events"),
    "critical_quality_tables": ("CRITICAL: Tables that stop the pipeline (local)", "price_plausible"),
    "unmeasured_layers": ("CRITICAL: Layers without a quality score (local)", "gold"),
    "missing_daily_load": ("HIGH: Missing daily load (local)", "bronze.orders"),
    "stale_tables": ("HIGH: Stale tables (local)", "bronze.order_items"),
    "low_quality_tables": ("HIGH: Low-quality tables (local)", "bronze.products"),
    "recent_anomalies": ("MEDIUM: Recent anomalies (local)", "2026-03-09"),
    "model_degraded": ("MEDIUM: Degraded models (local)", "churn_model"),
    "high_churn_customers": ("MEDIUM: Customers at high risk of churn (local)", "501 customers"),
}
DATA_TEAM = LOCAL.recipients.data_team[0]


class World:
    """The tables that questions read, held as Delta tables of the deployed catalog."""

    def __init__(self, client: WorkspaceClient) -> None:
        self._client = client
        self._warehouse = str(next(iter(client.warehouses.list())).id)

    def become(self, broken: dict[str, str]) -> None:
        """Hold the healthy world, some of its tables replaced."""
        for healthy in sorted((CASES / "healthy").glob("*.csv")):
            table, content = f"{LOCAL.catalog}.{healthy.stem}", healthy.read_text()
            self._run(f"create table if not exists {table} using delta as {as_query(content)}")
            # In one commit: an alert that is being evaluated sees the table as it was or as it is.
            self._run(f"insert overwrite {table} {as_query(broken.get(healthy.stem, content))}")

    def _run(self, statement: str) -> None:
        answer = self._client.statement_execution.execute_statement(statement, self._warehouse, wait_timeout="50s")
        while answer.status.state in {StatementState.PENDING, StatementState.RUNNING}:
            time.sleep(0.5)
            answer = self._client.statement_execution.get_statement(answer.statement_id)
        assert answer.status.state == StatementState.SUCCEEDED, answer.status


def _now(query: str) -> str:
    return query.replace("current_timestamp()", f"timestamp '{NOW}'").replace("current_date()", f"date '{NOW[:10]}'")


class Watch:
    """The deployed alerts, told that it is always the moment the worlds were written for, and looking often."""

    def __init__(self, client: WorkspaceClient, root: Path) -> None:
        self.client, self._history = client, History(Store(root / "state.db"))
        titles = {title: key for key, (title, _) in NAMED.items()}
        self.alerts: dict[str, AlertV2] = {titles[str(a.custom_summary)]: a for a in client.alerts_v2.list_alerts()}

    def begin(self) -> None:
        for alert in self.alerts.values():
            alert.query_text = _now(str(alert.query_text))
            alert.schedule = OFTEN
            self.client.alerts_v2.update_alert(str(alert.id), alert, "query_text,schedule")

    def latest(self) -> dict[str, Evaluation | None]:
        return {key: next(iter(self._history.of(str(alert.id), 1)), None) for key, alert in self.alerts.items()}

    def all_become(self, state: str, after: dict[str, int]) -> dict[str, Evaluation]:
        """Wait until each alert has been evaluated to a state, for a later time than before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = {key: last for key, last in self.latest().items() if last and last.due > after.get(key, 0)}
            if len(found) == len(self.alerts) and {last.state for last in found.values()} == {state}:
                return found
            assert time.monotonic() < deadline, {key: (last.state, last.message) for key, last in found.items()}
            time.sleep(0.5)

    def checked(self) -> dict[str, str]:
        """Return what `ecom alerts check` says of each alert."""
        warehouse, specs = str(next(iter(self.client.warehouses.list())).id), check.load()
        texts = {key: _now(check.statement(spec, LOCAL)) for key, spec in specs.items()}
        answers = ask_all(self.client, warehouse, texts, lambda _: None)
        return {key: check.judge(spec, answers[key]).state for key, spec in specs.items()}

    def moments(self) -> dict[str, int]:
        return {key: last.due for key, last in self.latest().items() if last}


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    with receiving() as inbox:
        yield inbox


@pytest.fixture(scope="module")
def deployer(serve: Callable[..., Any], inbox: Inbox) -> Iterator[Any]:
    deployer = serve("alerts", "--smtp", f"127.0.0.1:{inbox.port}")
    deployer.cdktf("deploy", "local", "--auto-approve")
    yield deployer
    deployer.workspace.stop()  # its alerts would be evaluated until the last test of all has ended


def _subjects(inbox: Inbox, count: int) -> list[str]:
    inbox.wait(count)
    assert {str(message["To"]) for message in inbox.messages} == {DATA_TEAM}, "outside prod only the data team hears"
    return sorted(inbox.subjects(DATA_TEAM))


def test_alerts_fire_once_and_say_what_is_wrong_and_that_it_is_over(deployer: Any, inbox: Inbox) -> None:
    client = deployer.client()
    watch, world = Watch(client, deployer.workspace.root), World(client)
    assert watch.alerts.keys() == NAMED.keys()
    assert {alert.schedule.pause_status for alert in watch.alerts.values()} == {SchedulePauseStatus.PAUSED}

    world.become({})
    watch.begin()
    watch.all_become("OK", {})
    assert watch.checked() == dict.fromkeys(NAMED, "OK")
    assert inbox.messages == []

    world.become(BROKEN)
    fired = watch.all_become("TRIGGERED", watch.moments())
    assert {key: last.value for key, last in fired.items()} == dict.fromkeys(NAMED, "1")
    assert _subjects(inbox, len(NAMED)) == sorted(title for title, _ in NAMED.values())
    mails = {str(message["Subject"]): message.get_payload() for message in inbox.messages}
    for key, (title, named) in NAMED.items():
        text, html = (part.get_payload(decode=True).decode() for part in mails[title])
        assert f"docs/runbook.md#{key.replace('_', '-')}" in text
        assert named in text
        assert named in html

    watch.all_become("TRIGGERED", watch.moments())
    assert watch.checked() == dict.fromkeys(NAMED, "TRIGGERED")
    assert len(inbox.messages) == len(NAMED), "an incident is told once"

    world.become({})
    watch.all_become("OK", watch.moments())
    assert len(_subjects(inbox, 2 * len(NAMED))) == 2 * len(NAMED)
    resolved = [message.get_payload()[0].get_payload(decode=True).decode() for message in inbox.messages[len(NAMED) :]]
    assert all(" is OK: " in text for text in resolved), resolved
