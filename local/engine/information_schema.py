"""The information schema of Unity Catalog, answered from the metastore as temporary views.

Masks and row filters cannot exist here: their relations are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import SparkSession
from pyspark.sql.types import CharType, DecimalType, StringType, TimestampType, VarcharType

from local.engine import metastore, unity
from local.engine.literals import blanked, closing, quoted
from local.engine.metastore import Entry, Relation, TableColumn
from local.engine.unity import Key

_REFERENCE = re.compile(r"(?:(`?)(\w+)\1\s*\.\s*)?(`?)information_schema\3\s*\.\s*(`?)(\w+)\4", re.IGNORECASE)
_EQUALS = r"(?:(\w+)`?\s*\.\s*`?)?\b{column}`?\s*=\s*'([^'\\]*)'"
_NO_ALIAS = (
    "where group order limit having join inner left right full cross natural lateral on using union except intersect"
    " window qualify tablesample"
)
_ALIAS = re.compile(rf"\s+(?:as\s+)?`?(?!(?:{_NO_ALIAS.replace(' ', '|')})\b)(\w+)", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|join)\s+$", re.IGNORECASE)
_WHERE = re.compile(r"\bwhere\b(.*?)(?:\b(?:group|order|having|limit)\b|$)", re.IGNORECASE | re.DOTALL)
# With one of these words an equality need not hold for every row.
_NOT_CONJUNCTIVE = re.compile(r"\b(or|not|case|if|union|except|join|coalesce)\b|[!<]", re.IGNORECASE)

# What the metastore does not know of a table, or not what is true now: a look at its Delta log says it.
_OF_THE_LOG = {"comment", "created", "created_by", "last_altered", "last_altered_by", "storage_path"}

_PREFIX = "information_schema_"

Cell = str | int | datetime | None
Rows = Iterator[Sequence[Cell]]


class Held:
    """The relations that one statement has asked for: several of its references ask for the same ones."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._relations: dict[tuple[str, str], Relation | None] = {}
        self._names: dict[str, list[str]] = {}

    def names(self, schema: str) -> list[str]:
        """Return the names of a schema's tables and views."""
        if schema not in self._names:
            self._names[schema] = metastore.names(self._spark, schema)
        return self._names[schema]

    def relation(self, schema: str, name: str) -> Relation | None:
        """Return a table or view, or None."""
        if (schema, name) not in self._relations:
            self._relations[schema, name] = metastore.relation(self._spark, schema, name)
        return self._relations[schema, name]


@dataclass(frozen=True)
class Scope:
    """The part of the metastore that a reference of a statement asks about."""

    held: Held
    catalogs: Sequence[str]
    schema: str | None = None
    name: str | None = None
    listed: bool = False  # the statement names no column of tables that only their Delta log knows

    def entries(self, spark: SparkSession) -> Iterator[Entry]:
        """Yield what the metastore lists in scope."""
        for schema in metastore.schemas(spark) if self.schema is None else [self.schema.lower()]:
            for entry in metastore.entries(spark, schema):
                if self.name is None or entry.name == self.name.lower():
                    yield entry

    def relations(self, spark: SparkSession) -> Iterator[Relation]:
        """Yield the tables and views in scope."""
        for schema in metastore.schemas(spark) if self.schema is None else [self.schema.lower()]:
            for name in self.held.names(schema) if self.name is None else [self.name.lower()]:
                found = self.held.relation(schema, name)
                if found is not None:
                    yield found


def rewritten(spark: SparkSession, sql: str) -> str | None:
    """Return a statement that reads views in place of `[catalog.]information_schema.x`, or None if it names none."""
    references = [each for each in _REFERENCE.finditer(blanked(sql)) if each.group(5).lower() in _VIEWS]
    if not references:
        return None
    held, text = Held(spark), sql
    scopes = [_scope(spark, held, sql, references, each) for each in references]
    for relation in {each.group(5).lower() for each in references}:
        _view(spark, relation, [scope for scope, each in zip(scopes, references, strict=True) if _is(each, relation)])
    for reference in reversed(references):
        text = text[: reference.start()] + _named(sql, reference) + text[reference.end() :]
    return text


