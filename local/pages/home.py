"""The first page: what is wrong and since when, what runs now, what comes next, what is here."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from local.engine.client import DriverUnavailable
from local.pages.alerts import read_alerts
from local.pages.history import History, Job
from local.pages.page import Page, Site, Visit
from local.pages.words import State
from local.services import Services
from local.workspace.clock import milliseconds

_NEXT = 5
_RECENT = 8


def routes(site: Site, services: Services, history: History) -> list[Route]:
    """The home page."""
    store = services.store

    def show(_: Visit) -> Page:
        jobs = history.jobs()
        failing = [found for job in jobs if (found := history.failing(job))]
        # What broke last is likely what somebody was called for.
        failing.sort(key=lambda found: found.since, reverse=True)
        alerts = read_alerts(store)
        running = [(run, *history.progress(run)) for run in history.ledger.job_runs(active=True)]
        content = {
            "failing": failing,
            "alarms": [alert for alert in alerts if alert.state.bad],
            "running": running,
            "recent": history.recent(limit=_RECENT),
            "next": _next(jobs),
            "paused": sum(job.paused for job in jobs),
            "driver": _driver(services),
            "started_at": services.started_at,
            "counts": _counts(services, len(jobs), len(alerts)),
            "now": milliseconds(),
        }
        return Page("home.html", "Home", content, live=bool(running))

    return [site.get("/", show)]


def _next(jobs: list[Job]) -> list[tuple[int, Job]]:
    due = [(moment, job) for job in jobs if (moment := job.due) is not None]
    return sorted(due, key=lambda pair: pair[0])[:_NEXT]


def _driver(services: Services) -> tuple[State, str]:
    if services.driver.pid is None:
        return State("Not started", "none"), "Objects can be read; nothing that needs Spark can run."
    try:
        services.driver.client()
    except DriverUnavailable as error:
        return State("Not ready", "wait"), str(error)
    return State("Ready", "good"), ""


def _counts(services: Services, jobs: int, alerts: int) -> list[tuple[str, str, int]]:
    store = services.store
    kinds = (("/dashboards", "dashboards", "dashboards"), ("/queries", "queries", "queries"))
    counted = [(url, word, _count(services, kind)) for url, word, kind in kinds]
    files = store.query("select count(*) from tree where object_type != 'DIRECTORY'")[0][0]
    return [
        ("/jobs", "jobs", jobs),
        ("/alerts", "alerts", alerts),
        *counted,
        ("/data", "schemas", _count(services, "schemas")),
        ("/files", "files", int(files)),
    ]


def _count(services: Services, kind: str) -> int:
    rows: list[Any] = services.store.query("select count(*) from objects where kind = ?", (kind,))
    return int(rows[0][0])
