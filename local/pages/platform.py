"""What jobs and people stand on: warehouses, clusters, policies, destinations, secret scopes by name."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from local.pages.page import Page, Site, Visit
from local.store import Store


def routes(site: Site, store: Store) -> list[Route]:
    """One page."""

    def bodies(kind: str) -> list[dict[str, Any]]:
        return [body for _, body in store.list(kind)]

    def keys(scope: str) -> list[Any]:
        # The value is not even read.
        return store.query("select key, updated_at from secret_values where scope = ? order by key", (scope,))

    def show(_: Visit) -> Page:
        content = {
            "warehouses": bodies("warehouses"),
            "clusters": bodies("clusters"),
            "policies": bodies("cluster-policies"),
            "pools": bodies("instance-pools"),
            "destinations": bodies("notification-destinations"),
            "experiments": bodies("experiments"),
            "scopes": [(name, keys(name)) for name, _ in store.list("scopes")],
        }
        return Page("platform.html", "Platform", content)

    return [site.get("/platform", show)]