def temporary_views(sql: str) -> list[str]:
    """Return the views of a rewritten statement."""
    return sorted(_PREFIX + relation for relation in _VIEWS if _PREFIX + relation in sql)


def _named(sql: str, reference: re.Match[str]) -> str:
    """Return the view's name, under the relation's own where the statement gives it no other."""
    relation, blank = reference.group(5).lower(), blanked(sql)
    unnamed = _FROM.search(blank[: reference.start()]) and not _ALIAS.match(blank, reference.end())
    return f"{_PREFIX}{relation} AS {relation}" if unnamed else _PREFIX + relation


def _is(reference: re.Match[str], relation: str) -> bool:
    return reference.group(5).lower() == relation


def _scope(
    spark: SparkSession, held: Held, sql: str, references: Sequence[re.Match[str]], reference: re.Match[str]
) -> Scope:
    known, catalog = metastore.catalogs(spark), reference.group(2)
    catalogs = [catalog.lower()] if catalog and catalog.lower() in known else known
    blank = blanked(sql)
    listed = "*" not in blank and not _OF_THE_LOG & set(re.findall(r"\w+", blank.lower()))
    start, end = _block(blank, reference.start())
    # Conditions of the block in which a reference stands alone hold for all of its rows; those of blocks inside do not.
    alone = all(each is reference or _block(blank, each.start()) != (start, end) for each in references)
    where = _WHERE.search(_without_inner_blocks(sql, blank, start, end))
    if not alone or where is None or _NOT_CONJUNCTIVE.search(blanked(where.group(1))):
        return Scope(held, catalogs, listed=listed)
    alias = _ALIAS.match(blank, reference.end())
    own = {None, reference.group(5).lower(), alias.group(1).lower() if alias else None}
    # Tags call the schema of a table schema_name.
    schema = _equal_to(where.group(1), "(?:table_schema|schema_name)", own)
    return Scope(held, catalogs, schema, _equal_to(where.group(1), "table_name", own), listed)


def _block(blank: str, position: int) -> tuple[int, int]:
    """Return where the parentheses around a position begin and end; the whole text if there are none."""
    depth = 0
    for start in range(position - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(blank[start], 0)
        if depth < 0:
            return start + 1, closing(blank, start)
    return 0, len(blank)


def _without_inner_blocks(sql: str, blank: str, start: int, end: int) -> str:
    text, position = "", start
    while position < end:
        if blank[position] == "(":
            position = closing(blank, position)
            text += "()"
        else:
            text += sql[position]
        position += 1
    return text


def _equal_to(conditions: str, column: str, own: Set[str | None]) -> str | None:
    """Return what a column of a reference equals; those of other tables have another qualifier."""
    found = re.findall(_EQUALS.replace("{column}", column), conditions, re.IGNORECASE)
    values = {value for qualifier, value in found if (qualifier.lower() or None) in own}
    return values.pop() if len(values) == 1 else None


def _view(spark: SparkSession, relation: str, scopes: Sequence[Scope]) -> None:
    """Make the temporary view of one relation; it serves every reference to it."""
    columns, rows = _VIEWS[relation]
    names = [column.partition(" ")[0] for column in columns]
    types = [column.partition(" ")[2] for column in columns]
    typed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in zip(names, types, strict=True))
    found = dict.fromkeys(tuple(row) for scope in scopes for row in rows(spark, scope))
    values = ", ".join(f"({', '.join(map(_literal, row))})" for row in found)
    # VALUES needs a row: an empty relation is one row of nulls that a filter takes away.
    source = f"VALUES {values}" if values else f"VALUES ({', '.join(['NULL'] * len(names))})"
    where = "" if values else " WHERE false"
    query = f"SELECT {typed} FROM {source} AS t({', '.join(names)}){where}"  # noqa: S608 - literals are quoted above
    spark.sql(f"CREATE OR REPLACE TEMPORARY VIEW {_PREFIX}{relation} AS {query}")


