"""Shims for tags and privileges of tables and views, which Unity Catalog keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyspark.sql import SparkSession

from local.engine import metastore, unity
from local.engine.literals import NAME, PART, blanked, items, parts, quoted, strings
from local.engine.metastore import Relation
from local.engine.refusal import refused

_TAGS = re.compile(
    rf"ALTER\s+(?:TABLE|VIEW)\s+({NAME})\s+(?:ALTER\s+(?:COLUMN\s+)?({PART})\s+)?(SET|UNSET)\s+TAGS\s*\((.*)\)",
    re.I | re.S,
)
_SECURABLE = rf"(?:(?:TABLE|VIEW)\s+)?({NAME})"
_PRINCIPAL = r"(`(?:[^`]|``)+`|[\w.@-]+)"
_GRANT = re.compile(rf"(GRANT|REVOKE)\s+([\w\s,]+?)\s+ON\s+{_SECURABLE}\s+(?:TO|FROM)\s+{_PRINCIPAL}", re.I)
_SHOW = re.compile(rf"SHOW\s+GRANTS?\s+(?:{_PRINCIPAL}\s+)?ON\s+{_SECURABLE}", re.I)
_PRIVILEGES = ("SELECT", "MODIFY", "MANAGE", "APPLY TAG", "REFERENCES", "ALL PRIVILEGES")
_GRANT_COLUMNS = ("Principal", "ActionType", "ObjectType", "ObjectKey")


def tags(spark: SparkSession, sql: str) -> str | None:
    """`ALTER {TABLE | VIEW} t [ALTER COLUMN c] {SET | UNSET} TAGS (…)` is kept as a property of the table."""
    match = _TAGS.fullmatch(sql)
    if match is None:
        return None
    name, column, verb, listed = match.groups()
    found = unity.relation(spark, name)
    change = _tags(listed, found, setting=verb.upper() == "SET")
    if column is None:
        return unity.set_tags(name, found, _merged(unity.tags(found), change))
    kept = unity.column_tags(found)
    target = _column(found, parts(column)[0])
    return unity.set_column_tags(name, found, {**kept, target: _merged(kept.get(target, {}), change)})


def grant(spark: SparkSession, sql: str) -> str | None:
    """`GRANT` and `REVOKE` on a table or view are kept as a property of it; nobody but its owner is here to be held."""
    match = _GRANT.fullmatch(sql)
    if match is None:
        return None
    verb, listed, name, principal = match.groups()
    found = unity.relation(spark, name)
    privileges = [" ".join(each.upper().split()) for each in listed.split(",")]
    for privilege in privileges:
        if privilege not in _PRIVILEGES:
            message = f"Privilege {privilege} is not applicable to table `{found.name}`."
            raise refused("INVALID_PRIVILEGE", message, "42601")
    kept = unity.grants(found)
    who = _unquoted(principal)
    has = set(kept.get(who, []))
    has = has | set(privileges) if verb.upper() == "GRANT" else has - set(privileges)
    changed = {**kept, who: sorted(has)}
    return unity.set_grants(name, found, {each: held for each, held in changed.items() if held})


def show_grants(spark: SparkSession, sql: str) -> str | None:
    """`SHOW GRANTS [principal] ON t` lists what `GRANT` kept."""
    match = _SHOW.fullmatch(sql)
    if match is None:
        return None
    principal, name = match.groups()
    found = unity.relation(spark, name)
    key = f"{metastore.catalogs(spark)[0]}.{found.schema}.{found.name}"
    rows = [
        (who, privilege, "TABLE", key)
        for who, privileges in sorted(unity.grants(found).items())
        for privilege in privileges
        if principal is None or who == _unquoted(principal)
    ]
    values = ", ".join(f"({', '.join(map(quoted, row))})" for row in rows or [("", "", "", "")])
    where = "" if rows else " WHERE false"
    return f"SELECT * FROM VALUES {values} AS t({', '.join(_GRANT_COLUMNS)}){where}"  # noqa: S608 - quoted above


def _tags(listed: str, table: Relation, *, setting: bool) -> dict[str, str | None]:
    """Return each tag with its value, '' if it has none, None if it goes."""
    change: dict[str, str | None] = {}
    for item in items(listed):
        texts = strings(item)
        if not texts or ("=" in blanked(item) and not setting):
            raise refused("PARSE_SYNTAX_ERROR", f"Tags of `{table.name}`: {item!r} is no tag.", "42601")
        change[texts[0]] = (texts[1] if len(texts) > 1 else "") if setting else None
    return change


def _merged(kept: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**kept, **change}.items() if value is not None}


def _column(table: Relation, name: str) -> str:
    for column in table.column_names:
        if column.lower() == name.lower():
            return column
    raise refused("UNRESOLVED_COLUMN", f"Table `{table.name}` has no column `{name}`.", "42703")


def _unquoted(principal: str) -> str:
    return principal[1:-1].replace("``", "`") if principal.startswith("`") else principal
