"""Shims for primary and foreign keys: informational on Databricks, unknown to Delta."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import SparkSession

from local.engine import metastore, unity
from local.engine.literals import NAME, NOTHING, PART, blanked, closing, identifier, items, parts
from local.engine.metastore import Relation
from local.engine.refusal import Refused, refused
from local.engine.unity import Key

_OPTION = (
    r"NOT\s+ENFORCED|DEFERRABLE|INITIALLY\s+DEFERRED|ENABLE\s+NOVALIDATE|NORELY|RELY|MATCH\s+FULL"
    r"|ON\s+UPDATE\s+NO\s+ACTION|ON\s+DELETE\s+NO\s+ACTION"
)
_OPTIONS = rf"((?:\s+(?:{_OPTION}))*)"
_REFERENCES = rf"REFERENCES\s+({NAME})\s*(?:\(([^()]*)\))?"
_KEY = re.compile(
    rf"(?:CONSTRAINT\s+({PART})\s+)?(PRIMARY|FOREIGN)\s+KEY\s*\(([^()]*)\)\s*(?:{_REFERENCES})?{_OPTIONS}", re.I
)
_COLUMN_KEY = re.compile(
    rf"\s+(?:CONSTRAINT\s+({PART})\s+)?(?:(PRIMARY)\s+KEY|(?:FOREIGN\s+KEY\s+)?{_REFERENCES}){_OPTIONS}", re.I
)
_ADD = re.compile(rf"ALTER\s+TABLE\s+({NAME})\s+ADD\s+(.+)", re.I | re.S)
_DROP = re.compile(rf"ALTER\s+TABLE\s+({NAME})\s+DROP\s+(.+)", re.I | re.S)
_CREATE = re.compile(
    rf"(?:CREATE\s+(?:OR\s+REPLACE\s+)?|REPLACE\s+)TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?({NAME})\s*\(", re.I
)
_DROP_KEY = re.compile(
    rf"(?:CONSTRAINT\s+(?P<if1>IF\s+EXISTS\s+)?(?P<name>{PART})|PRIMARY\s+KEY(?P<if2>\s+IF\s+EXISTS)?"
    r"|FOREIGN\s+KEY(?P<if3>\s+IF\s+EXISTS)?\s*\((?P<columns>[^()]*)\))(?:\s+(?P<mode>RESTRICT|CASCADE))?",
    re.I,
)


def add_key(spark: SparkSession, sql: str) -> str | None:
    """`ALTER TABLE t ADD [CONSTRAINT c] {PRIMARY | FOREIGN} KEY …` is kept as a property of the table."""
    match = _ADD.fullmatch(sql)
    clause = None if match is None else _KEY.fullmatch(match.group(2).strip())
    if match is None or clause is None:
        return None
    table = unity.relation(spark, match.group(1))
    kept = unity.keys(table)
    key = _checked(spark, table, _key(spark, table.name, clause), kept)
    nullable = [column.name for column in table.columns if column.nullable and column.name in key.columns]
    if key.is_primary and nullable:
        raise refused(
            "PRIMARY_KEY_COLUMN_NULLABLE",
            f"Cannot create the primary key `{key.name}` because its child column(s) `{'`, `'.join(nullable)}` is"
            " nullable. Please change the column nullability and retry.",
            "42831",
        )
    return unity.set_keys(match.group(1), [*kept, key])


def drop_key(spark: SparkSession, sql: str) -> str | None:
    """`ALTER TABLE t DROP {CONSTRAINT c | PRIMARY KEY | FOREIGN KEY (…)}` of a key; checks are Delta's own."""
    match = _DROP.fullmatch(sql)
    clause = None if match is None else _DROP_KEY.fullmatch(match.group(2).strip())
    if match is None or clause is None:
        return None
    table = unity.relation(spark, match.group(1))
    kept = unity.keys(table)
    gone = [key for key in kept if _meant(clause, key)]
    if not gone:
        return None if clause["name"] else _absent(clause, table)
    if gone[0].is_primary:
        _drop_references(spark, table, cascade=(clause["mode"] or "").upper() == "CASCADE")
    return unity.set_keys(match.group(1), [key for key in kept if key not in gone])


