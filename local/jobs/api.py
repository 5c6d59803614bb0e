"""The routes of jobs and runs."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import FileResponse
from starlette.routing import Route

from local.errors import invalid, not_found
from local.jobs.objects import JobObjects
from local.jobs.orchestrator import Orchestrator
from local.jobs.runs import Runs
from local.services import Services
from local.workspace.call import Call, route

PAGED = "2.2"
VERSIONS = ("2.0", "2.1", PAGED)
VALUE_LIMIT = 48 * 1024


def routes(services: Services, jobs: Orchestrator) -> list[Route]:
    """Everything under `/api/<version>/jobs/`, and the artifacts of dbt tasks."""
    objects, runs = JobObjects(services, jobs.schedules), Runs(services, jobs)

    def delete(call: Call) -> None:
        job_id = call.text("job_id")
        objects.delete(job_id)
        jobs.cancel_all(int(job_id))

    handlers = [
        ("POST", "create", objects.create),
        ("GET", "get", objects.get),
        ("GET", "list", objects.list_jobs),
        ("POST", "reset", objects.reset),
        ("POST", "update", objects.update),
        ("POST", "delete", delete),
        ("POST", "run-now", runs.run_now),
        ("GET", "runs/get", runs.get),
        ("GET", "runs/list", runs.list_runs),
        ("GET", "runs/get-output", runs.output),
        ("GET", "runs/export", runs.export),
        ("POST", "runs/cancel", runs.cancel),
        ("POST", "runs/cancel-all", runs.cancel_all),
        ("POST", "runs/repair", runs.repair),
        ("POST", "runs/delete", runs.delete),
    ]
    paged = {"get": objects.get_page, "runs/get": runs.get_page}
    return [
        *(
            route(method, f"/api/{v}/jobs/{name}", paged.get(name, handler) if v == PAGED else handler)
            for v in VERSIONS
            for method, name, handler in handlers
        ),
        route("GET", "/dbt-artifacts/{run_id}", lambda call: _artifacts(services, call)),
    ]


def internal_routes(jobs: Orchestrator) -> list[Route]:
    """Task values, as the Spark driver sets and reads them."""
    ledger = jobs.ledger

    def put(call: Call) -> None:
        attempt = ledger.task_run(int(call.text("task_run_id")))
        if attempt is None:
            raise not_found(f"Run {call.text('task_run_id')} does not exist.")
        value = call.body.get("value")
        if len(json.dumps(value)) > VALUE_LIMIT:
            raise invalid(f"Task value '{call.text('key')}' is larger than 48 KiB.")
        ledger.put_value(attempt.job_run_id, attempt.task_key, call.text("key"), value)

    def get(call: Call) -> dict[str, Any]:
        task_key, key = call.text("task_key"), call.text("key")
        try:
            return {"value": ledger.value(int(call.text("run_id")), task_key, key)}
        except KeyError:
            raise not_found(f"Task '{task_key}' has set no value '{key}'.") from None

    return [route("PUT", "/internal/1/task-value", put), route("GET", "/internal/1/task-value", get)]


def _artifacts(services: Services, call: Call) -> FileResponse:
    run_id = call.path["run_id"]
    path = services.root / "runs" / run_id / "artifacts.tar.gz"
    if not run_id.isdecimal() or not path.is_file():
        raise not_found(f"Run {run_id} has no dbt artifacts.")
    return FileResponse(path, media_type="application/gzip")
