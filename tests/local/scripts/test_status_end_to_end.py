"""`ecom status` and `ecom dashboards render` against a workspace with tables in it, as an operator types them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.dashboards import Dashboard
from PIL import Image

from infra import compute, dashboards
from infra.environments import LOCAL
from lakehouse import questions, thresholds
from local.workspace.process import RunningWorkspace, start
from scripts import answers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
SQL = ROOT / "sql"
NOW = "current_timestamp()"
UPDATED = {
    "bronze": ("ingestion_timestamp", ("customers", "products", "orders", "order_items", "web_events")),
    "silver": (
        "dbt_updated_at",
        ("dim_customers", "dim_products", "fact_orders", "fact_order_items", "fact_web_events"),
    ),
    "gold": ("metric_updated_at", ("customer_metrics", "product_performance", "daily_revenue")),
}
SCORES = "SELECT * FROM VALUES ('bronze', 'orders'), ('silver', 'fact_orders'), ('gold', 'daily_revenue')"
TABLES = {
    "gold.data_quality_metrics": f"SELECT *, 98.5D AS quality_score FROM ({SCORES} AS t (layer, table_name))",
    "gold.data_quality_metrics_history": "SELECT *, 98.5D AS quality_score, 10L AS row_count,"
    f" {NOW} AS measured_at FROM ({SCORES} AS t (layer, table_name))",
    "gold.data_quality_checks": "SELECT 'bronze' AS layer, 'orders' AS table_name, 'key_present' AS check_name,"
    f" 'fail' AS severity, true AS passed, 0L AS failed_rows, '' AS detail, {NOW} AS measured_at",
    "gold.data_anomalies": "SELECT date_sub(current_date(), 1) AS order_date, 100L AS order_count,"
    " 99.0D AS expected_order_count, 250.5BD AS revenue, 245.0BD AS expected_revenue, 0.2D AS orders_z_score,"
    " 0.1D AS revenue_z_score, 'Normal' AS status",
    "gold.customer_segments": f"SELECT 'c1' AS customer_id, 'Champions' AS segment_name, 1 AS segment_rank,"
    f" false AS is_stale, {NOW} AS scored_at",
    "gold.customer_churn_predictions": "SELECT 'c1' AS customer_id, 'Low' AS churn_risk, false AS is_stale,"
    f" {NOW} AS scored_at",
    "gold.product_recommendations": "SELECT 'p1' AS product_id, 'p2' AS recommended_product_id, false AS is_stale,"
    f" {NOW} AS scored_at",
    "gold.model_performance": "SELECT *, '1' AS version, 'champion' AS alias, current_date() AS day,"
    f" {NOW} AS measured_at FROM VALUES ('segmentation_model', 'silhouette', 0.45D), ('churn_model', 'auc', 0.8D),"
    " ('churn_model', 'auc_recency', 0.7D), ('product_recommendations', 'hit_at_10', 0.3D) AS t (model, metric, value)",
}


def updated(layer: str, hours: int) -> str:
    return f"SELECT {NOW} - INTERVAL {hours} HOURS AS {UPDATED[layer][0]}"


@dataclass(frozen=True)
class Deployed:
    """A healthy platform as far as `ecom status` looks: warehouse, tables, one dashboard."""

    server: RunningWorkspace
    client: WorkspaceClient
    warehouse: str
    dashboard: str

    def put(self, table: str, query: str) -> None:
        answer = answers.ask(
            self.client, self.warehouse, f"CREATE OR REPLACE TABLE {LOCAL.catalog}.{table} USING delta AS {query}"
        )
        assert not answer.problem, f"{table}: {answer.problem}"

    def drop(self, table: str) -> None:
        assert not answers.ask(self.client, self.warehouse, f"DROP TABLE {LOCAL.catalog}.{table}").problem

    def ecom(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scripts", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABRICKS_HOST": self.server.host,
                "DATABRICKS_TOKEN": self.server.token,
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with start(tmp_path_factory.mktemp("status") / "root") as server:
        client = WorkspaceClient(host=server.host, token=server.token, auth_type="pat")
        client.catalogs.create(LOCAL.catalog)
        for schema in UPDATED:
            client.schemas.create(schema, LOCAL.catalog)
        named = LOCAL.display_name(compute.warehouse(LOCAL).title)
        warehouse = client.warehouses.create(name=named, cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=10)
        shown = dashboards.load_all(SQL / "dashboards", questions.load_all(SQL / "queries"), thresholds.load())
        spec = shown["operations"]
        dashboard = client.lakeview.create(
            Dashboard(
                display_name=LOCAL.display_name(spec.title),
                warehouse_id=warehouse.id,
                serialized_dashboard=json.dumps(spec.lakeview(LOCAL.catalog)),
            )
        )
        world = Deployed(server, client, str(warehouse.id), str(dashboard.dashboard_id))
        tables = TABLES | {f"{layer}.{name}": updated(layer, 0) for layer in UPDATED for name in UPDATED[layer][1]}
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(world.put, tables, tables.values()))
        yield world


@pytest.fixture
def change(platform: Deployed) -> Iterator[Callable[[str, str], None]]:
    """Replace a table for one test."""
    changed: list[str] = []

    def replace(table: str, query: str) -> None:
        changed.append(table)
        platform.put(table, query)

    yield replace
    for table in changed:
        platform.put(table, TABLES.get(table) or updated(table.partition(".")[0], 0))


class Reader(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [(tag, value or "") for name, value in attrs if name in ("href", "src", "xlink:href", "data")]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_a_healthy_platform_is_said_to_be_healthy(platform: Deployed) -> None:
    result = platform.ecom("status", "--json")
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert (said["verdict"], said["alerts"], said["problems"]) == ("Healthy", [], {})
    assert {row["status"] for row in said["freshness"]} == {"Fresh"}
    assert [row["model"] for row in said["models"] if row["status"] == "Active"] == [
        "Customer Segmentation",
        "Churn Prediction",
        "Product Recommendations",
    ]
    assert {job["state"] for job in said["jobs"]} == {"NOT DEPLOYED"}
    assert "master_pipeline" in {job["name"] for job in said["jobs"]}


def test_a_stale_table_is_named_with_since_when(platform: Deployed, change: Callable[[str, str], None]) -> None:
    change("silver.fact_orders", updated("silver", 30))
    result = platform.ecom("status", "--json")
    assert result.returncode == 2, result.stderr
    said = json.loads(result.stdout)
    assert said["verdict"] == "Critical"
    (alert,) = said["alerts"]
    assert (alert["condition"], alert["subject"]) == ("stale_tables", "silver.fact_orders")
    assert said["since"] == alert["since"][:19] + "+00:00"
    plain = platform.ecom("status")
    assert plain.returncode == 2
    assert plain.stdout.startswith("CRITICAL  local · since ")
    assert "\x1b" not in plain.stdout
    assert any("HIGH" in line and "silver.fact_orders" in line for line in plain.stdout.splitlines())


def test_a_question_that_cannot_be_asked_is_an_error_that_names_it(platform: Deployed) -> None:
    platform.drop("gold.product_recommendations")
    try:
        result = platform.ecom("status", "--json")
    finally:
        platform.put("gold.product_recommendations", TABLES["gold.product_recommendations"])
    assert result.returncode == 1
    assert json.loads(result.stdout)["verdict"] == "Unknown"
    (error,) = result.stderr.strip().splitlines()
    assert "critical_alerts, ml_model_health" in error
    assert "product_recommendations" in error


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (("--environment", "moon"), {}, "--environment 'moon': expected local, dev, staging, prod."),
        (("--environment", "dev"), {}, "Environment 'dev' is not deployed to "),
        ((), {"DATABRICKS_TOKEN": "wrong"}, "Workspace http"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    platform: Deployed, arguments: tuple[str, ...], environment: dict[str, str], expected: str
) -> None:
    result = platform.ecom("status", *arguments, **environment)
    assert result.returncode == 1
    assert result.stdout == ""
    (error,) = result.stderr.strip().splitlines()
    assert error.startswith(f"error: {expected}")


def test_a_dashboard_is_a_file_that_needs_nothing_else(
    platform: Deployed, change: Callable[[str, str], None], tmp_path: Path
) -> None:
    change("silver.fact_orders", updated("silver", 30))
    result = platform.ecom("dashboards", "render", "operations", "--to", str(tmp_path))
    assert result.returncode == 0, result.stderr
    text = (tmp_path / "operations.html").read_text(encoding="utf-8")
    page = Reader(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert page.links == [("a", f"{platform.server.host}/dashboards/{platform.dashboard}")]
    assert "@import" not in text
    assert "url(" not in text
    assert {"Critical", "silver.fact_orders", "[local] Operations", "Stale"} <= set(page.words)
    assert "svg" in page.tags
    image = Image.open(io.BytesIO((tmp_path / "operations.png").read_bytes())).convert("RGB")
    assert image.width == 2480
    assert 1500 < image.height < 8000
    counts = {colour: count for count, colour in image.getcolors(maxcolors=1 << 24) or []}
    assert counts[(255, 226, 224)] > 10_000  # the ground of what is wrong
    assert len(counts) > 100


def test_a_tile_that_cannot_be_asked_says_so_and_the_rest_is_drawn(platform: Deployed, tmp_path: Path) -> None:
    platform.drop("gold.product_recommendations")
    try:
        result = platform.ecom("dashboards", "render", "operations", "--to", str(tmp_path))
    finally:
        platform.put("gold.product_recommendations", TABLES["gold.product_recommendations"])
    assert result.returncode == 1
    assert "operations: tile 'What is wrong, and since when (no row: nothing)': " in result.stderr
    words = Reader((tmp_path / "operations.html").read_text(encoding="utf-8")).words
    assert any(word.startswith("could not be asked: ") for word in words)
    assert "Healthy" in words
    assert (tmp_path / "operations.png").stat().st_size > 10_000


def test_a_dashboard_that_is_not_deployed_is_named(platform: Deployed, tmp_path: Path) -> None:
    result = platform.ecom("dashboards", "render", "ml_models", "--to", str(tmp_path))
    assert result.returncode == 1
    assert "ml_models: the workspace has no dashboards named '[local] Models', expected one" in result.stderr
    assert not list(tmp_path.iterdir())
