"""Who and where: the user behind the token, the workspace's own description, the images and nodes on offer."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.services import Services
from local.workspace.call import Call, route

WORKSPACE_ID = 1


def routes(services: Services) -> list[Route]:
    """Me and the host's metadata."""

    def me(_: Call) -> Response:
        user = services.user
        body = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": "1",
            "userName": user,
            "displayName": user,
            "active": True,
            "emails": [{"value": user, "type": "work", "primary": True}],
            "groups": [{"display": "admins", "value": "2", "type": "direct"}, {"display": "users", "value": "3"}],
        }
        return JSONResponse(body, headers={"X-Databricks-Org-Id": str(WORKSPACE_ID)})

    def host_metadata(_: Call) -> dict[str, Any]:
        return {
            "oidc_endpoint": f"{services.base_url}/oidc",
            "workspace_id": str(WORKSPACE_ID),
            "cloud": "AZURE",
            "host_type": "workspace",
        }

    return [
        route("GET", "/api/2.0/preview/scim/v2/Me", me),
        route("GET", "/.well-known/databricks-config", host_metadata),
    ]
