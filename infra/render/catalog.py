"""The catalog of an environment."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.catalog import Catalog
from constructs import Construct

from infra.environments import Environment
from infra.render.lifecycle import kept
from infra.render.naming import construct_id, named


def render_catalog(scope: Construct, env: Environment) -> Catalog:
    """Declare the catalog that separates this environment's data from all others'."""
    catalog = Catalog(
        scope,
        construct_id("catalog", "main"),
        name=env.catalog,
        comment=f"E-commerce analytics, {env.name}.",
        force_destroy=not env.keep_data,
        lifecycle=kept(env),
    )
    return named(catalog, "main")
