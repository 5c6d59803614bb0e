"""Volumes: where files live."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.schema import Schema
from cdktf_cdktf_provider_databricks.volume import Volume
from constructs import Construct

from infra.environments import Environment
from infra.render.lifecycle import kept
from infra.render.naming import construct_id, named


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
