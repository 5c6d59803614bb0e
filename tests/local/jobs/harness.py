"""A workspace server with jobs, and a driver whose notebooks do what a line of JSON says; also a program."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Run

from local.engine.client import DriverClient, DriverUnavailable
from local.jobs import api
from local.jobs.compute import CLUSTERS, WAREHOUSES
from local.jobs.orchestrator import Orchestrator
from local.services import Services
from local.store import Store
from local.workspace import app, port
from local.workspace.api import identity
from local.workspace.tree import Tree

TOKEN, INTERNAL_TOKEN = "dapi-test", "internal-test"
ENDED = {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}
# Below the 30 s that work to be cancelled would take by itself; enough for a machine that does something else.
PATIENCE_SECONDS = 25.0


class FakeDriver:
    """The driver's HTTP with instant notebooks: the source is JSON saying how long, what to set, how to end."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.log: list[tuple[str, str, float]] = []
        self.changed = threading.Condition()
        self.workspace_url = ""
        self.dead = False
        self.tries: dict[str, int] = {}
        driver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                if driver.dead:
                    self.close_connection = True
                    return
                status, answer = driver.handle(self.command, self.path, body)
                if driver.dead:
                    self.close_connection = True
                    return
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                with suppress(BrokenPipeError):  # a killed server does not wait for its answer
                    self.wfile.write(data)

            do_GET = do_POST = do_DELETE = do_PUT = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def handle(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(path)
        kind, _, key = parts.path.lstrip("/").partition("/")
        if method == "POST":
            key = str(body.get("key") or body["id"])
            with self.changed:
                self.bodies.append(body)
                self.runs[key] = {"state": "RUNNING"}
            target = self.notebook if kind == "notebook-runs" else self.statement
            threading.Thread(target=target, args=(key, body), daemon=True).start()
            return 202, {}
        if key not in self.runs:
            return 404, {}
        if method == "DELETE":
            self.finish(key, {"state": "CANCELED"})
            return 200, {}
        wait = float(parse_qs(parts.query).get("wait", ["0"])[0])
        with self.changed:
            self.changed.wait_for(lambda: self.dead or self.runs[key]["state"] != "RUNNING", wait)
            return 200, self.runs[key]

    def finish(self, key: str, answer: dict[str, Any]) -> None:
        with self.changed:
            if self.runs.get(key) == {"state": "RUNNING"}:
                self.runs[key] = answer
            self.changed.notify_all()

    def statement(self, key: str, body: dict[str, Any]) -> None:
        if "boom" in body["sql"]:
            self.finish(key, {"state": "FAILED", "error": {"message": "no such table boom", "sqlstate": "42P01"}})
            return
        columns = [{"name": "n", "type_text": "int", "type_name": "INT"}]
        self.finish(key, {"state": "SUCCEEDED", "columns": columns, "rows": [["7"]], "truncated": False})

    def notebook(self, key: str, body: dict[str, Any]) -> None:
        script, context = json.loads(body["source"]), body["context"]
        task = context["task_key"]
        self.log.append(("start", task, time.monotonic()))
        headers = {"Authorization": f"Bearer {INTERNAL_TOKEN}"}
        for name, value in script.get("set", {}).items():
            said = {"task_run_id": context["task_run_id"], "key": name, "value": value}
            httpx.put(f"{self.workspace_url}/internal/1/task-value", json=said, headers=headers).raise_for_status()
        exit_value = script.get("exit")
        if "get" in script:
            query = {"run_id": context["run_id"], "task_key": script["get"][0], "key": script["get"][1]}
            answer = httpx.get(f"{self.workspace_url}/internal/1/task-value", params=query, headers=headers)
            exit_value = json.dumps(answer.json())
        deadline = time.monotonic() + script.get("sleep", 0)
        with self.changed:
            self.changed.wait_for(
                lambda: self.runs.get(key) != {"state": "RUNNING"}, max(0.0, deadline - time.monotonic())
            )
        tries = self.tries[f"{context['run_id']}/{task}"] = self.tries.get(f"{context['run_id']}/{task}", 0) + 1
        self.log.append(("end", task, time.monotonic()))
        if tries <= script.get("fail_times", 0):
            self.finish(
                key, {"state": "FAILED", "error": script.get("error", "boom"), "error_trace": "Traceback: boom"}
            )
        else:
            self.finish(key, {"state": "SUCCEEDED", "exit_value": exit_value, "output_path": None})

    def kill(self) -> None:
        with self.changed:
            self.dead = True
            self.changed.notify_all()

    def revive(self) -> None:
        self.dead = False
        self.runs.clear()


@dataclass
class FakeProcess:
    """What the orchestrator asks of the driver's supervisor, in front of a driver at some port."""

    port: int
    root: Path
    ready: threading.Event = field(default_factory=threading.Event)
    pid: int | None = 1

    def __post_init__(self) -> None:
        self.ready.set()
        self._client = DriverClient(self.port, "t", self.root / "driver.log")

    def wait_ready(self, timeout: float) -> None:
        if not self.ready.wait(timeout):
            raise DriverUnavailable("The Spark driver was not ready.")

    def client(self) -> DriverClient:
        if not self.ready.is_set():
            raise DriverUnavailable("The Spark driver is starting.")
        return self._client

    def close(self) -> None:
        self._client.close()


@dataclass
class Workspace:
    """A running server and how tests talk to it."""

    root: Path
    url: str
    jobs: Orchestrator
    driver: FakeDriver
    process: FakeProcess
    client: WorkspaceClient
    tree: Tree

    def notebook(self, path: str, **script: Any) -> str:
        """Keep a notebook that does what the arguments say; return its path."""
        self.tree.write(path, "NOTEBOOK", "PYTHON", json.dumps(script).encode(), overwrite=True)
        return path

    def task(
        self, key: str, after: list[Any] | None = None, settings: dict[str, Any] | None = None, **script: Any
    ) -> Any:
        """Return a notebook task."""
        path = self.notebook(f"/Shared/{key}-{time.time_ns()}", **script)
        depends_on = [item if isinstance(item, dict) else {"task_key": item} for item in after or []]
        base = {"task_key": key, "depends_on": depends_on, "notebook_task": {"notebook_path": path}}
        return {**base, **(settings or {})}

    def job(self, *tasks: Any, **settings: Any) -> int:
        """Create a job as any client would; return its id."""
        body = {"name": f"job-{time.time_ns()}", "tasks": list(tasks), **settings}
        answer: dict[str, Any] = self.client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
        return int(answer["job_id"])

    def start(self, *tasks: Any, run: dict[str, Any] | None = None, **settings: Any) -> int:
        """Create a job and run it; return the run id."""
        return self.run_now(self.job(*tasks, **settings), **(run or {}))

    def run_now(self, job_id: int, **arguments: Any) -> int:
        """Start a run; return its id."""
        body = {"job_id": job_id, **arguments}
        answer: dict[str, Any] = self.client.api_client.do("POST", "/api/2.2/jobs/run-now", body=body)
        return int(answer["run_id"])

    def ended(self, run_id: int, seconds: float = PATIENCE_SECONDS) -> Run:
        """Return a run when it has ended."""
        return self.reaches(run_id, lambda run: life_cycle(run) in ENDED, seconds)

    def reaches(self, run_id: int, holds: Any, seconds: float = PATIENCE_SECONDS) -> Run:
        """Return a run when something holds of it."""
        deadline = time.monotonic() + seconds
        while not holds(run := self.client.jobs.get_run(run_id)):
            assert time.monotonic() < deadline, f"run {run_id} is still {run.state}"
            time.sleep(0.02)
        return run


def life_cycle(run: Any) -> str:
    return str(run.state.life_cycle_state.value)


def results(run: Run) -> dict[str, str]:
    """Return the result of each task of a run."""
    return {
        task.task_key: task.state.result_state.value if task.state and task.state.result_state else ""
        for task in run.tasks or []
    }


def task_of(run: Run, key: str) -> Any:
    return next(task for task in run.tasks or [] if task.task_key == key)


@contextmanager
def serving(
    root: Path,
    driver: FakeDriver,
    smtp: tuple[str, int] | None = None,
    more: Callable[[Services], list[Any]] = lambda _: [],
) -> Iterator[Workspace]:
    """Serve a root on a free port in this process; `more` adds routes to those of jobs."""
    for name in ("files", "runs", "log", "incoming"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "token").write_text(TOKEN)
    listener = port.bind(0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    driver.workspace_url = url
    process = FakeProcess(driver.port, root)
    services = Services(root, Store(root / "state.db"), "dev@example.com", url, process, 0)  # type: ignore[arg-type]
    services.store.put(WAREHOUSES, "w", {"name": "w"})
    services.store.put(CLUSTERS, "shared", {"settings": {}})
    jobs = Orchestrator(services, smtp)
    tree = Tree(services.store, root)
    tree.make_standard_folders("dev@example.com")

    @asynccontextmanager
    async def lifespan(_: Any) -> Any:
        yield

    routes = [*api.routes(services, jobs), *api.internal_routes(jobs), *identity.routes(services), *more(services)]
    log = os.environ.get("LOCAL_REQUEST_LOG")
    application = app.build(routes, root, TOKEN, INTERNAL_TOKEN, lifespan, request_log=Path(log) if log else None)
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    jobs.start()
    client = WorkspaceClient(host=url, token=TOKEN)
    try:
        yield Workspace(root, url, jobs, driver, process, client, tree)
    finally:
        jobs.stop()
        server.should_exit = True
        thread.join(5)
        listener.close()
        process.close()


class RemoteDriver:
    """A driver of another process; only its port is known."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.workspace_url = ""


def main() -> None:
    """`python harness.py ROOT DRIVER_PORT`: serve until killed; the first line says where."""
    with serving(Path(sys.argv[1]), RemoteDriver(int(sys.argv[2]))) as workspace:  # type: ignore[arg-type]
        print(workspace.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
