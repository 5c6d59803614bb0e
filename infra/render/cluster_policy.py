"""ClusterPolicySpec to databricks_cluster_policy."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_databricks.cluster_policy import ClusterPolicy
from constructs import Construct

from infra.compute import ClusterPolicySpec
from infra.environments import Environment
from infra.render.naming import construct_id, named


def render_cluster_policy(scope: Construct, spec: ClusterPolicySpec, env: Environment) -> ClusterPolicy:
    """Declare a policy; keys are sorted because the definition is compared as text."""
    policy = ClusterPolicy(
        scope,
        construct_id("cluster_policy", spec.key),
        name=env.display_name(spec.title),
        description=spec.description,
        definition=json.dumps(spec.rules, sort_keys=True),
    )
    return named(policy, spec.key)
