"""Drift that is more than a changed body: objects that nobody declared, whole folders, secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.drift.changes import EVE
from tests.drift.injections import Body, Found, Injection, Site, write

Created = tuple[str, Callable[[], object]]  # the address it must be found under, and how it goes again


def unpublished(name: str, address: str) -> Injection:
    """Take the published version of a dashboard away; lasting, for the round that comes last."""

    def make(site: Site) -> Found:
        site.send("DELETE", f"/api/2.0/lakeview/dashboards/{site.id(address)}/published")
        return {(address, "published")}

    return Injection(name, frozenset({f"{address} draft and published version"}), make, lasting=True)


def library(name: str, address: str) -> Injection:
    """Install a library on a cluster."""

    def make(site: Site) -> Found:
        body = {"cluster_id": site.id(address), "libraries": [{"pypi": {"package": "evil"}}]}
        site.undos.append(lambda: site.send("POST", "/api/2.0/libraries/uninstall", body))
        site.send("POST", "/api/2.0/libraries/install", body)
        return {(address, "libraries")}

    return Injection(name, frozenset({f"{address} libraries"}), make)


def replaced(name: str, address: str) -> Injection:
    """Put a file where a notebook was."""

    def make(site: Site) -> Found:
        resource, path = site.stack.resources[address], site.path(address)

        def undo() -> None:
            site.send("POST", "/api/2.0/workspace/delete", {"path": path})
            write(site, path, resource.content(), resource.arguments["language"])

        site.undos.append(undo)
        site.send("POST", "/api/2.0/workspace/delete", {"path": path})
        write(site, path, b"print(1)\n", None)
        return {(address, "object_type")}

    return Injection(name, frozenset({f"{address} content"}), make)


def folder_deleted(name: str, address: str) -> Injection:
    """Delete a folder with all that is in it: one finding says so."""

    def make(site: Site) -> Found:
        site.send("POST", "/api/2.0/workspace/delete", {"path": site.path(address), "recursive": True})
        return {(address, "")}

    return Injection(name, frozenset({f"{address} "}), make, lasting=True)


def key(name: str, scope: str, added: str) -> Injection:
    """Put a secret that nobody asked for; the one that is asked for has to be there as well."""

    def make(site: Site) -> Found:
        for each in ("password", added):
            site.send("POST", "/api/2.0/secrets/put", {"scope": scope, "key": each, "string_value": "hunter2hunter2"})
            body = {"scope": scope, "key": each}
            site.undos.append(partial(site.send, "POST", "/api/2.0/secrets/delete", body))
        return {(f"databricks_secret_scope.{scope}", f"keys[{added}]")}

    return Injection(name, frozenset({f"databricks_secret_scope.{scope} keys"}), make)


def acl(name: str, scope: str, principal: str, level: str, address: str, path: str) -> Injection:
    """Change what a principal may do with a scope; no level takes all away."""

    def make(site: Site) -> Found:
        items = site.get("/api/2.0/secrets/acls/list", scope=scope)["items"]
        before = next((each["permission"] for each in items if each["principal"] == principal), "")
        site.undos.append(lambda: _set_acl(site, scope, principal, before))
        _set_acl(site, scope, principal, level)
        return {(address, path)}

    return Injection(name, frozenset({f"{address} {path}"}), make)


def _set_acl(site: Site, scope: str, principal: str, level: str) -> None:
    body = {"scope": scope, "principal": principal}
    if level:
        site.send("POST", "/api/2.0/secrets/acls/put", {**body, "permission": level})
    else:
        site.send("POST", "/api/2.0/secrets/acls/delete", body)


def unkeyed(name: str, scope: str) -> Injection:
    """Delete a scope with all in it."""

    def make(site: Site) -> Found:
        site.send("POST", "/api/2.0/secrets/scopes/delete", {"scope": scope})
        return {(f"databricks_secret_scope.{scope}", "")}

    return Injection(name, frozenset({f"databricks_secret_scope.{scope} "}), make, lasting=True)


def added(name: str, create: Callable[[Site], Created], path: str = "") -> Injection:
    """Make an object that nobody declared."""

    def make(site: Site) -> Found:
        address, undo = create(site)
        site.undos.append(undo)
        return {(address, path)}

    return Injection(name, frozenset({f"new {name}"}), make)


def _job(settings: Body) -> Callable[[Site], Created]:
    def create(site: Site) -> Created:
        task = {"task_key": "t", "notebook_task": {"notebook_path": f"/Users/{EVE}/n"}}
        job_id = site.send("POST", "/api/2.2/jobs/create", {"tasks": [task], **settings})["job_id"]
        return f"databricks_job[{settings['name']} {job_id}]", lambda: site.send(
            "POST", "/api/2.2/jobs/delete", {"job_id": job_id}
        )

    return create


def _alert(site: Site) -> Created:
    body = {
        "display_name": "Mine",
        "query_text": "select 1 as n",
        "warehouse_id": site.id("databricks_sql_endpoint.analytics"),
        "parent_path": f"{site.root}/alerts",
        "evaluation": {
            "source": {"name": "n"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 1}},
        },
        "schedule": {"quartz_cron_schedule": "0 0 7 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
    }
    made = site.send("POST", "/api/2.0/alerts", body)["id"]
    return f"databricks_alert_v2[Mine {made}]", lambda: site.send("DELETE", f"/api/2.0/alerts/{made}")


def _dashboard(site: Site) -> Created:
    body = {"display_name": "Mine", "parent_path": f"{site.root}/dashboards", "serialized_dashboard": "{}"}
    made = site.send("POST", "/api/2.0/lakeview/dashboards", body)["dashboard_id"]
    return f"databricks_dashboard[Mine {made}]", lambda: site.send("DELETE", f"/api/2.0/lakeview/dashboards/{made}")


def _cluster(site: Site) -> Created:
    tags = {"environment": "prod", "project": "ecommerce"}
    body = {"cluster_name": "mine", "spark_version": "18.x-scala2.13", "num_workers": 1, "custom_tags": tags}
    made = site.send("POST", "/api/2.1/clusters/create", body)["cluster_id"]
    return f"databricks_cluster[mine {made}]", lambda: site.send(
        "POST", "/api/2.1/clusters/permanent-delete", {"cluster_id": made}
    )


def _policy(site: Site) -> Created:
    fixed = {"environment": "prod", "project": "ecommerce"}
    rules = {f"custom_tags.{name}": {"type": "fixed", "value": value} for name, value in fixed.items()}
    body = {"name": "mine", "definition": json.dumps(rules)}
    made = site.send("POST", "/api/2.0/policies/clusters/create", body)["policy_id"]
    return f"databricks_cluster_policy[mine {made}]", lambda: site.send(
        "POST", "/api/2.0/policies/clusters/delete", {"policy_id": made}
    )


def _warehouse(site: Site) -> Created:
    tags = [{"key": "environment", "value": "prod"}, {"key": "project", "value": "ecommerce"}]
    body = {"name": "mine", "cluster_size": "Small", "tags": {"custom_tags": tags}}
    made = site.send("POST", "/api/2.0/sql/warehouses", body)["id"]
    return f"databricks_sql_endpoint[mine {made}]", lambda: site.send("DELETE", f"/api/2.0/sql/warehouses/{made}")


def _unity(noun: str, body: Body, full_name: str) -> Callable[[Site], Created]:
    def create(site: Site) -> Created:
        base = f"/api/2.1/unity-catalog/{noun}s"
        site.send("POST", base, body)
        return f"databricks_{noun}[{full_name}]", lambda: site.send("DELETE", f"{base}/{full_name}", force=True)

    return create


def _file(path: str, language: str | None) -> Callable[[Site], Created]:
    def create(site: Site) -> Created:
        full = f"{site.root}/{path}"
        write(site, full, b"# Databricks notebook source\n1\n", language)
        kind = "databricks_notebook" if language else "databricks_workspace_file"
        return f"{kind}[{full}]", lambda: site.send("POST", "/api/2.0/workspace/delete", {"path": full})

    return create


def _folder(path: str, *files: str) -> Callable[[Site], Created]:
    def create(site: Site) -> Created:
        full = f"{site.root}/{path}"
        site.send("POST", "/api/2.0/workspace/mkdirs", {"path": full})
        for each in files:
            write(site, f"{full}/{each}", b"1", None)
        gone: dict[str, Any] = {"path": full, "recursive": True}
        return f"databricks_directory[{full}]", lambda: site.send("POST", "/api/2.0/workspace/delete", gone)

    return create


def _scope(site: Site) -> Created:
    site.send("POST", "/api/2.0/secrets/scopes/create", {"scope": "ecommerce-mine"})
    return "databricks_secret_scope[ecommerce-mine]", lambda: site.send(
        "POST", "/api/2.0/secrets/scopes/delete", {"scope": "ecommerce-mine"}
    )


_TAGS = {"environment": "prod", "project": "ecommerce"}
_CATALOG = "ecommerce_prod"
ADDED = (
    added("undeclared: job with our tags", _job({"name": "mine", "tags": _TAGS})),
    added("undeclared: job of the same name", _job({"name": "master_pipeline", "tags": _TAGS})),
    added("undeclared: alert in our folder", _alert),
    added("undeclared: dashboard in our folder", _dashboard),
    added("undeclared: cluster with our tags", _cluster),
    added("undeclared: policy with our tags", _policy),
    added("undeclared: warehouse with our tags", _warehouse),
    added("undeclared: schema", _unity("schema", {"name": "mine", "catalog_name": _CATALOG}, f"{_CATALOG}.mine")),
    added(
        "undeclared: volume",
        _unity(
            "volume",
            {"name": "mine", "catalog_name": _CATALOG, "schema_name": "gold", "volume_type": "MANAGED"},
            f"{_CATALOG}.gold.mine",
        ),
    ),
    added("undeclared: notebook", _file("notebooks/quality/mine", "PYTHON")),
    added("undeclared: SQL notebook", _file("notebooks/mine", "SQL")),
    added("undeclared: library module", _file("notebooks/lakehouse/evil.py", None)),
    added("undeclared: dbt model", _file("dbt/models/gold/mine.sql", None)),
    added("undeclared: file in the root", _file("README.txt", None)),
    added("undeclared: empty folder", _folder("mine")),
    added("undeclared: folder with files", _folder("sql/mine", "a.sql", "b.sql")),
    added("undeclared: secret scope", _scope),
)
