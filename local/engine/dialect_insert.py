"""Shims for the selective overwrites of `INSERT INTO`, each one commit as on Databricks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyspark.sql import SparkSession

from local.engine import unity
from local.engine.literals import NAME, PART, blanked, closing, identifier, items, parts
from local.engine.refusal import refused

_INTO = rf"INSERT\s+INTO\s+(?:TABLE\s+)?({NAME})"
_REPLACE_ON = re.compile(
    rf"{_INTO}(?:\s+(?:AS\s+)?(?!REPLACE\b|BY\b)({PART}))?(\s+BY\s+NAME)?\s+REPLACE\s+ON\s*\(", re.I
)
_REPLACE_USING = re.compile(rf"{_INTO}(\s+BY\s+NAME)?\s+REPLACE\s+USING\s*\(([^()]*)\)\s*", re.I)
_REPLACE_WHERE = re.compile(rf"{_INTO}\s+BY\s+NAME\s+REPLACE\s+WHERE\s+", re.I)
_QUERY_WORD = re.compile(r"\b(?:SELECT|TABLE|VALUES|WITH|FROM)\b", re.I)
_ALIAS = re.compile(rf"\s*(?:AS\s+)?({PART})\s*", re.I)
_TARGET, _SOURCE, _STEP = "`__target`", "`__source`", "`__step`"


def replace_on(spark: SparkSession, sql: str) -> str | None:
    """`INSERT INTO t REPLACE ON (condition) query` is a merge that deletes matches and inserts all rows."""
    match = _REPLACE_ON.match(sql)
    if match is None:
        return None
    table, alias, by_name = match.groups()
    blank = blanked(sql)
    end = closing(blank, match.end() - 1)
    query, source = _query(sql[end + 1 :])
    condition = sql[match.end() : end]
    target = alias or identifier(parts(table)[-1])
    return _merge(spark, table, (target, source), condition, query, by_name=bool(by_name))


def replace_using(spark: SparkSession, sql: str) -> str | None:
    """`INSERT INTO t REPLACE USING (columns) query` is `REPLACE ON` their equality."""
    match = _REPLACE_USING.match(sql)
    if match is None:
        return None
    table, by_name, columns = match.groups()
    query = sql[match.end() :]
    given = {column.lower(): name for column, name in _paired(spark, table, query, by_name=bool(by_name))}
    equal = []
    for name in (parts(each)[0] for each in items(columns)):
        if name.lower() not in given:
            raise refused("UNRESOLVED_COLUMN", f"A column `{name}` of REPLACE USING cannot be resolved.", "42703")
        equal.append(f"{_TARGET}.{identifier(name)} = {_SOURCE}.{identifier(given[name.lower()])}")
    return _merge(spark, table, (_TARGET, _SOURCE), " AND ".join(equal), query, by_name=bool(by_name))


def replace_where_by_name(spark: SparkSession, sql: str) -> str | None:
    """`INSERT INTO t BY NAME REPLACE WHERE …`: the query gives its columns in the table's order."""
    match = _REPLACE_WHERE.match(sql)
    if match is None:
        return None
    table = match.group(1)
    word = _QUERY_WORD.search(_flat(sql), match.end())
    if word is None:
        return None
    query = sql[word.start() :]
    paired = dict(_paired(spark, table, query, by_name=True))
    wanted = ", ".join(
        f"{_SOURCE}.{identifier(paired[name])}" if name in paired else f"NULL AS {identifier(name)}"
        for name in unity.relation(spark, table).column_names
    )
    head = f"INSERT INTO {table} REPLACE WHERE {sql[match.end() : word.start()]}"
    return f"{head} SELECT {wanted} FROM ({query}) AS {_SOURCE}"  # noqa: S608 - the caller's own SQL


def _merge(
    spark: SparkSession, table: str, aliases: tuple[str, str], condition: str, query: str, *, by_name: bool
) -> str:
    """Write each source row twice: once to delete what matches it, once to be inserted."""
    target, source = aliases
    pairs = _paired(spark, table, query, by_name=by_name)
    into = ", ".join(identifier(column) for column, _ in pairs)
    values = ", ".join(f"{source}.{identifier(column)}" for _, column in pairs)
    steps = f"LATERAL VIEW explode(array('delete', 'insert')) steps AS {_STEP}"
    return " ".join(
        (
            f"MERGE INTO {table} AS {target}",
            f"USING (SELECT q.*, {_STEP} FROM ({query}) AS q {steps}) AS {source}",  # noqa: S608 - the caller's own SQL
            f"ON {source}.{_STEP} = 'delete' AND ({condition})",
            "WHEN MATCHED THEN DELETE",
            f"WHEN NOT MATCHED AND {source}.{_STEP} = 'insert' THEN INSERT ({into}) VALUES ({values})",  # noqa: S608
        )
    )


def _query(rest: str) -> tuple[str, str]:
    """Return the query after REPLACE ON (…) and its alias: `(query) AS s`, or a query as it stands."""
    text = rest.strip()
    if text.startswith("("):
        end = closing(blanked(text), 0)
        alias = _ALIAS.fullmatch(text[end + 1 :])
        if alias is not None or not text[end + 1 :].strip():
            return text[1:end], alias.group(1) if alias else _SOURCE
    return text, _SOURCE


def _paired(spark: SparkSession, table: str, query: str, *, by_name: bool) -> Sequence[tuple[str, str]]:
    """Return columns of the table and the query's columns that go there."""
    columns, given = unity.relation(spark, table).column_names, spark.sql(query).columns
    lowered = [name.lower() for name in given]
    if len(set(lowered)) < len(lowered):
        raise refused("COLUMN_ALREADY_EXISTS", "Two columns of the inserted query have one name.", "42711")
    if by_name:
        known = {name.lower(): name for name in columns}
        extra = [name for name in given if name.lower() not in known]
        if extra:
            raise _arity("TOO_MANY_DATA_COLUMNS", table, columns, given)
        return [(known[name.lower()], name) for name in given]
    if len(given) != len(columns):
        kind = "TOO_MANY_DATA_COLUMNS" if len(given) > len(columns) else "NOT_ENOUGH_DATA_COLUMNS"
        raise _arity(kind, table, columns, given)
    return list(zip(columns, given, strict=True))


def _arity(kind: str, table: str, columns: Sequence[str], given: Sequence[str]) -> Exception:
    message = (
        f"Cannot write to {table}: table columns {', '.join(map(identifier, columns))};"
        f" data columns {', '.join(map(identifier, given))}."
    )
    return refused(f"INSERT_COLUMN_ARITY_MISMATCH.{kind}", message, "21S01")


def _flat(sql: str) -> str:
    """Return a blanked text in which the insides of parentheses are blank as well."""
    blank = blanked(sql)
    position = blank.find("(")
    while position >= 0:
        end = closing(blank, position)
        blank = blank[:position] + " " * (end + 1 - position) + blank[end + 1 :]
        position = blank.find("(")
    return blank