def _literal(cell: Cell) -> str:
    if cell is None:
        return "NULL"
    if isinstance(cell, datetime):
        return f"TIMESTAMP '{cell.isoformat(sep=' ')}'"
    return str(cell) if isinstance(cell, int) else quoted(cell)


def _tables(spark: SparkSession, scope: Scope) -> Rows:
    if scope.listed:
        for entry in scope.entries(spark):
            listed = (entry.kind, "NO" if entry.is_view else "YES", entry.owner)
            for catalog in scope.catalogs:
                yield catalog, entry.schema, entry.name, *listed, *[None] * 5, _format(entry.format), None
        return
    for relation in scope.relations(spark):
        for catalog in scope.catalogs:
            yield (
                *(catalog, relation.schema, relation.name, relation.kind),
                *("NO" if relation.is_view else "YES", relation.owner, relation.comment),
                *(relation.created, relation.owner, relation.altered, relation.owner),
                _format(relation.format),
                relation.location,
            )


def _format(provider: str | None) -> str:
    return "UNKNOWN_DATA_SOURCE_FORMAT" if provider is None else provider.upper()


def _views(spark: SparkSession, scope: Scope) -> Rows:
    for relation in scope.relations(spark):
        for catalog in scope.catalogs if relation.is_view else ():
            yield catalog, relation.schema, relation.name, relation.view_text, "NONE", "NO", "NO"


def _columns(spark: SparkSession, scope: Scope) -> Rows:
    for relation in scope.relations(spark):
        for position, column in enumerate(relation.columns):
            for catalog in scope.catalogs:
                yield catalog, relation.schema, relation.name, *_column(position, column)


def _column(position: int, column: TableColumn) -> Sequence[Cell]:
    kind = column.type
    digits = (kind.precision, kind.scale) if isinstance(kind, DecimalType) else (None, None)
    length = kind.length if isinstance(kind, (CharType, VarcharType)) else None
    name = "STRING" if isinstance(kind, (StringType, CharType, VarcharType)) else kind.typeName().upper()
    if isinstance(kind, TimestampType):
        name = "TIMESTAMP"
    nullable = "YES" if column.nullable else "NO"
    short = {"INTEGER": "INT"}.get(name, name)
    return (column.name, position, None, nullable, kind.simpleString(), short, length, *digits, column.comment)


def _table_constraints(spark: SparkSession, scope: Scope) -> Rows:
    for catalog, schema, table, name, _ in _checks(spark, scope):
        yield catalog, schema, name, catalog, schema, table, "CHECK"
    for catalog, relation, key in _keys(spark, scope):
        kind = "PRIMARY KEY" if key.is_primary else "FOREIGN KEY"
        yield catalog, relation.schema, key.name, catalog, relation.schema, relation.name, kind


def _key_column_usage(spark: SparkSession, scope: Scope) -> Rows:
    for catalog, table, key in _keys(spark, scope):
        parent = _primary_key(scope, key)
        for position, column in enumerate(key.columns, start=1):
            there = parent.columns.index(key.parent_columns[position - 1]) + 1 if parent else None
            yield catalog, table.schema, key.name, catalog, table.schema, table.name, column, position, there


def _referential_constraints(spark: SparkSession, scope: Scope) -> Rows:
    for catalog, table, key in _keys(spark, scope):
        parent = _primary_key(scope, key)
        if key.parent is not None and parent is not None:
            actions = ("FULL", "NO ACTION", "NO ACTION")
            yield catalog, table.schema, key.name, catalog, key.parent[0], parent.name, *actions


def _keys(spark: SparkSession, scope: Scope) -> Iterator[tuple[str, Relation, Key]]:
    for relation in scope.relations(spark):
        for key in unity.keys(relation):
            for catalog in scope.catalogs:
                yield catalog, relation, key


def _primary_key(scope: Scope, key: Key) -> Key | None:
    """Return the key that a foreign key refers to; a parent that was made anew without it has none."""
    parent = None if key.parent is None else scope.held.relation(*key.parent)
    primary = None if parent is None else unity.primary_key(parent)
    return primary if primary and set(key.parent_columns) <= set(primary.columns) else None


