"""Who did it and when: the last write to each drifted object that the audit log knows, or unknown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scripts.answers import Answer, Value
from scripts.drift.findings import Finding

DAYS = 30  # how far back: drift is looked for daily, and the log is kept for a year
# Log of Unity Catalog's system tables; columns as documented under "Audit log system table reference".
_COLUMNS = "event_time, user_identity.email as who, service_name, action_name, to_json(request_params) as parameters"
_READS = ("get", "list", "read", "view", "open", "search", "download", "export", "run", "attach", "generate")
_ACCESS = ("acl", "permission", "grant")
_REMOVING = ("delete", "trash", "remove", "unpublish", "permanentdelete")
# Services of the log that write to objects of a type (Databricks, "Audit log reference"): ids of two types may equal.
_SERVICES: Mapping[str, frozenset[str]] = {
    "databricks_job": frozenset({"jobs"}),
    "databricks_alert_v2": frozenset({"alerts", "databrickssql"}),
    "databricks_dashboard": frozenset({"dashboards"}),
    "databricks_cluster": frozenset({"clusters", "clusterLibraries"}),
    "databricks_cluster_policy": frozenset({"clusterPolicies"}),
    "databricks_sql_endpoint": frozenset({"databrickssql"}),
    "databricks_secret_scope": frozenset({"secrets"}),
    **dict.fromkeys(("databricks_catalog", "databricks_schema", "databricks_volume"), frozenset({"unityCatalog"})),
    **dict.fromkeys(
        ("databricks_directory", "databricks_notebook", "databricks_workspace_file"),
        frozenset({"workspace", "notebook", "filesystem"}),
    ),
}
Ask = Callable[[str], Answer]


@dataclass(frozen=True)
class Event:
    """One row of the log: a write by someone to whatever the parameters name."""

    when: str
    who: str
    service: str
    action: str
    parameters: frozenset[str]


def attribute(findings: Sequence[Finding], ask: Ask) -> tuple[list[Finding], str]:
    """Return findings with who and when, and why that is not known when the log does not answer."""
    ids = sorted({each for finding in findings for each in finding.ids})
    if not ids:
        return list(findings), ""
    answer = ask(statement(ids))
    if answer.problem:
        return list(findings), f"who and when are unknown, the audit log does not answer: {answer.problem}"
    events = [event for record in answer.records() if (event := _event(record))]
    return [_attributed(finding, events) for finding in findings], ""


def statement(ids: Sequence[str]) -> str:
    """Return the question for all writes that name one of these ids, newest first."""
    # Access lists are named by kind and id: /jobs/123.
    listed = ", ".join("'" + each.replace("\\", "\\\\").replace("'", "\\'") + "'" for each in ids)
    return (
        f"select {_COLUMNS}\n"
        "from system.access.audit\n"
        f"where event_date >= current_date() - interval {DAYS} days\n"
        "    and response.status_code < 400\n"
        f"    and exists(map_values(request_params), given -> array_contains(array({listed}),\n"
        "        case when given rlike '^/[a-z0-9-]+/[^/]+$' then substring_index(given, '/', -1) else given end)\n"
        f"        or array_contains(array({listed}), given))\n"
        "order by event_time desc"
    )


def _event(record: Mapping[str, Value]) -> Event | None:
    try:
        parameters = json.loads(str(record["parameters"] or "{}"))
    except ValueError:
        return None
    values = {str(value) for value in parameters.values() if value is not None}
    values |= {value.rsplit("/", 1)[-1] for value in values if value.count("/") == 2 and value.startswith("/")}
    action, who = str(record["action_name"] or ""), record["who"]
    if not who or action.lower().startswith(_READS):
        return None
    return Event(str(record["event_time"]), str(who), str(record["service_name"]), action, frozenset(values))


def _attributed(finding: Finding, events: Sequence[Event]) -> Finding:
    """Take the newest event that names the object and does to it what was found; else it stays unknown."""
    services = _SERVICES.get(finding.object_type, frozenset())
    about = [
        event
        for event in events
        if event.service in services and finding.ids & event.parameters and _does(event.action.lower(), finding)
    ]
    if not about:
        return finding
    newest = max(about, key=lambda event: event.when)
    return replace(finding, who=newest.who, when=newest.when)


def _does(action: str, finding: Finding) -> bool:
    if finding.kind == "permission":
        return any(word in action for word in _ACCESS)
    if any(word in action for word in _ACCESS):
        return False
    removing = any(word in action for word in _REMOVING)
    if finding.kind == "missing":
        return removing
    # A published version that is gone was unpublished; anything else that changed was not deleted.
    return not removing or (finding.path.startswith("published") and finding.actual is None)
