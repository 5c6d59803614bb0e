"""Rules for cluster policies: what people may make by hand."""

from __future__ import annotations

import json
from typing import Any

from infra.policies.plan import UNKNOWN, Resource
from infra.policies.rule import Faults, Rule

_POLICY = ("databricks_cluster_policy",)


def _definition(resource: Resource) -> dict[str, Any] | None:
    """Return the definition; None when it is not known yet. A text that is no JSON object raises ValueError."""
    text = resource.get("definition")
    if text is UNKNOWN:
        return None
    elements = json.loads(text or "{}")
    if not isinstance(elements, dict):
        raise ValueError("definition is no JSON object")
    return elements


def _bounded(element: Any, limit: float) -> bool:
    """Whether a policy element keeps a number between 1 and a limit."""
    if not isinstance(element, dict):
        return False
    most = element.get("value") if element.get("type") == "fixed" else element.get("maxValue")
    return isinstance(most, int | float) and 0 < most <= limit


class PolicyBoundsSize(Rule):
    """A cluster policy bounds the number of workers."""

    number = 34
    title = "Cluster policies bound the number of workers"
    severity_word = "HIGH"
    kinds = _POLICY
    reason = "A policy that leaves the size open lets anyone who may use it start a cluster of any price."
    fix = "Give num_workers or autoscale.max_workers a fixed value or a maxValue of at most 32."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        definition = _definition(resource)
        if definition is None:
            yield None
        elif not any(_bounded(definition.get(name), 32) for name in ("num_workers", "autoscale.max_workers")):
            yield "neither num_workers nor autoscale.max_workers has an upper bound"


class PolicyStopsIdleClusters(Rule):
    """A policy for interactive clusters makes them stop."""

    number = 35
    title = "Policies for interactive clusters make them stop"
    severity_word = "HIGH"
    kinds = _POLICY
    reason = "Where the policy allows 0, the first cluster made by hand never stops."
    fix = "Bound autotermination_minutes by a maxValue of at most 120 and a minValue of 10."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        definition = _definition(resource)
        if definition is None:
            yield None
            return
        kind = definition.get("cluster_type")
        if isinstance(kind, dict) and kind.get("value") in ("job", "dlt"):
            return
        element = definition.get("autotermination_minutes")
        if not _bounded(element, 120):
            yield "autotermination_minutes has no upper bound"
        elif isinstance(element, dict) and element.get("type") == "range" and not element.get("minValue"):
            yield "autotermination_minutes may be 0, which means never"


class PolicyFixesAccessMode(Rule):
    """A policy fixes the access mode."""

    number = 36
    title = "Cluster policies fix the access mode"
    severity_word = "HIGH"
    kinds = _POLICY
    reason = "Where the mode is free, a cluster without table permissions is one click away."
    fix = "Fix data_security_mode to USER_ISOLATION or SINGLE_USER."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        definition = _definition(resource)
        if definition is None:
            yield None
            return
        element = definition.get("data_security_mode")
        words = element.get("values") or [element.get("value")] if isinstance(element, dict) else [None]
        if any(word not in ("USER_ISOLATION", "SINGLE_USER") for word in words):
            yield f"data_security_mode may be {', '.join(str(word) for word in words)}"


class PolicyFixesRuntime(Rule):
    """A policy says which runtimes may be used."""

    number = 37
    title = "Cluster policies fix the runtime"
    severity_word = "MEDIUM"
    kinds = _POLICY
    reason = "Results differ between runtimes; one picked by hand proves nothing about the job's."
    fix = "Give spark_version a fixed value or an allowlist."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        definition = _definition(resource)
        if definition is None:
            yield None
            return
        element = definition.get("spark_version")
        if not isinstance(element, dict) or element.get("type") not in ("fixed", "allowlist"):
            yield "spark_version is neither fixed nor an allowlist"


RULES = (
    PolicyBoundsSize(),
    PolicyStopsIdleClusters(),
    PolicyFixesAccessMode(),
    PolicyFixesRuntime(),
)
