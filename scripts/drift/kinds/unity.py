"""Catalogs, schemas and volumes of Unity Catalog."""

from __future__ import annotations

from scripts.drift.compare import Body, Default, Rules
from scripts.drift.declared import Resource
from scripts.drift.kinds.kind import Kind, without

_ID = "given by the service"
_TIME = "a time, and who it was"
RULES = Rules(
    computed={
        "creator": "who made it; compared as the default of owner",
        "full_name": "follows from the names",
        "created_at": _TIME,
        "created_by": _TIME,
        "updated_at": _TIME,
        "updated_by": _TIME,
        "metastore_id": _ID,
        "schema_id": _ID,
        "volume_id": _ID,
        "securable_type": "the kind again",
        "securable_kind": "the kind again",
        "catalog_type": "the kind again",
        "browse_only": "what the asking identity may do",
        "effective_predictive_optimization_flag": "inherited from what is above it",
        "provisioning_info": "whether it is made yet",
        "storage_location": "chosen by the service for managed objects",
        "storage_root": "chosen by the service for managed objects",
        "access_point": _ID,
        "encryption_details": "chosen by the service",
        "catalog_display_name": "follows from the name",
    },
    defaults={
        "isolation_mode": Default("OPEN", "the API's default: every workspace of the metastore sees it"),
        "enable_predictive_optimization": Default("INHERIT", "the API's default"),
    },
)
_TERRAFORM_ONLY = ("force_destroy",)


def key(resource: Resource) -> str:
    """Return the full name, which Unity Catalog keeps in lower case."""
    given = resource.arguments
    parts = (given.get("catalog_name"), given.get("schema_name"), given["name"])
    return ".".join(str(part) for part in parts if part).lower()


def desired(resource: Resource, creator: str) -> Body:
    """Return the object as its list should show it; unsaid, whoever made it owns it."""
    given = without(resource.arguments, *_TERRAFORM_ONLY)
    return {"owner": creator} | given | {"name": str(given["name"]).lower()}


def observed(body: Body) -> Body:
    """Return an object without the properties that the service keeps for itself."""
    kept = {
        name: value for name, value in (body.get("properties") or {}).items() if not name.startswith("unity.catalog.")
    }
    return body | {"properties": kept, "creator": body.get("created_by", "")}


def _kind(noun: str) -> Kind:
    return Kind(type=f"databricks_{noun}", noun=noun, rules=RULES, key=key, desired=desired)


CATALOG, SCHEMA, VOLUME = _kind("catalog"), _kind("schema"), _kind("volume")
