"""The Databricks provider. Host and credentials come from the environment it runs in, never from the plan."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.provider import DatabricksProvider
from constructs import Construct


def render_provider(scope: Construct) -> DatabricksProvider:
    """Declare the provider; without a limit it would retry an unreachable host for ever."""
    return DatabricksProvider(scope, "databricks", retry_timeout_seconds=120)
