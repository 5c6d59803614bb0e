"""/api/2.0/sql/warehouses: all of them are the one Spark driver."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.errors import invalid
from local.services import Services
from local.workspace.call import Call, page, route
from local.workspace.collection import Collection

SIZES = ("2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large")
DEFAULTS = {
    "auto_stop_mins": 120,
    "min_num_clusters": 1,
    "max_num_clusters": 1,
    "enable_photon": True,
    "enable_serverless_compute": False,
    "spot_instance_policy": "COST_OPTIMIZED",
    "warehouse_type": "PRO",
    "channel": {"name": "CHANNEL_NAME_CURRENT"},
}
EDITABLE = frozenset({"name", "cluster_size", "tags", "instance_profile_arn", *DEFAULTS})


def routes(services: Services) -> list[Route]:
    """Create, get, list, edit, delete, start, stop; and the data source that the provider looks for."""
    warehouses = _Warehouses(services)
    base = "/api/2.0/sql/warehouses"
    return [
        route("POST", base, warehouses.create),
        route("GET", base, warehouses.listing),
        route("GET", f"{base}/{{id}}", warehouses.get),
        route("DELETE", f"{base}/{{id}}", warehouses.delete),
        route("POST", f"{base}/{{id}}/edit", warehouses.edit),
        route("POST", f"{base}/{{id}}/start", warehouses.start),
        route("POST", f"{base}/{{id}}/stop", warehouses.stop),
        route("GET", "/api/2.0/preview/sql/data_sources", warehouses.data_sources),
    ]


class _Warehouses:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._objects = Collection(services.store, "warehouses", "SQL warehouse {} does not exist.")

    def create(self, call: Call) -> dict[str, Any]:
        body, store = DEFAULTS | _checked(call.body), self._services.store
        with store.write():
            self._check_name(call.text("name"), None)
            key = f"{store.next_id('warehouse'):016x}"
            self._objects.put(key, body | {"id": key, "creator_user_name": self._services.user, "state": "RUNNING"})
        return {"id": key}

    def get(self, call: Call) -> dict[str, Any]:
        return self._render(self._objects.require(call.path["id"]))

    def listing(self, call: Call) -> dict[str, Any]:
        return page(call, [self._render(body) for body in self._objects.all()], "warehouses")

    def edit(self, call: Call) -> None:
        with self._services.store.write():
            if "name" in call.body:
                self._check_name(call.text("name"), call.path["id"])
            self._objects.change(call.path["id"], _checked(call.body))

    def delete(self, call: Call) -> None:
        self._objects.delete(call.path["id"])

    def start(self, call: Call) -> None:
        self._objects.change(call.path["id"], {"state": "RUNNING"})

    def stop(self, call: Call) -> None:
        self._objects.change(call.path["id"], {"state": "STOPPED"})

    def data_sources(self, _: Call) -> Response:
        # One per warehouse; the provider fails a warehouse that is not among them.
        bodies = self._objects.all()
        return JSONResponse(
            [{"id": _data_source(body["id"]), "name": body["name"], "warehouse_id": body["id"]} for body in bodies]
        )

    def _check_name(self, name: str, own_id: str | None) -> None:
        if any(body["name"] == name and body["id"] != own_id for body in self._objects.all()):
            raise invalid(f"Warehouse name `{name}` is already in use")

    def _render(self, body: dict[str, Any]) -> dict[str, Any]:
        host, _, port = self._services.base_url.removeprefix("http://").partition(":")
        path = f"/sql/1.0/warehouses/{body['id']}"
        computed = {
            "creator_name": body["creator_user_name"],
            "num_clusters": 1 if body["state"] == "RUNNING" else 0,
            "num_active_sessions": 0,
            "jdbc_url": f"jdbc:databricks://{host}:{port}/default;transportMode=http;ssl=1;AuthMech=3;httpPath={path};",
            "odbc_params": {"hostname": host, "path": path, "protocol": "https", "port": int(port)},
            "health": {"status": "HEALTHY"},
        }
        return {name: value for name, value in body.items() if name != "creator_user_name"} | computed


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    if "cluster_size" in body and body["cluster_size"] not in SIZES:
        raise invalid(f"{body['cluster_size']} is not a cluster size; use one of {', '.join(SIZES)}")
    return {name: value for name, value in body.items() if name in EDITABLE}


def _data_source(key: str) -> str:
    return f"00000000-0000-0000-0000-{key[-12:]}"
