"""What Unity Catalog keeps of a table and Delta does not: key constraints, tags, privileges.

They are properties of the table or view, so they live, are cloned and are dropped with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pyspark.sql import SparkSession

from local.engine import metastore
from local.engine.literals import parts, quoted
from local.engine.metastore import Relation
from local.engine.refusal import refused

PREFIX = "unity."
_KEYS, _TAGS, _COLUMN_TAGS, _GRANTS = (PREFIX + each for each in ("keys", "tags", "column_tags", "grants"))
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Key:
    """A primary key, or a foreign key with the table and columns that it refers to."""

    name: str
    columns: tuple[str, ...]
    parent: tuple[str, str] | None = None  # schema and table
    parent_columns: tuple[str, ...] = ()
    options: str = ""

    @property
    def is_primary(self) -> bool:
        """Whether it is a primary key."""
        return self.parent is None


def relation(spark: SparkSession, name: str) -> Relation:
    """Return the table or view of a name as a statement spells it; one that is not there is refused."""
    found = find(spark, name)
    if found is None:
        raise refused("TABLE_OR_VIEW_NOT_FOUND", f"The table or view {name} cannot be found.", "42P01")
    return found


def find(spark: SparkSession, name: str) -> Relation | None:
    """Return the table or view of a name as a statement spells it, or None."""
    schema, table = schema_and_name(spark, name)
    return metastore.relation(spark, schema, table)


def schema_and_name(spark: SparkSession, name: str) -> tuple[str, str]:
    """Return schema and name of a table as the metastore has them."""
    pieces = [piece.lower() for piece in parts(name)]
    return (pieces[-2] if len(pieces) > 1 else spark.catalog.currentDatabase()), pieces[-1]


def keys(relation: Relation) -> tuple[Key, ...]:
    """Return the key constraints of a table."""
    return tuple(_key(entry) for entry in _kept(relation, _KEYS, []))


def primary_key(relation: Relation) -> Key | None:
    """Return the primary key of a table, if it has one."""
    return next((key for key in keys(relation) if key.is_primary), None)


def tags(relation: Relation) -> dict[str, str]:
    """Return the tags of a table."""
    return dict(_kept(relation, _TAGS, {}))


def column_tags(relation: Relation) -> dict[str, dict[str, str]]:
    """Return the tags of each column that has some and is still there."""
    kept = _kept(relation, _COLUMN_TAGS, {})
    return {column.name: kept[column.name] for column in relation.columns if kept.get(column.name)}


def grants(relation: Relation) -> dict[str, list[str]]:
    """Return the privileges of each principal."""
    return dict(_kept(relation, _GRANTS, {}))


def keys_property(changed: Sequence[Key]) -> str:
    """Return key constraints as one `'name' = 'value'` of TBLPROPERTIES."""
    return f"{quoted(_KEYS)} = {quoted(json.dumps([asdict(key) for key in changed]))}"


def set_keys(name: str, changed: Sequence[Key]) -> str:
    """Return the statement that gives a table other key constraints."""
    return f"ALTER TABLE {name} SET TBLPROPERTIES ({keys_property(changed)})"


def set_tags(name: str, relation: Relation, changed: Tags) -> str:
    """Return the statement that gives a table other tags."""
    return _set(name, relation, _TAGS, changed)


def set_column_tags(name: str, relation: Relation, changed: Mapping[str, Tags]) -> str:
    """Return the statement that gives a table's columns other tags."""
    return _set(name, relation, _COLUMN_TAGS, changed)


def set_grants(name: str, relation: Relation, changed: Mapping[str, Sequence[str]]) -> str:
    """Return the statement that gives principals other privileges."""
    return _set(name, relation, _GRANTS, changed)


def _set(name: str, relation: Relation, key: str, value: Any) -> str:
    kind = "VIEW" if relation.is_view else "TABLE"
    return f"ALTER {kind} {name} SET TBLPROPERTIES ({quoted(key)} = {quoted(json.dumps(value))})"


def _kept(relation: Relation, key: str, otherwise: Any) -> Any:
    text = relation.properties.get(key)
    return otherwise if text is None else json.loads(text)


def _key(entry: dict[str, Any]) -> Key:
    parent = None if entry["parent"] is None else (entry["parent"][0], entry["parent"][1])
    columns, parent_columns = tuple(entry["columns"]), tuple(entry["parent_columns"])
    return Key(entry["name"], columns, parent, parent_columns, entry["options"])
