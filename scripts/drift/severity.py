"""How bad a drift is: fixed rules, first match wins."""

from __future__ import annotations

from scripts.drift.compare import Difference
from scripts.drift.findings import Severity

# Losing one of these loses data, or somebody who would have been told.
_GRAVE = frozenset(
    {
        "databricks_job",
        "databricks_alert_v2",
        "databricks_secret_scope",
        "databricks_catalog",
        "databricks_schema",
        "databricks_volume",
        "databricks_sql_endpoint",
    }
)
_HIGH = (
    "pause_status",  # somebody stopped it, or started it where nothing may run by the clock
    "schedule",
    "run_as",
    "owner",
    "query_text",
    "evaluation",  # an alert that fires later, never, or tells nobody
    "isolation_mode",
    "definition",  # what clusters may be
    "data_security_mode",
    "email_notifications",
    "webhook_notifications",
    "health",
    "single_user_name",
    "trigger",
    "continuous",
)
_LOW = (
    "description",
    "comment",
    "custom_summary",
    "custom_description",
    "display_name",
    "tags",
    "custom_tags",
    "properties",
    "name",
    "content.pages",
)


def of_difference(kind: str, difference: Difference) -> Severity:
    """Return the severity of one changed field."""
    if difference.pattern == "content" and kind in ("databricks_notebook", "databricks_workspace_file"):
        return "high"  # what runs is not what was reviewed
    parts = difference.pattern.replace("[]", "").split(".")
    if parts[-1] in _HIGH or parts[0] in _HIGH:
        return "high"
    if parts[0] in _LOW or parts[-1] in _LOW or difference.pattern.startswith("content.pages"):
        return "low"
    return "medium"


def of_missing(kind: str) -> Severity:
    """Return the severity of a declared object that is not there."""
    return "high" if kind in _GRAVE else "medium"


def of_undeclared(kind: str) -> Severity:
    """Return the severity of an object of ours that nobody declared: a job runs, the others lie there."""
    return "high" if kind == "databricks_job" else "low" if kind == "databricks_directory" else "medium"