def create_table_keys(spark: SparkSession, sql: str) -> str | None:
    """Keys in the column list of `CREATE TABLE` become a property; the columns of a primary key are NOT NULL."""
    match = _CREATE.match(sql)
    if match is None:
        return None
    blank = blanked(sql)
    end = closing(blank, match.end() - 1)
    if re.search(r"\bPRIMARY\s+KEY\b|\bREFERENCES\b", blank[match.end() : end], re.I) is None:
        return None
    schema, name = unity.schema_and_name(spark, match.group(1))
    columns, keys = _taken_apart(spark, name, items(sql[match.end() : end]))
    kept: list[Key] = []
    for key in keys:
        kept.append(_checked(spark, _NewTable(schema, name, columns), key, kept))
    required = {column.lower() for key in kept if key.is_primary for column in key.columns}
    definitions = ", ".join(_required(column) if _name(column) in required else column for column in columns)
    return f"{sql[: match.end()]}{definitions}){_with_property(sql[end + 1 :], unity.keys_property(kept))}"


class _NewTable:
    """A table that is about to be made, as far as its keys are concerned."""

    def __init__(self, schema: str, name: str, definitions: Sequence[str]) -> None:
        self.schema = schema
        self.name = name
        self.column_names = tuple(parts(definition)[0] for definition in definitions)


def _taken_apart(spark: SparkSession, table: str, definitions: Sequence[str]) -> tuple[list[str], list[Key]]:
    """Return the definitions of columns without keys, and the keys."""
    columns, keys = [], []
    for definition in definitions:
        clause = _KEY.fullmatch(definition)
        if clause is not None:
            keys.append(_key(spark, table, clause))
            continue
        inline = _COLUMN_KEY.search(blanked(definition))
        if inline is None:
            columns.append(definition)
            continue
        inline = _COLUMN_KEY.match(definition, inline.start())
        assert inline is not None  # noqa: S101 - names in backticks are not blanked
        columns.append(definition[: inline.start()] + definition[inline.end() :])
        name, primary, parent, parent_columns, options = inline.groups()
        column = (_name(definition),)
        keys.append(_made(spark, table, name, bool(primary), column, parent, parent_columns, options))
    return columns, keys


def _key(spark: SparkSession, table: str, clause: re.Match[str]) -> Key:
    name, kind, columns, parent, parent_columns, options = clause.groups()
    return _made(spark, table, name, kind.upper() == "PRIMARY", _names(columns), parent, parent_columns, options)


def _made(
    spark: SparkSession,
    table: str,
    name: str | None,
    primary: bool,
    columns: tuple[str, ...],
    parent: str | None,
    parent_columns: str | None,
    options: str,
) -> Key:
    kept_name = parts(name)[0].lower() if name else f"{table}_{'pk' if primary else '_'.join(columns) + '_fk'}"
    said = " ".join(options.upper().split())
    if primary:
        return Key(kept_name, columns, options=said)
    if parent is None:
        raise refused("PARSE_SYNTAX_ERROR", f"FOREIGN KEY `{kept_name}` needs REFERENCES.", "42601")
    return Key(kept_name, columns, unity.schema_and_name(spark, parent), _names(parent_columns or ""), said)


def _checked(spark: SparkSession, table: Relation | _NewTable, key: Key, others: Sequence[Key]) -> Key:
    """Return a key with the columns it refers to, or refuse one that Databricks refuses."""
    here = {name.lower(): name for name in table.column_names}
    for column in key.columns:
        if column.lower() not in here:
            raise refused("UNRESOLVED_COLUMN", f"A column `{column}` of key `{key.name}` cannot be resolved.", "42703")
    key = replace(key, columns=tuple(here[column.lower()] for column in key.columns))
    if key.is_primary and any(other.is_primary for other in others):
        raise refused("MULTIPLE_PRIMARY_KEYS", f"Table `{table.name}` has a primary key already.", "42P16")
    if any(other.name == key.name for other in others):
        raise refused(
            "CONSTRAINT_ALREADY_EXISTS", f"Constraint `{key.name}` exists on table `{table.name}` already.", "42710"
        )
    if key.parent is None:
        return key
    itself = key.parent == (table.schema, table.name)
    return replace(key, parent_columns=_referred(key, others if itself else unity.keys(_parent(spark, key.parent))))


