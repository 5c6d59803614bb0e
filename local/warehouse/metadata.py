"""Catalogs, schemas, tables and columns as the metadata calls of ODBC and JDBC list them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    TimestampNTZType,
    TimestampType,
)

from local.engine import metastore
from local.engine.metastore import Relation, TableColumn
from local.warehouse.results import Field, Result

Cell = str | int | None
Work = Callable[[SparkSession], Result]

# java.sql.Types
_JDBC_TYPES: dict[type[DataType], int] = {
    BooleanType: 16,
    ByteType: -6,
    ShortType: 5,
    IntegerType: 4,
    LongType: -5,
    FloatType: 6,
    DoubleType: 8,
    DecimalType: 3,
    StringType: 12,
    DateType: 91,
    TimestampType: 93,
    TimestampNTZType: 93,
}
_JDBC_OTHER = 1111


def catalogs() -> Work:
    """GetCatalogs."""
    return lambda spark: _result("TABLE_CAT", ((name,) for name in metastore.catalogs(spark)))


def table_types() -> Work:
    """GetTableTypes."""
    return lambda _spark: _result("TABLE_TYPE", (("TABLE",), ("VIEW",)))


def schemas(catalog: str | None, schema: str | None) -> Work:
    """GetSchemas; patterns are those of LIKE."""

    def rows(spark: SparkSession) -> Iterator[Sequence[Cell]]:
        for name in _catalogs(spark, catalog):
            yield from ((each, name) for each in metastore.schemas(spark) if _like(schema, each))

    return lambda spark: _result("TABLE_SCHEM TABLE_CATALOG", rows(spark))


def tables(catalog: str | None, schema: str | None, table: str | None, types: Sequence[str] | None) -> Work:
    """GetTables; patterns are those of LIKE."""
    columns = (
        "TABLE_CAT TABLE_SCHEM TABLE_NAME TABLE_TYPE REMARKS TYPE_CAT TYPE_SCHEM TYPE_NAME"
        " SELF_REFERENCING_COL_NAME REF_GENERATION"
    )
    wanted = {each.upper() for each in types or ()}

    def rows(spark: SparkSession) -> Iterator[Sequence[Cell]]:
        for name, relation in _relations(spark, catalog, schema, table):
            kind = "VIEW" if relation.is_view else "TABLE"
            if not wanted or kind in wanted:
                yield name, relation.schema, relation.name, kind, relation.comment or "", *([None] * 5)

    return lambda spark: _result(columns, rows(spark))


def columns(catalog: str | None, schema: str | None, table: str | None, column: str | None) -> Work:
    """GetColumns; patterns are those of LIKE."""
    names = (
        "TABLE_CAT TABLE_SCHEM TABLE_NAME COLUMN_NAME DATA_TYPE:int TYPE_NAME COLUMN_SIZE:int BUFFER_LENGTH:int"
        " DECIMAL_DIGITS:int NUM_PREC_RADIX:int NULLABLE:int REMARKS COLUMN_DEF SQL_DATA_TYPE:int SQL_DATETIME_SUB:int"
        " CHAR_OCTET_LENGTH:int ORDINAL_POSITION:int IS_NULLABLE SCOPE_CATALOG SCOPE_SCHEMA SCOPE_TABLE"
        " SOURCE_DATA_TYPE:int IS_AUTO_INCREMENT"
    )

    def rows(spark: SparkSession) -> Iterator[Sequence[Cell]]:
        for name, relation in _relations(spark, catalog, schema, table):
            for position, each in enumerate(relation.columns):
                if _like(column, each.name):
                    yield name, relation.schema, relation.name, each.name, *_column(position, each)

    return lambda spark: _result(names, rows(spark))


def _column(position: int, column: TableColumn) -> Sequence[Cell]:
    kind = column.type
    digits = (kind.precision, None, kind.scale, 10) if isinstance(kind, DecimalType) else (None, None, None, None)
    nullable = (1, "YES") if column.nullable else (0, "NO")
    return (
        *(_JDBC_TYPES.get(type(kind), _JDBC_OTHER), kind.simpleString().upper(), *digits),
        *(nullable[0], column.comment or "", None, None, None, None, position, nullable[1]),
        *(None, None, None, None, "NO"),
    )


def _relations(
    spark: SparkSession, catalog: str | None, schema: str | None, table: str | None
) -> Iterator[tuple[str, Relation]]:
    for name in _catalogs(spark, catalog):
        for each in metastore.schemas(spark):
            for relation_name in metastore.names(spark, each) if _like(schema, each) else ():
                found = metastore.relation(spark, each, relation_name) if _like(table, relation_name) else None
                if found is not None:
                    yield name, found


def _catalogs(spark: SparkSession, catalog: str | None) -> list[str]:
    return [name for name in metastore.catalogs(spark) if not catalog or name == catalog.lower()]


def _like(pattern: str | None, name: str) -> bool:
    if not pattern or pattern == "%":
        return True
    wild = {"%": ".*", "_": "."}
    tokens = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(
        re.escape(token[1]) if len(token) == 2 else wild.get(token, re.escape(token)) for token in tokens
    )
    return re.fullmatch(expression, name, re.IGNORECASE | re.DOTALL) is not None


def _result(columns: str, rows: Iterator[Sequence[Cell]] | Sequence[Sequence[Cell]]) -> Result:
    """Build a result from rows; a column is a string unless its name says `:int`."""
    named = [column.partition(":") for column in columns.split()]
    fields = tuple(Field(name, IntegerType() if kind else StringType()) for name, _, kind in named)
    held = list(rows)
    arrays = [
        pa.array([row[i] for row in held], pa.int32() if kind else pa.string()) for i, (_, _, kind) in enumerate(named)
    ]
    return Result(fields, pa.Table.from_arrays(arrays, names=[field.name for field in fields]))
