"""Dashboards drawn from the Lakeview JSON that was deployed."""

from __future__ import annotations

import json
from typing import Any

from starlette.routing import Route

from local.errors import not_found
from local.pages.lakeview import Widget, asks_of, read
from local.pages.page import Page, Site, Visit
from local.pages.statements import Statements
from local.pages.tiles import tile
from local.store import Store


def routes(site: Site, store: Store, statements: Statements) -> list[Route]:
    """All dashboards, one dashboard."""
    views = _Dashboards(store, statements)
    return [site.get("/dashboards", views.listing), site.get("/dashboards/{id}", views.one)]


class _Dashboards:
    def __init__(self, store: Store, statements: Statements) -> None:
        self._store = store
        self._statements = statements

    def listing(self, _: Visit) -> Page:
        found = [(body["draft"], body.get("published")) for _, body in self._store.list("dashboards")]
        found.sort(key=lambda pair: str(pair[0]["display_name"]))
        return Page("dashboards.html", "Dashboards", {"dashboards": found})

    def one(self, visit: Visit) -> Page:
        body = self._store.get("dashboards", visit.path["id"])
        if body is None:
            raise not_found(f"There is no dashboard {visit.path['id']}: it was deleted, or never existed.")
        draft, published = body["draft"], body.get("published")
        text = (body.get("published_content") if published else None) or draft["serialized_dashboard"]
        pages = read(json.loads(text))
        widgets = [widget for page in pages for widget in page.widgets]
        asks = asks_of(widgets)
        answers = dict(zip(asks, self._statements.run_all(list(asks.values())), strict=True))
        drawn: dict[int, dict[str, Any]] = {id(widget): _drawn(widget, answers) for widget in widgets}
        content = {
            "dashboard": draft,
            "published": published,
            "changed": bool(published) and text != draft["serialized_dashboard"],
            "pages": [(page, [drawn[id(widget)] for widget in page.widgets]) for page in pages],
        }
        return Page("dashboard.html", draft["display_name"], content)


def _drawn(widget: Widget, answers: dict[str, Any]) -> dict[str, Any]:
    answer = answers.get(widget.ask_key)
    return {"widget": widget, **tile(widget, answer)}
