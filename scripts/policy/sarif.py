"""Verdicts as SARIF 2.1.0, which code scanning reads.

checkov's own SARIF knows no waivers and points into plan files, which are in no repository: a finding stands here at
the file that declares the resource.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scripts.policy.verdicts import Rule, Verdict
from scripts.policy.waivers import WAIVER_RULE

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note"}
# What code scanning sorts by; its bands are 9, 7, 4.
_SCORES = {"CRITICAL": "9.5", "HIGH": "8.0", "MEDIUM": "5.0", "LOW": "2.0"}
_DECLARED_IN = {
    "databricks_alert_v2": "sql/alerts/{name}.toml",
    "databricks_dashboard": "sql/dashboards/{name}.toml",
    "databricks_job": "infra/jobs/{name}.py",
    "databricks_catalog": "infra/render/storage.py",
    "databricks_cluster": "infra/compute.py",
    "databricks_cluster_policy": "infra/compute.py",
    "databricks_permissions": "infra/access.py",
    "databricks_schema": "infra/parts/foundation.py",
    "databricks_secret_acl": "infra/access.py",
    "databricks_secret_scope": "infra/parts/foundation.py",
    "databricks_sql_endpoint": "infra/compute.py",
    "databricks_volume": "infra/parts/foundation.py",
}
_ELSEWHERE = "infra/stack.py"


def sarif(rules: Sequence[Rule], verdicts: Iterable[Verdict], root: Path) -> dict[str, Any]:
    """Return the log: all rules with their help, a result per failure; a waived one is suppressed, not left out."""
    listed = [*rules, WAIVER_RULE]
    index = {rule.id: number for number, rule in enumerate(listed)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "ecom policy", "rules": [_rule(rule) for rule in listed]}},
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
                "results": [_result(each, index, root) for each in verdicts if each.result != "passed"],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.title,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.reason},
        "help": {"text": f"{rule.reason} {rule.fix}", "markdown": f"{rule.reason}\n\n**Mend:** {rule.fix}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"security-severity": _SCORES[rule.severity], "tags": ["databricks", rule.severity.lower()]},
    }


def _result(verdict: Verdict, index: dict[str, int], root: Path) -> dict[str, Any]:
    text = f"{verdict.environment}: {verdict.address}: {'; '.join(verdict.details)}. {verdict.rule.fix}"
    identity = f"{verdict.rule.id} {verdict.environment} {verdict.address}"
    result: dict[str, Any] = {
        "ruleId": verdict.rule.id,
        "ruleIndex": index[verdict.rule.id],
        "level": _LEVELS[verdict.rule.severity],
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": declared_in(verdict.address, root), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": verdict.address, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"policyVerdict/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }
    if verdict.result == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": verdict.waiver}]
    return result


def declared_in(address: str, root: Path) -> str:
    """Return the file of the repository that declares a resource, as well as its address tells."""
    if (root / address).is_file():
        return address
    kind, _, name = address.partition(".")
    file = _DECLARED_IN.get(kind, _ELSEWHERE).format(name=name)
    return file if (root / file).is_file() else _ELSEWHERE
