"""Where data lives: the catalog of an environment, its schemas and volumes."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.catalog import Catalog
from cdktf_cdktf_provider_databricks.schema import Schema
from cdktf_cdktf_provider_databricks.volume import Volume
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


def render_volume(scope: Construct, name: str, comment: str, schema: Schema, env: Environment) -> Volume:
    """Declare one managed volume of a schema."""
    volume = Volume(
        scope,
        construct_id("volume", name),
        catalog_name=schema.catalog_name,
        schema_name=schema.name,
        name=name,
        volume_type="MANAGED",
        comment=comment,
        lifecycle=kept(env),
    )
    return named(volume, name)
