"""Saved queries: their text, and their rows when somebody asks."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from local.errors import not_found
from local.pages.code import coloured
from local.pages.page import Page, Site, Visit
from local.pages.statements import Answer, Ask, Statements
from local.store import Store
from local.workspace.queries import saved_parameters

ROWS = 200


def routes(site: Site, store: Store, statements: Statements) -> list[Route]:
    """All queries, one query, and the form that runs it."""
    views = _Queries(store, statements)
    return [
        site.get("/queries", views.listing),
        site.get("/queries/{id}", views.one),
        site.post("/queries/{id}", views.run),
    ]


class _Queries:
    def __init__(self, store: Store, statements: Statements) -> None:
        self._store = store
        self._statements = statements

    def listing(self, _: Visit) -> Page:
        queries = sorted((body for _, body in self._store.list("queries")), key=lambda body: str(body["display_name"]))
        return Page("queries.html", "Queries", {"queries": queries})

    def one(self, visit: Visit) -> Page:
        return self._shown(self._query(visit), None)

    def run(self, visit: Visit) -> Page:
        query = self._query(visit)
        ask = Ask(query["query_text"], saved_parameters(query), query.get("catalog"), query.get("schema"), ROWS)
        return self._shown(query, self._statements.run(ask))

    def _shown(self, query: dict[str, Any], answer: Answer | None) -> Page:
        used = [body for _, body in self._store.list("alerts") if body["query_id"] == query["id"]]
        content = {
            "query": query,
            "code": coloured(query["query_text"], "sql"),
            "parameters": saved_parameters(query),
            "answer": answer,
            "alerts": used,
        }
        return Page("query.html", query["display_name"], content)

    def _query(self, visit: Visit) -> dict[str, Any]:
        body = self._store.get("queries", visit.path["id"])
        if body is None:
            raise not_found(f"There is no query {visit.path['id']}: it was deleted, or never existed.")
        return body
