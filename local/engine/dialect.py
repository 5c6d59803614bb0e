"""What Databricks SQL says and open-source Spark does not understand, put in words that it does."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from local.engine import information_schema as views
from local.engine import unity
from local.engine.dialect_insert import replace_on, replace_using, replace_where_by_name
from local.engine.dialect_keys import add_key, create_table_keys, drop_key
from local.engine.dialect_show import describe_as_json, show_create_table, show_table_extended, show_tblproperties
from local.engine.dialect_tables import analyze_table, comment_on_view, rename_table, unsupported
from local.engine.dialect_tags import grant, show_grants, tags
from local.engine.literals import NAME, NOTHING, PART, bare, identifier, parts, quoted
from local.engine.metastore import NOT_NULL_PREFIX
from local.engine.refusal import Refused

_log = logging.getLogger(__name__)

# A shim returns the statement to run instead, NOTHING if there is nothing to do, or None if it is not concerned.
# What Databricks would refuse, or what nobody can do here, it refuses.
Shim = Callable[[SparkSession, str], str | None]


def run(spark: SparkSession, sql: str, args: dict[str, Any] | list[Any] | None = None) -> DataFrame:
    """Run one statement of Databricks SQL on a session."""
    text, shims = translated(spark, sql)
    _log.info("shims=%s %s", ",".join(shims) or "-", " ".join(sql.split()))
    if text == NOTHING:
        return spark.createDataFrame([], StructType([]))
    frame = spark.sql(text, args) if args else spark.sql(text)
    # What is analyzed holds the rows of its views: they need not show up among the session's tables.
    for name in views.temporary_views(text):
        spark.catalog.dropTempView(name)
    return frame


def translated(spark: SparkSession, sql: str) -> tuple[str, tuple[str, ...]]:
    """Return a statement as open-source Spark takes it, and the names of the shims that touched it."""
    text, touched = bare(sql), []
    for shim in SHIMS:
        try:
            mended = shim(spark, text)
        except Refused:
            _log.info("shims=%s refused %s", shim.__name__, " ".join(sql.split()))
            raise
        if mended is not None:
            text = mended
            touched.append(shim.__name__)
    return (text, tuple(touched)) if touched else (sql, ())


def comment_on_column(_spark: SparkSession, sql: str) -> str | None:
    """`COMMENT ON COLUMN t.c IS '…'` is a column change of the table."""
    match = re.fullmatch(rf"COMMENT\s+ON\s+COLUMN\s+({NAME})\s*\.\s*({PART})\s+IS\s+(.+)", sql, re.I | re.S)
    if match is None:
        return None
    table, column, comment = match.groups()
    return f"ALTER TABLE {table} ALTER COLUMN {column} COMMENT {quoted('') if comment.upper() == 'NULL' else comment}"


def set_not_null(spark: SparkSession, sql: str) -> str | None:
    """Delta cannot make a column NOT NULL afterwards: a check constraint refuses the same rows."""
    match = _NOT_NULL.fullmatch(sql)
    if match is None or match.group(3).upper() != "SET":
        return None
    table, column = match.group(1), parts(match.group(2))[0]
    found = unity.find(spark, table)
    if found is None or any(each.name.lower() == column.lower() and not each.nullable for each in found.columns):
        return NOTHING if found else None
    return f"ALTER TABLE {table} ADD CONSTRAINT {_constraint(column)} CHECK ({identifier(column)} IS NOT NULL)"


def drop_not_null(spark: SparkSession, sql: str) -> str | None:
    """The check constraint of `set_not_null` goes where the column itself was nullable."""
    match = _NOT_NULL.fullmatch(sql)
    if match is None or match.group(3).upper() != "DROP":
        return None
    table, column = match.group(1), parts(match.group(2))[0]
    found = unity.find(spark, table)
    if found is None or NOT_NULL_PREFIX + column.lower() not in found.checks:
        return None
    return f"ALTER TABLE {table} DROP CONSTRAINT {_constraint(column)}"


def use_catalog(_spark: SparkSession, sql: str) -> str | None:
    """`USE CATALOG x` is `SET CATALOG x`."""
    match = re.fullmatch(rf"USE\s+CATALOG\s+({PART}|'[^']+')", sql, re.I)
    return None if match is None else f"SET CATALOG {match.group(1)}"


def information_schema(spark: SparkSession, sql: str) -> str | None:
    """`[catalog.]information_schema.x` is a temporary view made for the statement."""
    return views.rewritten(spark, sql) if "information_schema" in sql.lower() else None


SHIMS: tuple[Shim, ...] = (
    comment_on_column,
    set_not_null,
    drop_not_null,
    use_catalog,
    add_key,
    drop_key,
    create_table_keys,
    tags,
    grant,
    show_grants,
    replace_on,
    replace_using,
    replace_where_by_name,
    analyze_table,
    rename_table,
    comment_on_view,
    describe_as_json,
    show_table_extended,
    show_tblproperties,
    show_create_table,
    unsupported,
    information_schema,
)

_NOT_NULL = re.compile(
    rf"ALTER\s+TABLE\s+({NAME})\s+(?:ALTER|CHANGE)\s+(?:COLUMN\s+)?({PART})\s+(SET|DROP)\s+NOT\s+NULL", re.I
)


def _constraint(column: str) -> str:
    return identifier(NOT_NULL_PREFIX + column.lower())
