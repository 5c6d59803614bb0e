"""databricks_cluster, databricks_cluster_policy, databricks_instance_pool."""

from __future__ import annotations

import time

from local.provider.client import ApiError
from local.provider.resource import ANYTHING, Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.cluster_schema import LIBRARY, parts, words
from local.provider.resources.common import found_or_none, listed_ids, same_text
from local.provider.schema import bag, block, one, timeouts
from local.provider.translate import to_api
from local.provider.values import Values

_CLUSTERS = "/api/2.1/clusters"
_POLICIES = "/api/2.0/policies/clusters"
_POOLS = "/api/2.0/instance-pools"
_START_SECONDS = 1200

_CLUSTER = block(
    f"{words(in_job=False)} autotermination_minutes:number~ cluster_id= default_tags:map= id~ is_pinned:bool "
    "no_wait:bool num_workers:number~ spark_version! state= url=",
    timeouts=timeouts("create delete update"),
    **parts(in_job=False),
)
_CLUSTER_RULES = Rules(
    defaults={"autotermination_minutes": 60, "num_workers": 0},
    volatile=frozenset({"state", "default_tags"}),
    local=frozenset({"no_wait", "is_pinned", "timeouts", "library", "provider_config", "idempotency_token"}),
    unset={
        "aws_attributes": ANYTHING,
        "azure_attributes": ANYTHING,
        "gcp_attributes": ANYTHING,
    },
)


def _validate_cluster(config: Values) -> list[str]:
    if config.get("library"):
        return ["the local provider installs no cluster libraries: put them into a job task's environment or library"]
    return []


def _cluster_body(planned: Values) -> Object:
    body = to_api(_CLUSTER, planned, _CLUSTER_RULES)
    if "autoscale" not in body:
        body.setdefault("num_workers", 0)
    return body


def _create_cluster(api: Api, planned: Values) -> Created:
    return Created(str(api.post(f"{_CLUSTERS}/create", _cluster_body(planned), repeatable=False)["cluster_id"]))


def _settle_cluster(api: Api, identity: str, planned: Values) -> None:
    if planned.get("is_pinned"):
        api.post(f"{_CLUSTERS}/pin", {"cluster_id": identity})
    deadline = time.monotonic() + _START_SECONDS
    while not planned.get("no_wait"):
        found = api.get(f"{_CLUSTERS}/get", cluster_id=identity)
        if found["state"] == "RUNNING":
            return
        if found["state"] in ("ERROR", "TERMINATED", "TERMINATING") or time.monotonic() > deadline:
            raise ValueError(f"cluster {identity} is {found['state']}: {found.get('state_message', 'no reason given')}")
        time.sleep(1)


def _read_cluster(api: Api, state: Values) -> Object | None:
    found = found_or_none(lambda: api.get(f"{_CLUSTERS}/get", cluster_id=state["id"]))
    if found is None:
        return None
    api.get(f"{_CLUSTERS}/list", **{"filter_by.is_pinned": "true", "page_size": 100})
    return {**found, "url": f"{api.host}/#setting/clusters/{state['id']}/configuration"}


def _update_cluster(api: Api, prior: Values, planned: Values) -> None:
    sizes = ("num_workers", "autoscale")
    others = [name for name in planned if name not in (*sizes, *_CLUSTER_RULES.volatile)]
    size = {name: value for name, value in _cluster_body(planned).items() if name in sizes}
    size["cluster_id"] = prior["id"]
    if all(prior[name] == planned[name] for name in others) and prior["state"] == "RUNNING":
        api.post(f"{_CLUSTERS}/resize", size)
    else:
        api.post(f"{_CLUSTERS}/edit", {**_cluster_body(planned), "cluster_id": prior["id"]})


def _delete_cluster(api: Api, prior: Values) -> None:
    body = {"cluster_id": prior["id"]}
    try:
        found_or_none(lambda: api.post(f"{_CLUSTERS}/permanent-delete", body))
    except ApiError as failure:
        if "unpin the cluster first" not in failure.message:
            raise
        api.post(f"{_CLUSTERS}/unpin", body)
        api.post(f"{_CLUSTERS}/permanent-delete", body)


def _find_clusters(api: Api, planned: Values) -> list[str]:
    clusters = api.get(f"{_CLUSTERS}/list").get("clusters", [])
    return listed_ids(clusters, "cluster_id", lambda item: item.get("cluster_name") == planned["cluster_name"])


_POLICY = block(
    "definition~ description id~ max_clusters_per_user:number name policy_family_definition_overrides "
    "policy_family_id policy_id=",
    libraries=LIBRARY,
)
_POLICY_RULES = Rules(equal={"definition": same_text})


def _validate_policy(config: Values) -> list[str]:
    return ["a cluster policy needs a name"] if config["name"] is None else []


