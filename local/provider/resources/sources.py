"""Data sources: databricks_current_user, _current_config, _spark_version, _node_type."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.provider.resource import Api, Object
from local.provider.schema import Block, block, one
from local.provider.values import Values

_WORKSPACE_ID = one("workspace_id!")
_FALLBACK_NODE_TYPE = "i3.xlarge"


@dataclass(frozen=True)
class DataSource:
    """A data source: its schema, and the call that fills it."""

    schema: Block
    read: Callable[[Api, Values], Object]


def _current_user(api: Api, config: Values) -> Object:
    me = api.me()
    name = str(me["userName"])
    principal = "servicePrincipals" if re.fullmatch(r"[0-9a-f-]{36}", name) else "users"
    return {
        "id": me["id"],
        "user_name": name,
        "external_id": me.get("externalId", ""),
        "home": f"/Users/{name}",
        "repos": f"/Repos/{name}",
        "alphanumeric": re.sub(r"[^a-z0-9]", "_", name.split("@")[0].lower()),
        "acl_principal_id": f"{principal}/{name}",
        "workspace_url": api.host,
    }


def _current_config(api: Api, config: Values) -> Object:
    return {
        "id": api.host,
        "host": api.host,
        "cloud_type": "aws",
        "auth_type": "pat",
        "is_account": False,
        "account_id": "",
    }


def _spark_version(api: Api, config: Values) -> Object:
    scala = config["scala"] or "2.12"
    found = []
    for version in api.get("/api/2.1/clusters/spark-versions")["versions"]:
        key, name = version["key"], version["name"]
        wanted = (
            f"-scala{scala}" in key
            and ("ml-" in key) == bool(config["ml"])
            and ("-gpu-" in key or "gpu" in key.split("-")) == bool(config["gpu"])
            and ("-photon-" in key) == bool(config["photon"])
            and ("-aarch64-" in key) == bool(config["graviton"])
            and ("Beta" in name) == bool(config["beta"])
            and ("LTS" in name or not config["long_term_support"])
            and (f"Apache Spark {config['spark_version'] or ''}" in name)
        )
        if wanted:
            found.append(key)
    if not found:
        raise ValueError("the workspace offers no Spark version that fits the filters of databricks_spark_version")
    return {"id": max(found, key=_version_number)}


def _version_number(key: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", key.partition(".x")[0])]


def _node_type(api: Api, config: Values) -> Object:
    types = api.get("/api/2.1/clusters/list-node-types").get("node_types", [])
    fitting = sorted((item for item in types if _fits(item, config)), key=_size)
    return {"id": fitting[0]["node_type_id"] if fitting else _FALLBACK_NODE_TYPE}


def _fits(item: Object, config: Values) -> bool:
    disks = item.get("node_instance_type") or {}
    memory = item.get("memory_mb", 0) // 1024
    needs: list[tuple[Any, Any]] = [
        (config["min_cores"], item.get("num_cores", 0)),
        (config["min_memory_gb"], memory),
        (config["gb_per_core"], memory / (item.get("num_cores") or 1)),
        (config["min_gpus"], item.get("num_gpus", 0)),
        (config["local_disk"], _disks(disks)),
        (config["local_disk_min_size"], disks.get("local_disk_size_gb", 0) + disks.get("local_nvme_disk_size_gb", 0)),
        (config["photon_driver_capable"], item.get("photon_driver_capable", False)),
        (config["photon_worker_capable"], item.get("photon_worker_capable", False)),
        (config["support_port_forwarding"], item.get("support_port_forwarding", False)),
        (config["is_io_cache_enabled"], item.get("is_io_cache_enabled", False)),
        (config["fleet"], "-fleet." in item["node_type_id"]),
    ]
    category = config["category"]
    graviton = bool(config["graviton"] or config["arm"])
    return (
        all(not needed or offered >= needed for needed, offered in needs)
        and (not category or category.lower() == str(item.get("category", "")).lower())
        and bool(item.get("is_graviton")) == graviton
    )


def _disks(item: Object) -> int:
    return int(item.get("local_disks", 0)) + int(item.get("local_nvme_disks", 0))


def _size(item: Object) -> tuple[Any, ...]:
    return (
        bool(item.get("is_deprecated")),
        item.get("num_cores", 0),
        item.get("memory_mb", 0),
        _disks(item.get("node_instance_type") or {}),
        item.get("num_gpus", 0),
        item["node_type_id"],
    )


DATA_SOURCES = {
    "databricks_current_user": DataSource(
        block("acl_principal_id= alphanumeric= external_id= home= id~ repos= user_name= workspace_url="),
        _current_user,
    ),
    "databricks_current_config": DataSource(
        block("account_id~ auth_type~ cloud_type~ host~ id~ is_account:bool~"), _current_config
    ),
    "databricks_spark_version": DataSource(
        block(
            "beta:bool genomics:bool gpu:bool graviton:bool id~ latest:bool long_term_support:bool ml:bool photon:bool "
            "scala spark_version",
            provider_config=_WORKSPACE_ID,
        ),
        _spark_version,
    ),
    "databricks_node_type": DataSource(
        block(
            "arm:bool category fleet:bool gb_per_core:number graviton:bool id~ is_io_cache_enabled:bool "
            "local_disk:bool local_disk_min_size:number min_cores:number min_gpus:number min_memory_gb:number "
            "photon_driver_capable:bool photon_worker_capable:bool support_port_forwarding:bool",
            provider_config=_WORKSPACE_ID,
        ),
        _node_type,
    ),
}
