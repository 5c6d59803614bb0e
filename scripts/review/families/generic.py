"""Any resource: that it comes, goes or is made anew, and its fields as path: before → after."""

from __future__ import annotations

from scripts.review.fields import differences
from scripts.review.plan import Change
from scripts.review.story import Line, Story

_KIND_WORDS = {
    "databricks_alert_v2": "alert",
    "databricks_catalog": "catalog",
    "databricks_cluster": "cluster",
    "databricks_cluster_policy": "cluster policy",
    "databricks_dashboard": "dashboard",
    "databricks_directory": "folder",
    "databricks_job": "job",
    "databricks_notebook": "notebook",
    "databricks_permissions": "permissions",
    "databricks_schema": "schema",
    "databricks_secret": "secret",
    "databricks_secret_acl": "access to secrets",
    "databricks_secret_scope": "secret scope",
    "databricks_sql_endpoint": "SQL warehouse",
    "databricks_volume": "volume",
    "databricks_workspace_file": "file",
}


def kind_word(type_name: str) -> str:
    """Return what people call a resource type."""
    return _KIND_WORDS.get(type_name, type_name.removeprefix("databricks_").replace("_", " "))


def describe(change: Change) -> Story:
    """Say what changes, field by field."""
    lines = opening(change)
    if change.kind in ("changed", "replaced"):
        lines += [Line(f"{change.title} {found.words}") for found in differences(change.before, change.after)]
    return Story(tuple(lines))


def opening(change: Change, gone_rule: str = "gone", replaced_rule: str = "replaced") -> list[Line]:
    """Say that a thing comes, goes or is made anew; nothing when it only changes."""
    word = f"{kind_word(change.type)} {change.title}"
    if change.kind == "added":
        return [Line(f"{word} is new")]
    if change.kind == "destroyed":
        return [Line(f"{word} goes", gone_rule)]
    if change.kind == "forgotten":
        return [Line(f"{word} stays there, but is managed no more")]
    if change.kind == "replaced":
        because = f" because {', '.join(change.replaced_by)} cannot change in place" if change.replaced_by else ""
        return [Line(f"{word} is deleted and created again{because}", replaced_rule)]
    return []
