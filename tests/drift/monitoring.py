"""Drift of alerts and dashboards."""

from __future__ import annotations

from tests.drift import others
from tests.drift.changes import EVE, put, tile
from tests.drift.injections import Body, Change, Injection, deleted, edited


def _alert(name: str, key: str, change: Change, *paths: str) -> Injection:
    return edited(f"alert: {name}", f"databricks_alert_v2.{key}", change, *paths)


def people(*addresses: str) -> Change:
    """Make these the subscribers."""
    return put("evaluation.notification.subscriptions", [{"user_email": each} for each in addresses])


TOLD = "evaluation.notification.subscriptions"
DATA, CALL, TRADE = "data-team@example.com", "on-call@example.com", "business-team@example.com"
ALERTS = (
    _alert("paused", "empty_tables", put("schedule.pause_status", "PAUSED"), "schedule.pause_status"),
    _alert(
        "rarer", "stale_tables", put("schedule.quartz_cron_schedule", "0 0 1 * * ?"), "schedule.quartz_cron_schedule"
    ),
    _alert("other time zone", "recent_anomalies", put("schedule.timezone_id", "Asia/Tokyo"), "schedule.timezone_id"),
    _alert(
        "threshold raised",
        "low_quality_tables",
        put("evaluation.threshold.value.double_value", 9),
        "evaluation.threshold.value.double_value",
    ),
    _alert(
        "turned around",
        "model_degraded",
        put("evaluation.comparison_operator", "LESS_THAN"),
        "evaluation.comparison_operator",
    ),
    _alert(
        "other aggregation",
        "missing_daily_load",
        put("evaluation.source.aggregation", "MAX"),
        "evaluation.source.aggregation",
    ),
    _alert("other column", "unmeasured_layers", put("evaluation.source.name", "details"), "evaluation.source.name"),
    _alert("column renamed", "very_stale_tables", put("evaluation.source.display", "x"), "evaluation.source.display"),
    _alert(
        "silence is an error",
        "high_churn_customers",
        put("evaluation.empty_result_state", "ERROR"),
        "evaluation.empty_result_state",
    ),
    _alert(
        "end not told",
        "critical_quality_tables",
        put("evaluation.notification.notify_on_ok", False),
        "evaluation.notification.notify_on_ok",
    ),
    _alert(
        "told again and again",
        "critical_quality_tables",
        put("evaluation.notification.retrigger_seconds", 60),
        "evaluation.notification.retrigger_seconds",
    ),
    _alert("one more told", "empty_tables", people(DATA, CALL, EVE), f"{TOLD}[{EVE}]"),
    _alert("one less told", "critical_quality_tables", people(DATA), f"{TOLD}[{CALL}]"),
    _alert("nobody told", "stale_tables", people(), TOLD),
    _alert("other query", "empty_tables", put("query_text", "select 1 as subject where false"), "query_text"),
    _alert("summary", "recent_anomalies", put("custom_summary", "never mind"), "custom_summary"),
    _alert("description", "recent_anomalies", put("custom_description", "never mind"), "custom_description"),
    _alert("renamed", "stale_tables", put("display_name", "renamed"), "display_name"),
    _alert("other warehouse", "model_degraded", put("warehouse_id", "0000"), "warehouse_id"),
    _alert("runs as somebody else", "model_degraded", put("run_as", {"user_name": EVE}), "run_as"),
    deleted("alert: deleted", "databricks_alert_v2.missing_daily_load", "DELETE", "/api/2.0/alerts/{id}"),
)


def _dashboard(name: str, key: str, change: Change, *paths: str) -> Injection:
    return edited(f"dashboard: {name}", f"databricks_dashboard.{key}", change, *paths)


def _first_query(body: Body) -> None:
    body["datasets"][0]["queryLines"] = ["select 1"]


def unpublished(body: Body) -> None:
    """Save a draft without publishing it."""
    tile(_first_query)(body)
    body.pop("published")


DASHBOARDS = (
    _dashboard("renamed", "operations", put("display_name", "x"), "display_name", "published.display_name"),
    _dashboard("other warehouse", "data_quality", put("warehouse_id", "0000"), "warehouse_id"),
    _dashboard("query", "ml_models", tile(_first_query), "content.datasets[ml_model_health].query"),
    _dashboard(
        "dataset added",
        "operations",
        tile(lambda body: body["datasets"].append({"name": "new", "queryLines": ["select 1"]})),
        "content.datasets[new]",
    ),
    _dashboard(
        "tile removed",
        "data_quality",
        tile(lambda body: body["pages"][0]["layout"].pop()),
        "content.pages[data_quality].layout[tile-8]",
    ),
    _dashboard(
        "tile renamed",
        "ml_models",
        tile(put("pages.0.layout.0.widget.spec.frame.title", "x")),
        "content.pages[ml_models].layout[tile-1].widget.spec.frame.title",
    ),
    _dashboard(
        "tile moved",
        "operations",
        tile(put("pages.0.layout.0.position.x", 3)),
        "content.pages[operations].layout[tile-1].position.x",
    ),
    _dashboard(
        "page added", "data_quality", tile(lambda body: body["pages"].append({"name": "two"})), "content.pages[two]"
    ),
    _dashboard("draft not published", "operations", unpublished, "content.datasets[pipeline_health].query"),
    _dashboard("draft saved again", "ml_models", lambda body: body.pop("published"), "published.of"),
    _dashboard(
        "readers need grants",
        "data_quality",
        put("published.embed_credentials", False),
        "published.embed_credentials",
    ),
    _dashboard(
        "published on another warehouse",
        "ml_models",
        put("published.warehouse_id", "0000"),
        "published.warehouse_id",
    ),
    deleted("dashboard: deleted", "databricks_dashboard.ml_models", "DELETE", "/api/2.0/lakeview/dashboards/{id}"),
    others.unpublished("dashboard: unpublished", "databricks_dashboard.operations"),
)
