"""Every page of the workspace."""

from __future__ import annotations

from starlette.routing import Route

from local.errors import not_found
from local.jobs.ledger import Ledger
from local.pages import alerts, dashboards, data, entrance, files, home, jobs, platform, queries, runs
from local.pages.door import OPEN_ROOTS, PAGE_ROOTS, Door
from local.pages.history import History
from local.pages.page import Page, Site, Visit
from local.pages.statements import Statements
from local.services import Services
from local.workspace.tree import Tree


def routes(services: Services, ledger: Ledger, door: Door) -> list[Route]:
    """Return all routes; the gate asks the same door who may come in."""
    store = services.store
    site, history, statements = Site(door, services.user), History(store, ledger), Statements(services)
    return [
        *entrance.routes(door, services.base_url),
        *home.routes(site, services, history),
        *runs.routes(site, history, services.root),
        *jobs.routes(site, history),
        *data.routes(site, store, statements),
        *queries.routes(site, store, statements),
        *alerts.routes(site, store),
        *dashboards.routes(site, store, statements),
        *files.routes(site, Tree(store, services.root)),
        *platform.routes(site, store),
        *(site.get(f"/{root}/{{rest:path}}", _missing) for root in sorted(PAGE_ROOTS - OPEN_ROOTS - {"", "files"})),
    ]


def _missing(_: Visit) -> Page:
    raise not_found("There is no such page.")
