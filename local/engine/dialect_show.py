"""Shims for statements that describe tables: Spark answers them for its own tables, not for those of Delta."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyspark.sql import Row, SparkSession
from pyspark.sql.types import (
    ArrayType,
    CharType,
    DataType,
    DecimalType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
    VarcharType,
)

from local.engine import metastore, unity
from local.engine.literals import NAME, identifier, parts, quoted
from local.engine.metastore import NOT_NULL_PREFIX, Relation
from local.engine.unity import Key


def describe_as_json(spark: SparkSession, sql: str) -> str | None:
    """`DESCRIBE TABLE EXTENDED t AS JSON` works for views only: build it from the schema."""
    match = re.fullmatch(rf"DESC(?:RIBE)?\s+(?:TABLE\s+)?EXTENDED\s+({NAME})\s+AS\s+JSON", sql, re.I)
    found = None if match is None else unity.find(spark, match.group(1))
    if match is None or found is None:
        return None
    return f"SELECT {quoted(json.dumps(_described(_catalog(spark, match.group(1)), found)))} AS json_metadata"


def show_table_extended(spark: SparkSession, sql: str) -> str | None:
    """`SHOW TABLE EXTENDED … LIKE '…'` leaves out the columns of Delta tables, which the metastore does not know."""
    match = re.fullmatch(rf"SHOW\s+TABLE\s+EXTENDED(?:\s+(?:IN|FROM)\s+({NAME}))?\s+LIKE\s+('[^']*')", sql, re.I)
    if match is None:
        return None
    catalog = _catalog(spark, f"{match.group(1) or spark.catalog.currentDatabase()}.t")
    rows = [_with_columns(spark, catalog, row) for row in spark.sql(sql).collect()]
    return _values("database STRING, tableName STRING, isTemporary BOOLEAN, information STRING", rows)


def show_tblproperties(spark: SparkSession, sql: str) -> str | None:
    """`SHOW TBLPROPERTIES t` does not show what is kept for Unity Catalog."""
    match = re.fullmatch(rf"SHOW\s+TBLPROPERTIES\s+({NAME})", sql, re.I)
    found = None if match is None else unity.find(spark, match.group(1))
    if match is None or found is None or not any(_kept_for_unity(name) for name in found.properties):
        return None
    return _values("key STRING, value STRING", list(_properties(spark, match.group(1)).items()))


def show_create_table(spark: SparkSession, sql: str) -> str | None:
    """`SHOW CREATE TABLE t` of a Delta table: built from its columns, keys and properties."""
    match = re.fullmatch(rf"SHOW\s+CREATE\s+TABLE\s+({NAME})", sql, re.I)
    found = None if match is None else unity.find(spark, match.group(1))
    if match is None or found is None or (found.format or "").lower() != "delta":
        return None
    catalog, detail = _catalog(spark, match.group(1)), spark.sql(f"DESCRIBE DETAIL {match.group(1)}").collect()[0]
    statement = _create_table(catalog, found, detail, _properties(spark, match.group(1)))
    return f"SELECT {quoted(statement)} AS createtab_stmt"


def _properties(spark: SparkSession, name: str) -> dict[str, str]:
    rows = spark.sql(f"SHOW TBLPROPERTIES {name}").collect()
    return {str(row[0]): str(row[1]) for row in rows if not _kept_for_unity(str(row[0]))}


def _catalog(spark: SparkSession, name: str) -> str:
    pieces = parts(name)
    return pieces[0].lower() if len(pieces) > 2 else metastore.catalogs(spark)[0]


def _values(columns: str, rows: Sequence[Sequence[Any]]) -> str:
    """Return a query that gives rows of literals."""
    names = [column.split()[0] for column in columns.split(", ")]
    casts = ", ".join("CAST({0} AS {1}) AS {0}".format(*column.split()) for column in columns.split(", "))
    literals = ", ".join(f"({', '.join(quoted(str(cell)) for cell in row)})" for row in rows)
    source = literals or f"({', '.join(['NULL'] * len(names))})"
    where = "" if rows else " WHERE false"
    return f"SELECT {casts} FROM VALUES {source} AS t({', '.join(names)}){where}"  # noqa: S608 - quoted above


def _with_columns(spark: SparkSession, catalog: str, row: Row) -> tuple[str, str, bool, str]:
    schema, name, temporary, information = row
    text = str(information).replace(f"Catalog: {metastore.SESSION_CATALOG}\n", f"Catalog: {catalog}\n", 1)
    found = None if temporary else metastore.relation(spark, schema, name)
    if found is not None and "\nSchema: " not in text:
        fields = [StructField(column.name, column.type, column.nullable) for column in found.columns]
        text = f"{text.rstrip()}\nSchema: {StructType(fields).treeString()}\n"
    return schema, name, temporary, text


def _kept_for_unity(name: str) -> bool:
    return name.startswith((unity.PREFIX, f"delta.constraints.{NOT_NULL_PREFIX}"))


def _create_table(catalog: str, table: Relation, detail: Row, properties: Mapping[str, str]) -> str:
    name = ".".join((catalog, table.schema, table.name))
    entries = [*map(_column, table.columns), *(_key(catalog, key) for key in unity.keys(table))]
    columns = ",\n".join(f"  {entry}" for entry in entries)
    return "\n".join([f"CREATE TABLE {name} (\n{columns})", *_clauses(table, detail, properties)])


def _clauses(table: Relation, detail: Row, properties: Mapping[str, str]) -> Iterator[str]:
    yield "USING delta"
    if detail["partitionColumns"]:
        yield f"PARTITIONED BY ({', '.join(detail['partitionColumns'])})"
    if detail["clusteringColumns"]:
        yield f"CLUSTER BY ({', '.join(detail['clusteringColumns'])})"
    if table.kind == "EXTERNAL":
        yield f"LOCATION {quoted(table.location or '')}"
    if table.comment:
        yield f"COMMENT {quoted(table.comment)}"
    lines = ",\n".join(f"  {quoted(key)} = {quoted(value)}" for key, value in sorted(properties.items()))
    yield f"TBLPROPERTIES (\n{lines})"


def _column(column: metastore.TableColumn) -> str:
    required = "" if column.nullable else " NOT NULL"
    comment = "" if not column.comment else f" COMMENT {quoted(column.comment)}"
    return f"{_plain(column.name)} {column.type.simpleString().upper()}{required}{comment}"


def _key(catalog: str, key: Key) -> str:
    columns = ", ".join(f"`{column}`" for column in key.columns)
    if key.parent is None:
        return f"CONSTRAINT {identifier(key.name)} PRIMARY KEY ({columns})"
    parent = ".".join(identifier(each) for each in (catalog, *key.parent))
    referred = ", ".join(f"`{column}`" for column in key.parent_columns)
    return f"CONSTRAINT {identifier(key.name)} FOREIGN KEY ({columns}) REFERENCES {parent} ({referred})"


def _plain(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else identifier(name)


def _described(catalog: str, relation: Relation) -> dict[str, Any]:
    columns = []
    for column in relation.columns:
        entry = {"name": column.name, "type": _described_type(column.type), "nullable": column.nullable}
        columns.append(entry if column.comment is None else {**entry, "comment": column.comment})
    described: dict[str, Any] = {
        "table_name": relation.name,
        "catalog_name": catalog,
        "namespace": [relation.schema],
        "schema_name": relation.schema,
        "columns": columns,
        "owner": relation.owner,
        "created_time": relation.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "type": relation.kind,
        "provider": relation.format,
        "comment": relation.comment,
        "location": relation.location,
        "view_text": relation.view_text,
    }
    return {key: value for key, value in described.items() if value is not None}


def _described_type(kind: DataType) -> dict[str, Any]:
    if isinstance(kind, StructType):
        fields = [
            {"name": field.name, "type": _described_type(field.dataType), "nullable": field.nullable}
            for field in kind.fields
        ]
        return {"name": "struct", "fields": fields}
    if isinstance(kind, ArrayType):
        element = _described_type(kind.elementType)
        return {"name": "array", "element_type": element, "element_nullable": kind.containsNull}
    if isinstance(kind, MapType):
        key, value = _described_type(kind.keyType), _described_type(kind.valueType)
        return {"name": "map", "key_type": key, "value_type": value, "value_nullable": kind.valueContainsNull}
    if isinstance(kind, DecimalType):
        return {"name": "decimal", "precision": kind.precision, "scale": kind.scale}
    if isinstance(kind, (CharType, VarcharType)):
        return {"name": kind.typeName(), "length": kind.length}
    if isinstance(kind, StringType):
        return {"name": "string", "collation": "UTF8_BINARY"}
    return {"name": "timestamp_ltz" if isinstance(kind, TimestampType) else kind.simpleString()}
