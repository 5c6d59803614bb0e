"""/internal/1: what the Spark driver asks; guarded by the driver's own token."""

from __future__ import annotations

import base64
from typing import Any

from starlette.routing import Route

from local.services import Services
from local.workspace.api.secrets import read_secret
from local.workspace.call import Call, route
from local.workspace.tree import Tree


def routes(services: Services) -> list[Route]:
    """The value of a secret, the source of a notebook."""
    tree = Tree(services.store, services.root)

    def secret(call: Call) -> dict[str, Any]:
        value = read_secret(services.store, call.text("scope"), call.text("key"))
        return {"value": base64.b64encode(value).decode()}

    def notebook(call: Call) -> dict[str, Any]:
        language, source = tree.source(call.text("path"))
        return {"language": language, "source": source}

    return [route("GET", "/internal/1/secret", secret), route("GET", "/internal/1/notebook", notebook)]
