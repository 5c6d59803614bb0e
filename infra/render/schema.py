"""Schemas of the environment's catalog."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.catalog import Catalog
from cdktf_cdktf_provider_databricks.schema import Schema
from constructs import Construct

from infra.environments import Environment
from infra.render.lifecycle import kept
from infra.render.naming import construct_id, named


def render_schema(scope: Construct, name: str, comment: str, catalog: Catalog, env: Environment) -> Schema:
    """Declare one schema; where data is kept, deleting one with tables in it fails."""
    schema = Schema(
        scope,
        construct_id("schema", name),
        catalog_name=catalog.name,
        name=name,
        comment=comment,
        force_destroy=not env.keep_data,
        lifecycle=kept(env),
    )
    return named(schema, name)
