"""/internal/1: what the Spark driver asks; guarded by the driver's own token."""

from __future__ import annotations

import base64
from typing import Any

from starlette.routing import Route

from local.services import Services
from local.workspace.api.secrets import SCOPES, read_secret, secret_keys
from local.workspace.call import Call, route
from local.workspace.tree import Tree


def routes(services: Services) -> list[Route]:
    """Secrets: scopes, keys of one, a value; the source of a notebook."""
    tree = Tree(services.store, services.root)

    def secret(call: Call) -> dict[str, Any]:
        value = read_secret(services.store, call.text("scope"), call.text("key"))
        return {"value": base64.b64encode(value).decode()}

    def keys(call: Call) -> dict[str, Any]:
        return {"keys": secret_keys(services.store, call.text("scope"))}

    def scopes(_: Call) -> dict[str, Any]:
        return {"scopes": [name for name, _ in services.store.list(SCOPES)]}

    def notebook(call: Call) -> dict[str, Any]:
        language, source = tree.source(call.text("path"))
        return {"language": language, "source": source}

    return [
        route("GET", "/internal/1/secret", secret),
        route("GET", "/internal/1/secrets", keys),
        route("GET", "/internal/1/secret-scopes", scopes),
        route("GET", "/internal/1/notebook", notebook),
    ]
