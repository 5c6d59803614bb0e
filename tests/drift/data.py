"""Drift of catalogs, schemas, volumes, notebooks and files."""

from __future__ import annotations

from tests.drift import others
from tests.drift.changes import EVE
from tests.drift.injections import deleted, granted, patched, removed, rewritten

UNITY = (
    patched("catalog: comment", "databricks_catalog.main", {"comment": "x"}, "comment"),
    patched("catalog: owner", "databricks_catalog.main", {"owner": EVE}, "owner"),
    patched("catalog: isolated", "databricks_catalog.main", {"isolation_mode": "ISOLATED"}, "isolation_mode"),
    patched("catalog: property", "databricks_catalog.main", {"properties": {"a": "b"}}, "properties"),
    patched("schema: comment", "databricks_schema.gold", {"comment": "x"}, "comment"),
    patched("schema: no comment", "databricks_schema.silver", {"comment": ""}, "comment"),
    patched("schema: owner", "databricks_schema.gold", {"owner": EVE}, "owner"),
    patched("schema: property", "databricks_schema.gold", {"properties": {"a": "b"}}, "properties"),
    patched(
        "schema: not optimized",
        "databricks_schema.bronze",
        {"enable_predictive_optimization": "DISABLE"},
        "enable_predictive_optimization",
    ),
    patched("volume: comment", "databricks_volume.files", {"comment": "x"}, "comment"),
    patched("volume: no comment", "databricks_volume.checkpoints", {"comment": ""}, "comment"),
    patched("volume: owner", "databricks_volume.files", {"owner": EVE}, "owner"),
    granted("catalog: privilege", "databricks_catalog.main", EVE, "USE_CATALOG"),
    granted("schema: privilege", "databricks_schema.gold", "account users", "MODIFY"),
    granted("volume: privilege", "databricks_volume.files", EVE, "WRITE_VOLUME"),
    deleted("schema: deleted", "databricks_schema.staging", "DELETE", "/api/2.1/unity-catalog/schemas/{id}"),
    deleted("volume: deleted", "databricks_volume.checkpoints", "DELETE", "/api/2.1/unity-catalog/volumes/{id}"),
)

_GATE, _LIBRARY = "databricks_notebook.quality-gate", "databricks_workspace_file.notebooks-lakehouse-quality_py"
_MODEL, _NUMBERS = (
    "databricks_workspace_file.dbt-models-gold-daily_revenue_sql",
    "databricks_workspace_file.sql-thresholds_toml",
)
TREE = (
    rewritten("notebook: edited", _GATE, lambda text: text.replace(b"import", b"import os, "), "content"),
    rewritten(
        "notebook: cell added",
        "databricks_notebook.ml-train_model",
        lambda text: text + b"\n# COMMAND ----------\n1",
        "content",
    ),
    rewritten("notebook: comment", "databricks_notebook.ingestion-bronze", lambda text: text + b"\n# x\n", "content"),
    rewritten(
        "notebook: emptied",
        "databricks_notebook.maintenance-vacuum",
        lambda _: b"# Databricks notebook source\n",
        "content",
    ),
    rewritten("file: library edited", _LIBRARY, lambda text: text + b"\nEVIL = 1\n", "content"),
    rewritten("file: model edited", _MODEL, lambda text: text.replace(b"select", b"select distinct", 1), "content"),
    rewritten("file: threshold edited", _NUMBERS, lambda text: text.replace(b"24", b"240", 1), "content"),
    rewritten("file: emptied", "databricks_workspace_file.sql-closed_days_toml", lambda _: b"", "content"),
    rewritten("file: one blank", "databricks_workspace_file.dbt-dbt_project_yml", lambda text: text + b" ", "content"),
    rewritten(
        "file: line ends",
        "databricks_workspace_file.dbt-macros-text_sql",
        lambda text: text.replace(b"\n", b"\r\n"),
        "content",
    ),
    rewritten(
        "file: no text any more",
        "databricks_workspace_file.dbt-macros-incremental_sql",
        lambda _: b"\xff\x00",
        "content",
    ),
    removed("notebook: deleted", "databricks_notebook.quality-anomaly_detection"),
    removed("file: library deleted", "databricks_workspace_file.notebooks-lakehouse-checks_py"),
    removed("file: query deleted", "databricks_workspace_file.sql-queries-daily_summary_sql"),
    others.replaced("notebook: a file instead", "databricks_notebook.ml-promote_models"),
    others.folder_deleted("folder: deleted with all in it", "databricks_directory.dbt"),
)