def _create_policy(api: Api, planned: Values) -> Created:
    answer = api.post(f"{_POLICIES}/create", to_api(_POLICY, planned, _POLICY_RULES), repeatable=False)
    return Created(str(answer["policy_id"]))


def _read_policy(api: Api, state: Values) -> Object | None:
    return found_or_none(lambda: api.get(f"{_POLICIES}/get", policy_id=state["id"]))


def _update_policy(api: Api, prior: Values, planned: Values) -> None:
    api.post(f"{_POLICIES}/edit", {**to_api(_POLICY, planned, _POLICY_RULES), "policy_id": prior["id"]})


def _delete_policy(api: Api, prior: Values) -> None:
    found_or_none(lambda: api.post(f"{_POLICIES}/delete", {"policy_id": prior["id"]}))


def _find_policies(api: Api, planned: Values) -> list[str]:
    policies = api.get(f"{_POLICIES}/list").get("policies", [])
    return listed_ids(policies, "policy_id", lambda item: item["name"] == planned["name"])


_FLEET_OPTION = one("allocation_strategy! instance_pools_to_use_count:number")
_POOL = block(
    "custom_tags:map enable_elastic_disk:bool~ id~ idle_instance_autotermination_minutes:number! instance_pool_id~ "
    "instance_pool_name! max_capacity:number min_idle_instances:number node_type_id preloaded_spark_versions:list",
    aws_attributes=one("availability instance_profile_arn spot_bid_price_percent:number zone_id~"),
    azure_attributes=one("availability spot_bid_max_price:number"),
    disk_spec=one("disk_count:number disk_size:number", disk_type=one("azure_disk_volume_type ebs_volume_type")),
    gcp_attributes=one("gcp_availability local_ssd_count:number~ zone_id~"),
    instance_pool_fleet_attributes=one(
        fleet_on_demand_option=_FLEET_OPTION,
        fleet_spot_option=_FLEET_OPTION,
        launch_template_override=bag("availability_zone! instance_type!", least=1),
    ),
    preloaded_docker_image=bag("url!", basic_auth=one("password!* username!")),
)
_POOL_RULES = Rules(
    defaults={"enable_elastic_disk": True},
    immutable=frozenset(
        {
            "aws_attributes",
            "azure_attributes",
            "custom_tags",
            "disk_spec",
            "enable_elastic_disk",
            "gcp_attributes",
            "instance_pool_fleet_attributes",
            "node_type_id",
            "preloaded_docker_image",
            "preloaded_spark_versions",
        }
    ),
    force=frozenset({"idle_instance_autotermination_minutes"}),
    unset={"aws_attributes": ANYTHING, "azure_attributes": ANYTHING, "gcp_attributes": ANYTHING},
)


def _pool_body(planned: Values) -> Object:
    return {"custom_tags": None, **to_api(_POOL, planned, _POOL_RULES)}


def _create_pool(api: Api, planned: Values) -> Created:
    return Created(str(api.post(f"{_POOLS}/create", _pool_body(planned), repeatable=False)["instance_pool_id"]))


def _read_pool(api: Api, state: Values) -> Object | None:
    return found_or_none(lambda: api.get(f"{_POOLS}/get", instance_pool_id=state["id"]))


def _update_pool(api: Api, prior: Values, planned: Values) -> None:
    api.post(f"{_POOLS}/edit", {**_pool_body(planned), "instance_pool_id": prior["id"]})


def _delete_pool(api: Api, prior: Values) -> None:
    found_or_none(lambda: api.post(f"{_POOLS}/delete", {"instance_pool_id": prior["id"]}))


def _find_pools(api: Api, planned: Values) -> list[str]:
    pools, name = api.get(f"{_POOLS}/list").get("instance_pools", []), planned["instance_pool_name"]
    return listed_ids(pools, "instance_pool_id", lambda item: item["instance_pool_name"] == name)


RESOURCES = {
    "databricks_cluster": Resource(
        schema=_CLUSTER,
        version=4,
        rules=_CLUSTER_RULES,
        validate=_validate_cluster,
        create=_create_cluster,
        settle=_settle_cluster,
        read=_read_cluster,
        update=_update_cluster,
        delete=_delete_cluster,
        journal=Journaled(lambda planned: str(planned["cluster_name"]), _find_clusters),
    ),
    "databricks_cluster_policy": Resource(
        schema=_POLICY,
        version=1,
        rules=_POLICY_RULES,
        validate=_validate_policy,
        create=_create_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
        journal=Journaled(lambda planned: str(planned["name"]), _find_policies),
    ),
    "databricks_instance_pool": Resource(
        schema=_POOL,
        rules=_POOL_RULES,
        create=_create_pool,
        read=_read_pool,
        update=_update_pool,
        delete=_delete_pool,
        journal=Journaled(lambda planned: str(planned["instance_pool_name"]), _find_pools),
    ),
}
