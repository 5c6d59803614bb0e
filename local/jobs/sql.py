"""sql_task: the statements of a file, a saved query or the query of a legacy alert, one by one on the Spark driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot

from local.alerts.condition import Result
from local.alerts.legacy import FAILED, UNKNOWN, Asked, LegacyAlerts
from local.alerts.telling import alert_url
from local.engine.client import DriverUnavailable
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


def runner(services: Services, alerts: LegacyAlerts) -> Runner:
    """Return the runner; files, queries and legacy alerts are supported, legacy dashboards are refused."""

    def run(attempt: Attempt) -> Ending:
        require_warehouse(services.store, str(attempt.task.get("warehouse_id", "")))
        if "alert" in attempt.task:
            return _evaluate(services, alerts, attempt)
        script = _script(services, attempt.task)
        given = parameters(attempt, attempt.task.get("parameters") or {}, "sql_params")
        ran = _run(services, attempt, script, given)
        return ran.broken() or Ending(SUCCESS, _output(attempt, script.text, ran.answer))

    return run


@dataclass(frozen=True)
class _Ran:
    """The driver's answer to the statement that was run last, and the names of those that were run."""

    answer: Mapping[str, Any]
    keys: Sequence[str]

    @property
    def error(self) -> str:
        return str((self.answer.get("error") or {}).get("message", ""))

    @property
    def cancelled(self) -> bool:
        return bool(self.answer.get("state") == "CANCELED")

    def broken(self) -> Ending | None:
        """Return how a task ends whose statements did not all succeed."""
        if self.cancelled:
            return Ending(Outcome("CANCELED", "Cancelled by the Spark driver."))
        return _failure(self.error) if self.answer.get("state", "SUCCEEDED") != "SUCCEEDED" else None


def _run(services: Services, attempt: Attempt, script: _Script, given: Mapping[str, str]) -> _Ran:
    """Run the statements of a script, up to the first that does not succeed."""
    ran = _Ran({}, ())
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
        ran = _Ran(follow(services.driver, "statements", key, body, attempt.stop), (*ran.keys, key))
        if ran.answer["state"] != "SUCCEEDED":
            break
    return ran


def _failure(error: str, output: Mapping[str, Any] | None = None) -> Ending:
    return Ending(failed("Workload failed, see run output for details"), {"error": error, **(output or {})})


def _evaluate(services: Services, alerts: LegacyAlerts, attempt: Attempt) -> Ending:
    """Run the query of an alert and evaluate it: that it triggers is no failure, that it has no answer is one."""
    named = attempt.task["alert"]
    if attempt.task.get("parameters"):
        raise invalid("A sql_task with alert takes no parameters: the values that its query was saved with apply.")
    alert = alerts.require(named["alert_id"])
    script = _saved(services, alert["query_id"])
    warehouse = attempt.task["warehouse_id"]
    asked = Asked(script.text, warehouse, named.get("subscriptions") or (), bool(named.get("pause_subscriptions")))
    try:
        ran = _run(services, attempt, script, {})
    except DriverUnavailable as error:
        if attempt.stop.outcome is None:  # else it was we who let go
            alerts.fail(alert["id"], asked, str(error))
        raise
    shown = {
        "alert_state": UNKNOWN,
        "output_link": alert_url(services.base_url, alert["id"]),
        "query_text": script.text,
        "sql_statements": [{"lookup_key": key} for key in ran.keys],
        "warehouse_id": warehouse,
    }
    if (ending := ran.broken()) is not None:
        if attempt.stop.outcome is None and not ran.cancelled:
            alerts.fail(alert["id"], asked, ran.error)
        return Ending(ending.outcome, {**ending.output, "sql_output": {"alert_output": shown}})
    # Only the first row counts: rows that were cut are not missed.
    verdict = alerts.evaluate(alert["id"], asked, Result(ran.answer.get("columns") or [], ran.answer.get("rows") or []))
    if verdict.state == FAILED:
        return _failure(verdict.message, {"sql_output": {"alert_output": shown}})
    return Ending(SUCCESS, {"sql_output": {"alert_output": {**shown, "alert_state": verdict.state}}})


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
        return _saved(services, task["query"]["query_id"])
    kind = "dashboard" if "dashboard" in task else "an empty sql_task"
    raise invalid(f"The local workspace does not run sql_task with {kind}; use file, query or alert.")


def _saved(services: Services, query_id: str) -> _Script:
    query = services.store.get("queries", query_id)
    if query is None:
        raise not_found(f"Query {query_id} does not exist.")
    return _Script(query["query_text"], query.get("catalog"), query.get("schema"), saved_parameters(query))


def _output(attempt: Attempt, text: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    names = [column["name"] for column in answer.get("columns") or []]
    rows = [dict(zip(names, row, strict=True)) for row in answer.get("rows") or []]
    shown = {"query_text": text, "warehouse_id": attempt.task.get("warehouse_id", "")}
    return {"sql_output": {"query_output": shown}, "rows": rows}
