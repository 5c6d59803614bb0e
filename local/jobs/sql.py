"""sql_task: the statements of a file or a saved query, run one after another by the Spark driver."""

from __future__ import annotations

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

_ROWS = 1000  # kept for {{tasks.x.output.rows}}


def runner(services: Services) -> Runner:
    """Return the runner; files and queries are supported, alerts and legacy dashboards are refused."""

    def run(attempt: Attempt) -> Ending:
        require_warehouse(services.store, str(attempt.task.get("warehouse_id", "")))
        text, catalog, schema = _text(services, attempt.task)
        values = parameters(attempt, attempt.task.get("parameters") or {}, "sql_params")
        answer: dict[str, Any] = {}
        for number, statement in enumerate(statements(text)):
            key = f"{attempt.task_run.run_id}-{number}"
            body: dict[str, Any] = {
                "id": key,
                "sql": statement,
                "catalog": catalog,
                "schema": schema,
                "row_limit": _ROWS,
            }
            body["parameters"] = values
            answer = follow(services.driver, "statements", key, body, attempt.stop)
            if answer["state"] == "CANCELED":
                return Ending(Outcome("CANCELED", "Cancelled by the Spark driver."))
            if answer["state"] != "SUCCEEDED":
                error = (answer.get("error") or {}).get("message", "")
                return Ending(failed("Workload failed, see run output for details"), {"error": error})
        return Ending(SUCCESS, _output(attempt, text, answer))

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


def _text(services: Services, task: dict[str, Any]) -> tuple[str, str | None, str | None]:
    if "file" in task:
        return workspace_file(services.root, task["file"]["path"]).read_text(), None, None
    if "query" in task:
        query = services.store.get("queries", task["query"]["query_id"])
        if query is None:
            raise not_found(f"Query {task['query']['query_id']} does not exist.")
        return query["query_text"], query.get("catalog"), query.get("schema")
    kind = next((key for key in ("alert", "dashboard") if key in task), "an empty sql_task")
    raise invalid(f"The local workspace does not run sql_task with {kind}; use file or query.")


def _output(attempt: Attempt, text: str, answer: dict[str, Any]) -> dict[str, Any]:
    names = [column["name"] for column in answer.get("columns") or []]
    rows = [dict(zip(names, row, strict=True)) for row in answer.get("rows") or []]
    shown = {"query_text": text, "warehouse_id": attempt.task.get("warehouse_id", "")}
    return {"sql_output": {"query_output": shown}, "rows": rows}
