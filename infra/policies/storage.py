"""Rules for what holds data or code: catalogs, schemas, volumes, dashboards, files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from infra.policies.plan import UNKNOWN, Resource
from infra.policies.rule import Faults, Rule, expect, given
from infra.policies.words import holds_a_secret, personal

_HOLDS_DATA = ("databricks_catalog", "databricks_schema", "databricks_volume", "databricks_registered_model")
_EVERYTHING = ("databricks_*",)
_DEPRECATED = (
    "databricks_alert",
    "databricks_sql_alert",
    "databricks_sql_dashboard",
    "databricks_sql_permissions",
    "databricks_sql_query",
    "databricks_sql_visualization",
    "databricks_sql_widget",
)


class ProductionKeepsData(Rule):
    """A destroy of production stops at tables."""

    number = 54
    title = "Production's catalog and schemas are not dropped with what is in them"
    severity_word = "CRITICAL"
    kinds = ("databricks_catalog", "databricks_schema")
    reason = "With force_destroy one removed line drops every table below it."
    fix = "Set force_destroy = false (keep_data of the environment)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if resource.plan.production:
            yield from expect(resource.get("force_destroy"), lambda on: not on, "force_destroy is true")


class DataIsNotReplaced(Rule):
    """A plan does not delete and make anew what holds data."""

    number = 55
    title = "What holds data is not replaced"
    severity_word = "CRITICAL"
    kinds = _HOLDS_DATA
    reason = "Replaced means deleted first: tables, files and versions are gone, and the new one is empty."
    fix = "Keep name and location; move data first and remove the old one in a change of its own."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if "delete" in resource.actions:
            yield f"the plan does {' and '.join(resource.actions)} to it"


class VolumesAreManaged(Rule):
    """Volumes lie where the catalog lies."""

    number = 56
    title = "Volumes are managed"
    severity_word = "LOW"
    kinds = ("databricks_volume",)
    reason = "An external path can be read past the catalog, and its files stay when the volume goes."
    fix = "Set volume_type = MANAGED and leave storage_location out."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        kind = resource.get("volume_type")
        return expect(kind, lambda word: word == "MANAGED", f"volume_type is {kind}")


class DashboardByContent(Rule):
    """A dashboard's content stands in the plan."""

    number = 57
    title = "Dashboards are deployed by content"
    severity_word = "MEDIUM"
    kinds = ("databricks_dashboard",)
    reason = "Provider 1.99 misses changes of a file_path: what is shown is not what is in the repository."
    fix = "Set serialized_dashboard instead of file_path."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if given(resource.get("file_path")):
            yield "content comes by file_path"
        elif not given(resource.get("serialized_dashboard")):
            yield "there is no serialized_dashboard"


class NothingInPersonalFolders(Rule):
    """What is deployed lies in a shared folder."""

    number = 58
    title = "Nothing is deployed into a person's folder"
    severity_word = "HIGH"
    kinds = (
        "databricks_alert_v2",
        "databricks_dashboard",
        "databricks_directory",
        "databricks_notebook",
        "databricks_query",
        "databricks_workspace_file",
    )
    reason = "A person's folder is deleted with the account, and its owner may change all in it."
    fix = "Deploy below the environment's workspace_root."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for name in ("path", "parent_path"):
            path = resource.get(name)
            yield from expect(path, lambda text: not personal(text or ""), f"{name} is {path}")


class NoSecretInState(Rule):
    """No resource puts a secret into the state."""

    number = 59
    title = "No secret goes into the state"
    severity_word = "CRITICAL"
    kinds = _EVERYTHING
    reason = "Their values stand in clear in the state file and in every saved plan."
    fix = "Declare the scope only and write values with ecom secrets sync; sign in with OIDC instead of tokens."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if resource.kind in ("databricks_secret", "databricks_token", "databricks_obo_token"):
            yield f"{resource.kind} keeps its value in the state"


class NoSecretInText(Rule):
    """No text of a plan is a secret."""

    number = 60
    title = "No text of the plan is a secret"
    severity_word = "CRITICAL"
    kinds = _EVERYTHING
    reason = "A token or key in code is everybody's who reads repository, plan or state."
    fix = "Revoke it now, then read it from a secret scope."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults; the secret itself is never repeated."""
        for where, text in _texts(resource.values, ""):
            if holds_a_secret(_decoded(text) if where.endswith("content_base64") else text):
                yield f"{where} holds a token or key"


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(each, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts(each, f"{where}[{number}]")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode(errors="replace")
    except (ValueError, binascii.Error):
        return text


class NothingDeprecated(Rule):
    """No resource is of a type that the provider or service gives up."""

    number = 61
    title = "No deprecated resource types"
    severity_word = "MEDIUM"
    kinds = _EVERYTHING
    reason = "Legacy alerts, queries and dashboards are shut off by the service in time, with what they watch."
    fix = "Use databricks_alert_v2, databricks_query and databricks_dashboard."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if resource.kind in _DEPRECATED:
            yield f"{resource.kind} is deprecated"


class NoMounts(Rule):
    """No storage is mounted, nothing is put on DBFS."""

    number = 62
    title = "No mounts and no files on DBFS"
    severity_word = "HIGH"
    kinds = _EVERYTHING
    reason = "What is mounted or on DBFS is open to every user of the workspace, past Unity Catalog."
    fix = "Use volumes and workspace files."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if resource.kind in ("databricks_mount", "databricks_dbfs_file", "databricks_global_init_script"):
            yield f"{resource.kind} passes by Unity Catalog"


class CommentsSayWhatItIs(Rule):
    """A catalog, schema, volume or job says what it is for."""

    number = 63
    title = "Catalogs, schemas, volumes and jobs say what they are for"
    severity_word = "LOW"
    kinds = ("databricks_catalog", "databricks_schema", "databricks_volume", "databricks_job")
    reason = "Who finds it in the workspace has nothing but its name to decide whether it may go."
    fix = "Set comment, or description of a job."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        name = "description" if resource.kind == "databricks_job" else "comment"
        if resource.get(name) is not UNKNOWN and not given(resource.get(name)):
            yield f"{name} is empty"


RULES = (
    ProductionKeepsData(),
    DataIsNotReplaced(),
    VolumesAreManaged(),
    DashboardByContent(),
    NothingInPersonalFolders(),
    NoSecretInState(),
    NoSecretInText(),
    NothingDeprecated(),
    NoMounts(),
    CommentsSayWhatItIs(),
)
