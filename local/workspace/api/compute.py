"""What clusters are made from: policies, instance pools, the images and node types on offer."""

from __future__ import annotations

import json
from typing import Any

from starlette.routing import Route

from local.errors import invalid
from local.services import Services
from local.workspace.call import Call, route
from local.workspace.clock import milliseconds
from local.workspace.collection import Collection

SPARK_VERSIONS = {
    "18.x-scala2.13": "18 LTS (includes Apache Spark 4.1.0, Scala 2.13)",
    "17.3.x-scala2.13": "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)",
    "16.4.x-scala2.12": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)",
    "16.4.x-cpu-ml-scala2.12": "16.4 LTS ML (includes Apache Spark 3.5.2, Scala 2.12)",
    "15.4.x-scala2.12": "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "15.4.x-cpu-ml-scala2.12": "15.4 LTS ML (includes Apache Spark 3.5.0, Scala 2.12)",
}
# name: memory in MB, cores, category, local disks
NODE_TYPES = {
    "Standard_DS3_v2": (14336, 4.0, "General Purpose", 1),
    "Standard_DS4_v2": (28672, 8.0, "General Purpose", 1),
    "Standard_DS5_v2": (57344, 16.0, "General Purpose", 1),
    "Standard_D4ds_v5": (16384, 4.0, "General Purpose", 1),
    "Standard_D8ds_v5": (32768, 8.0, "General Purpose", 1),
    "Standard_E8ds_v5": (65536, 8.0, "Memory Optimized", 1),
    "Standard_F8s_v2": (16384, 8.0, "Compute Optimized", 0),
    "i3.xlarge": (31232, 4.0, "Storage Optimized", 1),
}


def routes(services: Services) -> list[Route]:
    """Policies, pools, spark-versions, list-node-types."""
    policies, pools = _Policies(services), _Pools(services)
    return [
        route("POST", "/api/2.0/policies/clusters/create", policies.create),
        route("POST", "/api/2.0/policies/clusters/edit", policies.edit),
        route("POST", "/api/2.0/policies/clusters/delete", policies.delete),
        route("GET", "/api/2.0/policies/clusters/get", policies.get),
        route("GET", "/api/2.0/policies/clusters/list", policies.listing),
        route("POST", "/api/2.0/instance-pools/create", pools.create),
        route("POST", "/api/2.0/instance-pools/edit", pools.edit),
        route("POST", "/api/2.0/instance-pools/delete", pools.delete),
        route("GET", "/api/2.0/instance-pools/get", pools.get),
        route("GET", "/api/2.0/instance-pools/list", pools.listing),
        route("GET", "/api/2.1/clusters/spark-versions", _spark_versions),
        route("GET", "/api/2.1/clusters/list-node-types", _node_types),
    ]


class _Policies:
    def __init__(self, services: Services) -> None:
        self._user = services.user
        self._objects = Collection(services.store, "cluster-policies", "Can't find a cluster policy with id: {}.")

    def create(self, call: Call) -> dict[str, Any]:
        store = self._objects.store
        with store.write():
            self._check(call, None)
            key = f"{store.next_id('cluster-policy'):016X}"
            made = {"policy_id": key, "creator_user_name": self._user, "created_at_timestamp": milliseconds()}
            self._objects.put(key, call.body | made | {"is_default": False})
        return {"policy_id": key}

    def edit(self, call: Call) -> None:
        key = call.text("policy_id")
        with self._objects.store.write():
            old = self._objects.require(key)
            self._check(call, key)
            kept = ("policy_id", "creator_user_name", "created_at_timestamp", "is_default")
            self._objects.put(key, call.body | {name: old[name] for name in kept})

    def get(self, call: Call) -> dict[str, Any]:
        return self._objects.require(call.text("policy_id"))

    def listing(self, _: Call) -> dict[str, Any]:
        found = self._objects.all()
        return {"policies": found, "total_count": len(found)}

    def delete(self, call: Call) -> None:
        self._objects.delete(call.text("policy_id"))

    def _check(self, call: Call, own_id: str | None) -> None:
        name = call.text("name")
        if any(body["name"] == name and body["policy_id"] != own_id for body in self._objects.all()):
            raise invalid(f"Cluster policy name '{name}' already exists")
        try:
            rules = json.loads(call.body.get("definition", "{}"))
        except (TypeError, ValueError) as error:
            raise invalid(f"The definition of cluster policy '{name}' is not valid JSON: {error}") from None
        if not isinstance(rules, dict):
            raise invalid(f"The definition of cluster policy '{name}' must be a JSON object")


class _Pools:
    def __init__(self, services: Services) -> None:
        self._objects = Collection(services.store, "instance-pools", "Can't find an instance pool with id: {}.")

    def create(self, call: Call) -> dict[str, Any]:
        call.text("instance_pool_name")
        call.text("node_type_id")
        store = self._objects.store
        with store.write():
            key = f"pool-{store.next_id('instance-pool')}"
            self._objects.put(key, _without_nulls(call.body) | {"instance_pool_id": key, "state": "ACTIVE"})
        return {"instance_pool_id": key}

    def edit(self, call: Call) -> None:
        key = call.text("instance_pool_id")
        with self._objects.store.write():
            self._objects.require(key)
            self._objects.put(key, _without_nulls(call.body) | {"instance_pool_id": key, "state": "ACTIVE"})

    def get(self, call: Call) -> dict[str, Any]:
        return self._objects.require(call.text("instance_pool_id"))

    def listing(self, _: Call) -> dict[str, Any]:
        return {"instance_pools": self._objects.all()}

    def delete(self, call: Call) -> None:
        self._objects.delete(call.text("instance_pool_id"))


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _spark_versions(_: Call) -> dict[str, Any]:
    return {"versions": [{"key": key, "name": name} for key, name in SPARK_VERSIONS.items()]}


def _node_types(_: Call) -> dict[str, Any]:
    return {
        "node_types": [
            {
                "node_type_id": name,
                "instance_type_id": name,
                "description": name,
                "memory_mb": memory,
                "num_cores": cores,
                "category": category,
                "is_deprecated": False,
                "is_graviton": False,
                "num_gpus": 0,
                "photon_worker_capable": True,
                "photon_driver_capable": True,
                "node_instance_type": {"instance_type_id": name, "local_disks": disks, "local_nvme_disks": 0},
            }
            for name, (memory, cores, category, disks) in NODE_TYPES.items()
        ]
    }
