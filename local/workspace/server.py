"""Everything of one server put together: root, port, services, application."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets as random
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from local.alerts.evaluations import Evaluations
from local.engine.supervisor import DriverProcess
from local.jobs import api as jobs_api
from local.jobs.orchestrator import Orchestrator
from local.pages import routes as pages
from local.pages.door import Door
from local.services import Services
from local.store import Store
from local.warehouse import api as warehouse_api
from local.workspace import app, lake, port, root, tls
from local.workspace import volumes as volume_folders
from local.workspace.api import (
    alerts,
    catalogs,
    clusters,
    compute,
    dashboards,
    destinations,
    experiments,
    files,
    grants,
    identity,
    internal,
    permissions,
    queries,
    secrets,
    volumes,
    warehouses,
    workspace,
)
from local.workspace.clock import milliseconds
from local.workspace.tree import Tree

USER = "developer@example.com"
GRACE_SECONDS = 2  # for answers under way when we stop; a long poll may be cut
KEEP_ALIVE_SECONDS = 120  # longer than clients keep theirs, so that none sends into a connection we close
THREADS = 128  # requests that may wait at once: a long poll holds a thread
MODULES = (
    identity,
    workspace,
    files,
    clusters,
    compute,
    warehouses,
    secrets,
    permissions,
    catalogs,
    volumes,
    grants,
    queries,
    dashboards,
    destinations,
    experiments,
    internal,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What the command line decides; without an SMTP server mail becomes files."""

    root: Path
    port: int
    with_driver: bool
    smtp: tuple[str, int] | None
    request_log: Path | None


@dataclass(frozen=True)
class _Parts:
    """What lives as long as the server."""

    options: Options
    services: Services
    jobs: Orchestrator
    evaluations: Evaluations

    def start(self) -> None:
        """Begin to work, once the port answers: what is started here calls it."""
        port_number = int(self.services.base_url.rpartition(":")[2])
        root.write_server_file(self.services.root, self.services.base_url, port_number)
        if self.options.with_driver:
            self.services.driver.start()
            threading.Thread(target=lake.settle_in_background, args=(self.services,), daemon=True).start()
        self.jobs.start()
        self.evaluations.start()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Give requests their threads; at the end stop alerts and jobs, then the driver that they use."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        await anyio.to_thread.run_sync(self.evaluations.stop)
        await anyio.to_thread.run_sync(self.jobs.stop)
        await anyio.to_thread.run_sync(self.services.driver.stop)


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; raises RootError when the root or the port cannot be had."""
    os.umask(0o077)  # secrets lie in the database and tokens in files: nobody else reads them
    folder = options.root.resolve()
    root.prepare(folder)
    held = root.lock(folder)
    root.clear_incoming(folder)
    listener = port.bind(options.port)
    _log_to(folder / "log" / "workspace.log")
    try:
        asyncio.run(_server(options, folder, listener).serve())
    finally:
        (folder / "server.json").unlink(missing_ok=True)
        os.close(held)


def _server(options: Options, folder: Path, listener: socket.socket) -> port.DualServer:
    internal_token = random.token_hex(16)
    services = _services(folder, f"http://{port.HOST}:{listener.getsockname()[1]}", internal_token)
    tree = Tree(services.store, folder)
    tree.make_standard_folders(USER)
    tree.repair()
    volume_folders.repair(folder, services.store)
    jobs = Orchestrator(services, options.smtp)
    evaluations = Evaluations(services, jobs.timers, jobs.clock, jobs.outbox)
    parts = _Parts(options, services, jobs, evaluations)
    door, token = Door(), root.read_or_make_token(folder)
    routes = all_routes(services, jobs, evaluations, door)
    application = app.build(routes, folder, token, internal_token, parts.lifespan, door, options.request_log)
    config = uvicorn.Config(application, http="h11", ws="none", log_config=None, access_log=False, lifespan="on")
    config.timeout_graceful_shutdown = GRACE_SECONDS
    config.timeout_keep_alive = KEEP_ALIVE_SECONDS
    return port.DualServer(config, listener, tls.server_context(folder / "tls", datetime.now(UTC)), parts.start)


def all_routes(services: Services, jobs: Orchestrator, evaluations: Evaluations, door: Door) -> list[Route]:
    """Return everything that the workspace answers; what is not here is a 501."""
    routes = [item for module in MODULES for item in module.routes(services)]
    routes += alerts.routes(services, evaluations) + warehouse_api.routes(services)
    routes += jobs_api.routes(services, jobs) + jobs_api.internal_routes(jobs)
    return routes + pages.routes(services, jobs.ledger, door)


def _services(folder: Path, base_url: str, internal_token: str) -> Services:
    store = Store(folder / "state.db")
    driver = DriverProcess(folder, base_url, internal_token, lambda: lake.catalog_map(store))
    return Services(folder, store, USER, base_url, driver, milliseconds())


def _log_to(path: Path) -> None:
    handler = RotatingFileHandler(path, maxBytes=5_000_000, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
