"""Tables: catalogs and schemas as the workspace keeps them, what is in them as the driver says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup
from starlette.routing import Route

from local.errors import not_found
from local.pages.code import coloured
from local.pages.page import Page, Site, Visit
from local.pages.statements import Answer, Ask, Statements
from local.store import Store

SAMPLE_ROWS = 20
HISTORY_ROWS = 50
_SECTION = re.compile(r"# (.+)")
_INTERNAL = frozenset({"transient_lastDdlTime"})  # the metastore's own
_SECRET_OPTION = re.compile(r"(?i)(password|secret|token|credential|api_?key|accountkey)")


def routes(site: Site, store: Store, statements: Statements) -> list[Route]:
    """Catalogs, one schema, one table."""
    views = _Data(store, statements)
    return [
        site.get("/data", views.catalogs),
        site.get("/data/{catalog}/{schema}", views.schema),
        site.get("/data/{catalog}/{schema}/{table}", views.table),
    ]


class _Data:
    def __init__(self, store: Store, statements: Statements) -> None:
        self._store = store
        self._statements = statements

    def catalogs(self, _: Visit) -> Page:
        schemas = [body for _, body in self._store.list("schemas")]
        catalogs = []
        for body in sorted((body for _, body in self._store.list("catalogs")), key=lambda body: str(body["name"])):
            inside = [schema for schema in schemas if schema["catalog_name"] == body["name"]]
            inside.sort(key=lambda schema: str(schema["name"]))
            tables = self._statements.run_all([_listing(body["name"], schema["name"]) for schema in inside])
            counted = [
                {"schema": schema, "tables": _tables(found), "problem": found.problem}
                for schema, found in zip(inside, tables, strict=True)
            ]
            catalogs.append({"catalog": body, "schemas": counted})
        return Page("catalogs.html", "Data", {"catalogs": catalogs})

    def schema(self, visit: Visit) -> Page:
        schema = self._schema(visit)
        found = self._statements.run(_listing(schema["catalog_name"], schema["name"]))
        content = {
            "schema": schema,
            "tables": _tables(found),
            "problem": found.problem,
            "volumes": self._inside("volumes", schema),
            "models": self._inside("models", schema),
        }
        return Page("schema.html", schema["full_name"], content)

    def table(self, visit: Visit) -> Page:
        schema, name = self._schema(visit), visit.path["table"]
        full_name = _quoted(schema["catalog_name"], schema["name"], name)
        described, details, history, sample, properties = self._statements.run_all(
            [
                Ask(f"DESCRIBE TABLE {full_name}"),
                Ask(f"DESCRIBE TABLE EXTENDED {full_name}"),
                Ask(f"DESCRIBE HISTORY {full_name} LIMIT {HISTORY_ROWS}"),
                Ask(f"SELECT * FROM {full_name} LIMIT {SAMPLE_ROWS}"),  # noqa: S608 — quoted
                Ask(f"SHOW TBLPROPERTIES {full_name}"),
            ]
        )
        if "TABLE_OR_VIEW_NOT_FOUND" in described.problem:
            raise not_found(f"There is no table {schema['full_name']}.{name}.")
        content = {
            "schema": schema,
            "name": name,
            "columns": list(_until_section(described)),
            "described": described,
            "details": _details(details),
            "view_text": _view_text(details),
            "history": None if "EXPECT_TABLE_NOT_VIEW" in history.problem else history,
            "versions": [_version(record) for record in history.records()],
            "sample": sample,
            "properties": [(row[0], _masked(row[0], row[1])) for row in properties.rows if row[0] not in _INTERNAL],
        }
        return Page("table.html", f"{schema['full_name']}.{name}", content)

    def _schema(self, visit: Visit) -> dict[str, Any]:
        full_name = f"{visit.path['catalog']}.{visit.path['schema']}"
        body = self._store.get("schemas", full_name.lower())
        if body is None:
            raise not_found(f"There is no schema {full_name}.")
        return body

    def _inside(self, kind: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
        place = (schema["catalog_name"], schema["name"])
        return [body for _, body in self._store.list(kind) if (body["catalog_name"], body["schema_name"]) == place]


def _quoted(*parts: str) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def _listing(catalog: str, schema: str) -> Ask:
    return Ask(f"SHOW TABLES IN {_quoted(catalog, schema)}")


def _tables(answer: Answer) -> list[str]:
    # namespace, name, temporary: a session's own views are nobody else's
    return sorted(str(row[1]) for row in answer.rows if row[2] != "true")


def _until_section(answer: Answer) -> list[dict[str, str]]:
    """Return name, type and comment of the columns; partitioning follows under a heading and repeats them."""
    columns = []
    for row in answer.rows:
        if not row[0] or _SECTION.fullmatch(row[0]):
            break
        columns.append({"name": row[0], "type": row[1] or "", "comment": row[2] or ""})
    return columns


def _details(answer: Answer) -> list[tuple[str, str]]:
    """Return what follows the heading of the details."""
    begin = next((n for n, row in enumerate(answer.rows) if (row[0] or "").startswith("# Detailed Table")), None)
    if begin is None:
        return []
    wanted = {"Owner", "Created Time", "Type", "Provider", "Comment", "Location"}
    return [(row[0] or "", row[1] or "") for row in answer.rows[begin + 1 :] if row[0] in wanted and row[1]]


def _view_text(answer: Answer) -> Markup | None:
    text = next((row[1] for row in answer.rows if row[0] == "View Text"), None)
    return coloured(text, "sql") if text else None


def _version(record: Mapping[str, str | None]) -> dict[str, Any]:
    """Return one entry of Delta's history, its JSON taken apart."""
    return {
        "version": record["version"],
        "at": record["timestamp"],
        "operation": record["operation"],
        "parameters": list(_facts(record.get("operationParameters"))),
        "figures": list(_facts(record.get("operationMetrics"))),
    }


def _facts(text: str | None) -> Iterator[tuple[str, str]]:
    """Yield what a JSON object says, nested ones too: table properties come as JSON inside JSON."""
    for key, value in (_object(text) or {}).items():
        if isinstance(value, str) and _object(value) is not None:
            yield from _facts(value)
        elif value not in ("", "[]"):
            yield key, _masked(key, str(value))


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _masked(key: str | None, value: str | None) -> str:
    return "[hidden]" if _SECRET_OPTION.search(key or "") else value or ""