def _referred(key: Key, parent_keys: Sequence[Key]) -> tuple[str, ...]:
    primary = next((each for each in parent_keys if each.is_primary), None)
    wanted = key.parent_columns or (primary.columns if primary else ())
    if primary is None or {each.lower() for each in wanted} != {each.lower() for each in primary.columns}:
        raise _no_parent_key(key)
    if len(wanted) != len(key.columns):
        raise refused(
            "FOREIGN_KEY_MISMATCH",
            f"Foreign key `{key.name}` has {len(key.columns)} columns and its parent key {len(wanted)}.",
            "42830",
        )
    return wanted


def _parent(spark: SparkSession, parent: tuple[str, str]) -> Relation:
    return unity.relation(spark, ".".join(identifier(each) for each in parent))


def _no_parent_key(key: Key) -> Refused:
    parent = ".".join(key.parent or ())
    return refused(
        "FOREIGN_KEY_PARENT_KEY_MISSING",
        f"Foreign key `{key.name}` refers to `{parent}`, which has no primary key on those columns.",
        "42890",
    )


def _meant(clause: re.Match[str], key: Key) -> bool:
    if clause["name"]:
        return key.name == parts(clause["name"])[0].lower()
    if clause["columns"] is None:
        return key.is_primary
    return not key.is_primary and _lowered(key.columns) == _lowered(_names(clause["columns"]))


def _absent(clause: re.Match[str], table: Relation) -> str:
    if clause["if2"] or clause["if3"]:
        return NOTHING
    raise refused("CONSTRAINT_DOES_NOT_EXIST", f"Table `{table.name}` has no such key.", "42704")


def _drop_references(spark: SparkSession, table: Relation, *, cascade: bool) -> None:
    """Drop the foreign keys that refer to a table, or refuse to leave them without a parent."""
    for schema in metastore.schemas(spark):
        for child in metastore.relations(spark, schema):
            kept = unity.keys(child)
            staying = [key for key in kept if key.parent != (table.schema, table.name)]
            if len(staying) == len(kept):
                continue
            if not cascade:
                raise refused(
                    "PRIMARY_KEY_REFERENCED",
                    f"The primary key of `{table.name}` is referenced by `{schema}.{child.name}`: use CASCADE.",
                    "42893",
                )
            spark.sql(unity.set_keys(f"{identifier(schema)}.{identifier(child.name)}", staying))


def _with_property(clauses: str, prop: str) -> str:
    """Return the clauses after a column list with one more property among them."""
    found = re.search(r"\bTBLPROPERTIES\s*\(", blanked(clauses), re.I)
    if found is None:
        return f"{clauses} TBLPROPERTIES ({prop})"
    return f"{clauses[: found.end()]}{prop}, {clauses[found.end() :]}"


def _required(definition: str) -> str:
    if re.search(r"\bNOT\s+NULL\b", blanked(definition), re.I):
        return definition
    comment = re.search(r"\s+COMMENT\s", blanked(definition), re.I)
    at = comment.start() if comment else len(definition)
    return f"{definition[:at]} NOT NULL{definition[at:]}"


def _name(definition: str) -> str:
    return parts(definition)[0].lower()


def _names(columns: str) -> tuple[str, ...]:
    """Return the columns of a key; TIMESERIES after one marks it for a feature store only."""
    return tuple(parts(each)[0] for each in items(columns) if each)


def _lowered(names: Sequence[str]) -> list[str]:
    return [name.lower() for name in names]
