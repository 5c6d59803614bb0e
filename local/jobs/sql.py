"""sql_task: the statements of a file or a saved query, run one after another by the Spark driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot

from local.errors import invalid, not_found
from local.jobs.attempts import Attempt, Ending, Runner
from local.jobs.compute import require_warehouse
from local.jobs.driver import follow
from local.jobs.files import workspace_file
from local.jobs.notebook import parameters
from local.jobs.states import SUCCESS, Outcome, failed
from local.services import Services
from local.workspace.queries import saved_parameters

_ROWS = 1000  # kept for {{tasks.x.output.rows}}


def runner(services: Services) -> Runner:
    """Return the runner; files and queries are supported, alerts and legacy dashboards are refused."""

    def run(attempt: Attempt) -> Ending:
        require_warehouse(services.store, str(attempt.task.get("warehouse_id", "")))
        script = _script(services, attempt.task)
        given = parameters(attempt, attempt.task.get("parameters") or {}, "sql_params")
        answer: dict[str, Any] = {}
        for number, statement in enumerate(statements(script.text)):
            key = f"{attempt.task_run.run_id}-{number}"
            body: dict[str, Any] = {
                "id": key,
                "sql": statement,
                "parameters": script.bound(given),
                "catalog": script.catalog,
                "schema": script.schema,
                "row_limit": _ROWS,
            }
            answer = follow(services.driver, "statements", key, body, attempt.stop)
            if answer["state"] == "CANCELED":
                return Ending(Outcome("CANCELED", "Cancelled by the Spark driver."))
            if answer["state"] != "SUCCEEDED":
                error = (answer.get("error") or {}).get("message", "")
                return Ending(failed("Workload failed, see run output for details"), {"error": error})
        return Ending(SUCCESS, _output(attempt, script.text, answer))

    return run


def statements(text: str) -> list[str]:
    """Split a script at its semicolons; those in literals and comments stay."""
    parts, start = [], 0
    tokens = sqlglot.tokenize(text, read="databricks")
    ends = [token.start for token in tokens if token.token_type == sqlglot.TokenType.SEMICOLON]
    for end in [*ends, len(text)]:
        if any(start <= token.start < end for token in tokens):
            parts.append(text[start:end].strip())
        start = end + 1
    return parts


@dataclass(frozen=True)
class _Script:
    """What is to be run: text, where its short names are looked up, and what its parameters are if nobody says."""

    text: str
    catalog: str | None = None
    schema: str | None = None
    saved: Sequence[Mapping[str, Any]] = ()

    def bound(self, given: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return all parameters; one that is given keeps the type that was saved for it."""
        types = {each["name"]: each["type"] for each in self.saved}
        values = {each["name"]: each["value"] for each in self.saved} | dict(given)
        return [{"name": name, "value": value, "type": types.get(name, "STRING")} for name, value in values.items()]


def _script(services: Services, task: dict[str, Any]) -> _Script:
    if "file" in task:
        return _Script(workspace_file(services.root, task["file"]["path"]).read_text())
    if "query" in task:
        query = services.store.get("queries", task["query"]["query_id"])
        if query is None:
            raise not_found(f"Query {task['query']['query_id']} does not exist.")
        return _Script(query["query_text"], query.get("catalog"), query.get("schema"), saved_parameters(query))
    kind = next((key for key in ("alert", "dashboard") if key in task), "an empty sql_task")
    raise invalid(f"The local workspace does not run sql_task with {kind}; use file or query.")


def _output(attempt: Attempt, text: str, answer: dict[str, Any]) -> dict[str, Any]:
    names = [column["name"] for column in answer.get("columns") or []]
    rows = [dict(zip(names, row, strict=True)) for row in answer.get("rows") or []]
    shown = {"query_text": text, "warehouse_id": attempt.task.get("warehouse_id", "")}
    return {"sql_output": {"query_output": shown}, "rows": rows}
