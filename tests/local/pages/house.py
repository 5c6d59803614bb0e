"""The pages of a workspace without a server and without Spark, behind the real gate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.engine.client import DriverUnavailable
from local.jobs.ledger import JobRun, Ledger, TaskRun
from local.jobs.states import Outcome
from local.pages import routes as page_routes
from local.pages.door import Door
from local.services import Services
from local.store import Store
from local.workspace import app
from local.workspace.api import catalogs, dashboards, queries, secrets, warehouses, workspace
from local.workspace.root import prepare
from local.workspace.tree import Tree

TOKEN, USER, ADDRESS = "dapi-of-the-tests", "developer@example.com", "http://127.0.0.1:8765"
NOON = 1_780_000_000_000


class AwayDriver:
    """A driver that was never started."""

    pid = None

    def client(self) -> Any:
        raise DriverUnavailable("Spark is not running.")

    def catalogs(self, _: Any) -> None:
        """Nobody to tell."""


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class InProcess(httpx.BaseTransport):
    """Calls an application without a socket."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await httpx.ASGITransport(self._application).handle_async_request(request)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


@dataclass(frozen=True)
class House:
    """The application, what it stands on, and who calls it."""

    application: Any
    store: Store
    ledger: Ledger
    clock: Clock
    root: Path

    def anybody(self, **headers: str) -> httpx.Client:
        """Somebody without a session."""
        return httpx.Client(base_url=ADDRESS, headers=headers, transport=InProcess(self.application), trust_env=False)

    def api(self) -> httpx.Client:
        """Somebody with the token."""
        return self.anybody(Authorization=f"Bearer {TOKEN}")

    def link(self) -> str:
        """A fresh one-time link."""
        return str(self.api().post("/pages/login-codes").json()["url"])

    def visitor(self) -> httpx.Client:
        """A browser that came in by a link."""
        visitor = self.anybody(Accept="text/html", Origin=ADDRESS)
        assert visitor.get(self.link()).status_code == 200
        return visitor

    def put_job(self, job_id: int, name: str, **settings: Any) -> None:
        """Store a job as the API keeps it."""
        body = {
            "job_id": job_id,
            "creator_user_name": USER,
            "created_time": NOON,
            "settings": {"name": name, **settings},
        }
        self.store.put("job", str(job_id), body)

    def put_alert(self, name: str, source: str, operator: str, **more: Any) -> str:
        """Store an alert as the API keeps it."""
        evaluation = {"source": {"name": source}, "comparison_operator": operator, **more.pop("evaluation", {})}
        timing = {"quartz_cron_schedule": "0 0 7 * * ?", "timezone_id": "UTC"}
        body = {"display_name": name, "query_text": "select 1", "evaluation": evaluation, "schedule": timing, **more}
        self.store.put("alertsv2", "alert-1", body)
        return "alert-1"

    def put_run(self, job_id: int, name: str, *attempts: TaskRun, result: str = "FAILED") -> int:
        """Store an ended run with its attempts."""
        run_id = self.ledger.new_id()
        tasks = [attempt.task for attempt in attempts]
        outcome = Outcome(result, f"ended {result}")
        settings = {"name": name, "tasks": tasks}
        run = JobRun(run_id, job_id, 1, USER, settings, NOON, started=NOON, ended=NOON + 5000, outcome=outcome)
        self.ledger.save(run, *attempts)
        return run_id


def build(root: Path) -> House:
    """Return the pages and the API behind one gate."""
    prepare(root)
    clock, store = Clock(), Store(root / "state.db")
    services = Services(root, store, USER, ADDRESS, AwayDriver(), NOON)  # type: ignore[arg-type]
    Tree(store, root).make_standard_folders(USER)
    ledger, door = Ledger(store), Door(clock)
    modules = (workspace, secrets, catalogs, queries, dashboards, warehouses)
    routes = [item for module in modules for item in module.routes(services)]
    routes += page_routes.routes(services, ledger, door)
    return House(app.build(routes, root, TOKEN, "internal", None, door), store, ledger, clock, root)