def _table_tags(spark: SparkSession, scope: Scope) -> Rows:
    for relation in scope.relations(spark):
        for name, value in sorted(unity.tags(relation).items()):
            for catalog in scope.catalogs:
                yield catalog, relation.schema, relation.name, name, value


def _column_tags(spark: SparkSession, scope: Scope) -> Rows:
    for relation in scope.relations(spark):
        for column, held in unity.column_tags(relation).items():
            for name, value in sorted(held.items()):
                for catalog in scope.catalogs:
                    yield catalog, relation.schema, relation.name, column, name, value


def _check_constraints(spark: SparkSession, scope: Scope) -> Rows:
    for catalog, schema, _, name, clause in _checks(spark, scope):
        yield catalog, schema, name, clause


def _checks(spark: SparkSession, scope: Scope) -> Iterator[tuple[str, str, str, str, str]]:
    for relation in scope.relations(spark):
        for name, clause in sorted(relation.checks.items()):
            if not name.startswith(metastore.NOT_NULL_PREFIX):
                for catalog in scope.catalogs:
                    yield catalog, relation.schema, relation.name, name, clause


def _schemata(spark: SparkSession, scope: Scope) -> Rows:
    for schema in metastore.schemas(spark):
        for catalog in scope.catalogs:
            yield catalog, schema, None


def _none(_spark: SparkSession, _scope: Scope) -> Rows:
    return iter(())


def _strings(names: str) -> list[str]:
    return [f"{name} STRING" for name in names.split()]


def _columns_of(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(column for group in groups for column in group)


_TABLE = "table_catalog table_schema table_name"
_CONSTRAINT = "constraint_catalog constraint_schema constraint_name"
_VIEWS: dict[str, tuple[tuple[str, ...], Callable[[SparkSession, Scope], Rows]]] = {
    "schemata": (_columns_of(_strings("catalog_name schema_name comment")), _schemata),
    "tables": (
        _columns_of(
            _strings(f"{_TABLE} table_type is_insertable_into table_owner comment"),
            ("created TIMESTAMP", "created_by STRING", "last_altered TIMESTAMP"),
            _strings("last_altered_by data_source_format storage_path"),
        ),
        _tables,
    ),
    "views": (_columns_of(_strings(f"{_TABLE} view_definition check_option is_updatable is_insertable_into")), _views),
    "columns": (
        _columns_of(
            _strings(f"{_TABLE} column_name"),
            ("ordinal_position INT",),
            _strings("column_default is_nullable full_data_type data_type"),
            ("character_maximum_length INT", "numeric_precision INT", "numeric_scale INT", "comment STRING"),
        ),
        _columns,
    ),
    "table_constraints": (_columns_of(_strings(f"{_CONSTRAINT} {_TABLE} constraint_type")), _table_constraints),
    "check_constraints": (_columns_of(_strings(f"{_CONSTRAINT} check_clause")), _check_constraints),
    "key_column_usage": (
        _columns_of(
            _strings(f"{_CONSTRAINT} {_TABLE} column_name"),
            ("ordinal_position INT", "position_in_unique_constraint INT"),
        ),
        _key_column_usage,
    ),
    "referential_constraints": (
        _columns_of(
            _strings(f"{_CONSTRAINT} unique_constraint_catalog unique_constraint_schema unique_constraint_name"),
            _strings("match_option update_rule delete_rule"),
        ),
        _referential_constraints,
    ),
    "column_masks": (_columns_of(_strings(f"{_TABLE} column_name mask_name using_columns")), _none),
    "row_filters": (_columns_of(_strings(f"{_TABLE} filter_name target_columns")), _none),
    "table_tags": (_columns_of(_strings("catalog_name schema_name table_name tag_name tag_value")), _table_tags),
    "column_tags": (
        _columns_of(_strings("catalog_name schema_name table_name column_name tag_name tag_value")),
        _column_tags,
    ),
}
