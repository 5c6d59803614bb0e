"""Drift of access lists and secrets."""

from __future__ import annotations

from tests.drift.changes import EVE
from tests.drift.injections import Change, Injection, shared
from tests.drift.others import acl, key, unkeyed

ENGINEERS, ANALYSTS, ON_CALL = "group_name data-engineers", "group_name data-analysts", "group_name on-call"
USER = f"user_name {EVE}"
RUNNER = "8f1e4c1a-5a1e-4b67-9b6e-0d6f6a2f1c11"


def allow(who: str, level: str) -> Change:
    """Give a principal a level."""
    return lambda levels: levels.update({who: level})


def forbid(who: str) -> Change:
    """Take a principal out."""
    return lambda levels: levels.pop(who)


def own(who: str) -> Change:
    """Make another the owner."""

    def change(levels: dict[str, str]) -> None:
        for owner in [each for each, level in levels.items() if level == "IS_OWNER"]:
            del levels[owner]
        levels[who] = "IS_OWNER"

    return change


def _shared(name: str, key: str, change: Change, *who: str) -> Injection:
    return shared(f"permission: {name}", f"databricks_permissions.{key}", change, *(f"acl[{each}]" for each in who))


def _unlisted(name: str, address: str, change: Change, who: str) -> Injection:
    return shared(f"permission: {name}", address, change, f"acl[{who}]")


EVE_USER = f"user {EVE}"
PERMISSIONS = (
    _shared("user on a job", "job-master_pipeline", allow(USER, "CAN_MANAGE"), EVE_USER),
    _shared("group raised", "job-bronze_ingestion", allow(ENGINEERS, "CAN_MANAGE"), "group data-engineers"),
    _shared("group lowered", "job-silver_transformation", allow(ON_CALL, "CAN_VIEW"), "group on-call"),
    _shared("group removed", "job-gold_aggregation", forbid(ANALYSTS), "group data-analysts"),
    _shared("everybody on a job", "job-model_retraining", allow("group_name users", "CAN_MANAGE"), "group users"),
    _shared(
        "principal on a job",
        "job-product_recommendations",
        allow("service_principal_name bot", "CAN_VIEW"),
        "service_principal bot",
    ),
    _shared("other owner", "job-operational_monitoring", own(USER), EVE_USER, f"service_principal {RUNNER}"),
    _shared("user on an alert", "alert-empty_tables", allow(USER, "CAN_EDIT"), EVE_USER),
    _shared("group on an alert raised", "alert-stale_tables", allow(ENGINEERS, "CAN_MANAGE"), "group data-engineers"),
    _shared("group off an alert", "alert-very_stale_tables", forbid(ON_CALL), "group on-call"),
    _shared("everybody on a dashboard", "dashboard-operations", allow("group_name users", "CAN_READ"), "group users"),
    _shared(
        "group on a dashboard raised", "dashboard-data_quality", allow(ANALYSTS, "CAN_EDIT"), "group data-analysts"
    ),
    _shared("user on the cluster", "cluster-interactive", allow(USER, "CAN_MANAGE"), EVE_USER),
    _shared("group off the cluster", "cluster-interactive", forbid(ON_CALL), "group on-call"),
    _shared("everybody on a policy", "cluster_policy-jobs", allow("group_name users", "CAN_USE"), "group users"),
    _shared("group off a policy", "cluster_policy-interactive", forbid(ENGINEERS), "group data-engineers"),
    _shared("user on the warehouse", "warehouse-analytics", allow(USER, "CAN_MANAGE"), EVE_USER),
    _shared("group off the warehouse", "warehouse-analytics", forbid(ANALYSTS), "group data-analysts"),
    _shared("user on the root folder", "folder-root", allow(USER, "CAN_EDIT"), EVE_USER),
    _shared("group on a folder raised", "folder-sql", allow(ANALYSTS, "CAN_MANAGE"), "group data-analysts"),
    _unlisted("user on a folder", "databricks_directory.notebooks", allow(USER, "CAN_MANAGE"), EVE_USER),
    _unlisted("user on a notebook", "databricks_notebook.quality-gate", allow(USER, "CAN_EDIT"), EVE_USER),
    _unlisted(
        "everybody on a file",
        "databricks_workspace_file.sql-thresholds_toml",
        allow("group_name users", "CAN_EDIT"),
        "group users",
    ),
)
SECRETS = (
    key("secret: key added", "email", "smtp_backdoor"),
    acl("secret: reader added", "email", EVE, "READ", "databricks_secret_scope.email", f"acl[{EVE}]"),
    acl(
        "secret: reader may write",
        "email",
        "data-engineers",
        "MANAGE",
        "databricks_secret_acl.email-data-engineers",
        "acl[data-engineers]",
    ),
    acl(
        "secret: job's reading taken away",
        "email",
        RUNNER,
        "",
        "databricks_secret_acl.email-run-as",
        f"acl[{RUNNER}]",
    ),
    unkeyed("secret: scope deleted", "email"),
)
