"""What happens in a workspace and is no drift: order, spelling, run state, times, work of others."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.drift.changes import EVE, put
from tests.drift.injections import Body, Change, Injection, Site, edited, rewritten, write


def reordered(*path: str) -> Change:
    """Turn a list around."""

    def change(body: Body) -> None:
        *parents, last = path
        place = body
        for name in parents:
            place = place[name]
        place[last] = place[last][::-1]

    return change


def _reformat(body: Body) -> None:
    body["definition"] = json.dumps(dict(reversed(json.loads(body["definition"]).items())), indent=4)


def _depends(body: Body) -> None:
    for task in body["tasks"]:
        task["depends_on"] = (task.get("depends_on") or [])[::-1]


def _defaults(body: Body) -> None:
    body |= {"webhook_notifications": {}, "notification_settings": {}, "parameters": [], "format": "MULTI_TASK"}
    body["job_clusters"][0]["new_cluster"]["azure_attributes"] = {
        "first_on_demand": 1,
        "availability": "ON_DEMAND_AZURE",
        "spot_bid_max_price": -1.0,
    }


def happened(name: str, work: Callable[[Site], object]) -> Injection:
    """Do something that changes nothing declared."""

    def make(site: Site) -> set[tuple[str, str]]:
        work(site)
        return set()

    return Injection(name, frozenset({f"noise {name}"}), make)


def _stop_warehouse(site: Site) -> None:
    key = site.id("databricks_sql_endpoint.analytics")
    site.send("POST", f"/api/2.0/sql/warehouses/{key}/stop")
    site.undos.append(lambda: site.send("POST", f"/api/2.0/sql/warehouses/{key}/start"))


def _stop_cluster(site: Site) -> None:
    body = {"cluster_id": site.id("databricks_cluster.interactive")}
    site.send("POST", "/api/2.1/clusters/delete", body)
    site.undos.append(lambda: site.send("POST", "/api/2.1/clusters/start", body))


def _run_job(site: Site) -> None:
    site.send("POST", "/api/2.2/jobs/run-now", {"job_id": int(site.id("databricks_job.product_recommendations"))})


def _job_of_others(site: Site) -> None:
    task = {"task_key": "t", "notebook_task": {"notebook_path": "/Users/x/n"}}
    body = {"name": "[dev] master_pipeline", "tasks": [task], "tags": {"project": "ecommerce", "environment": "dev"}}
    made = site.send("POST", "/api/2.2/jobs/create", body)["job_id"]
    site.undos.append(lambda: site.send("POST", "/api/2.2/jobs/delete", {"job_id": made}))


def _file_of_others(site: Site) -> None:
    site.send("POST", "/api/2.0/workspace/mkdirs", {"path": "/Shared/ecommerce/production-notes"})
    write(site, "/Shared/ecommerce/production-notes/todo.txt", b"x", None)


def _file_in_volume(site: Site) -> None:
    site.client.files.create_directory("/Volumes/ecommerce_prod/landing/files/orders")


def _scope_of_others(site: Site) -> None:
    site.send("POST", "/api/2.0/secrets/scopes/create", {"scope": f"team-{EVE.partition('@')[0]}"})


_JOB = "databricks_job"
NOISE = (
    edited("quiet: tasks in another order", f"{_JOB}.bronze_ingestion", reordered("tasks")),
    edited("quiet: dependencies in another order", f"{_JOB}.bronze_ingestion", _depends),
    edited("quiet: defaults spelled out", f"{_JOB}.gold_aggregation", _defaults),
    edited("quiet: number spelled otherwise", f"{_JOB}.master_pipeline", put("timeout_seconds", 36120.0)),
    edited(
        "quiet: recipients in another order",
        "databricks_alert_v2.empty_tables",
        reordered("evaluation", "notification", "subscriptions"),
    ),
    edited("quiet: policy reformatted", "databricks_cluster_policy.jobs", _reformat),
    edited("quiet: tags in another order", "databricks_sql_endpoint.analytics", reordered("tags", "custom_tags")),
    edited("quiet: dashboard published again", "databricks_dashboard.operations", lambda body: None),
    rewritten("quiet: notebook saved again", "databricks_notebook.quality-gate", lambda text: text),
    rewritten(
        "quiet: line ends of a notebook",
        "databricks_notebook.ml-train_model",
        lambda text: text.replace(b"\n", b"\r\n"),
    ),
    happened("quiet: warehouse stopped", _stop_warehouse),
    happened("quiet: cluster stopped", _stop_cluster),
    happened("quiet: job ran", _run_job),
    happened("quiet: job of another environment", _job_of_others),
    happened("quiet: file of others", _file_of_others),
    happened("quiet: data arrived", _file_in_volume),
    happened("quiet: scope of others", _scope_of_others),
)
