"""Rules for SQL warehouses."""

from __future__ import annotations

from infra.policies.plan import UNKNOWN, Resource, blocks
from infra.policies.rule import Faults, Rule, between, expect, given

_WAREHOUSE = ("databricks_sql_endpoint",)
_LARGE = {"X-Large", "2X-Large", "3X-Large", "4X-Large", "5X-Large"}


class WarehouseStops(Rule):
    """A warehouse stops when idle."""

    number = 38
    title = "Idle SQL warehouses stop"
    severity_word = "HIGH"
    kinds = _WAREHOUSE
    reason = "0 means never; left out it is two hours, paid for after each look at a dashboard."
    fix = "Set auto_stop_mins between 1 and 30."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        value = resource.get("auto_stop_mins")
        return expect(value, between(1, 30), f"auto_stop_mins is {value}")


class WarehouseIsBounded(Rule):
    """A warehouse cannot grow without end."""

    number = 39
    title = "SQL warehouses are bounded"
    severity_word = "MEDIUM"
    kinds = _WAREHOUSE
    reason = "Every further cluster costs as much as the first; a loop of queries scales to the limit."
    fix = "Set max_num_clusters between 1 and 4 and cluster_size to Large or smaller."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        most, size = resource.get("max_num_clusters"), resource.get("cluster_size")
        yield from expect(most, between(1, 4), f"max_num_clusters is {most}")
        yield from expect(size, lambda word: word not in _LARGE, f"cluster_size is {size}")


class WarehouseIsServerless(Rule):
    """A warehouse is serverless."""

    number = 40
    title = "SQL warehouses are serverless"
    severity_word = "LOW"
    kinds = _WAREHOUSE
    reason = "Others take minutes to start, so that people ask to leave them on."
    fix = "Set enable_serverless_compute = true and warehouse_type = PRO."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        value = resource.get("enable_serverless_compute")
        return expect(value, bool, f"enable_serverless_compute is {value}")


class WarehouseTags(Rule):
    """A warehouse says whose it is."""

    number = 41
    title = "SQL warehouses are tagged with environment and project"
    severity_word = "MEDIUM"
    kinds = _WAREHOUSE
    reason = "The bill knows warehouses by their tags only."
    fix = "Set tags.custom_tags environment and project."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        pairs = [pair for tags in resource.blocks("tags") for pair in blocks(tags, "custom_tags")]
        keys = [pair.get("key") for pair in pairs if given(pair.get("value"))]
        for name in ("environment", "project"):
            if name not in keys:
                yield None if UNKNOWN in keys else f"tag {name} is missing"


RULES = (
    WarehouseStops(),
    WarehouseIsBounded(),
    WarehouseIsServerless(),
    WarehouseTags(),
)
