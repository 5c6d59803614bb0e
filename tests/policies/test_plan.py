"""How rules read a plan: what is unknown, what refers to what, what nobody set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.policies import plan as plans
from infra.policies.plan import UNKNOWN, Plan
from infra.policies.words import holds_a_secret, names_a_secret, personal


def written(folder: Path, **shown: Any) -> Plan:
    file = folder / "plan.json"
    file.write_text(json.dumps(shown))
    return plans.read(file)


def job(values: dict[str, Any], address: str = "databricks_job.it") -> dict[str, Any]:
    return {"address": address, "mode": "managed", "type": "databricks_job", "name": "it", "values": values}


def test_unknown_values_stand_where_they_belong(tmp_path: Path) -> None:
    plan = written(
        tmp_path,
        planned_values={"root_module": {"resources": [job({"task": [{"task_key": "a"}, {"task_key": "b"}]})]}},
        resource_changes=[
            {
                "address": "databricks_job.it",
                "change": {"actions": ["create"], "after_unknown": {"task": [{}, {"policy_id": True}], "id": True}},
            }
        ],
        configuration={"root_module": {"resources": [{"address": "databricks_job.it", "expressions": {"task": []}}]}},
    )
    resource = plan.resources["databricks_job.it"]
    assert resource.get("task") == [{"task_key": "a"}, {"task_key": "b", "policy_id": UNKNOWN}]
    assert resource.get("id") is None  # nobody wrote it
    assert resource.actions == ("create",)


def test_without_a_configuration_unknown_stays_unknown(tmp_path: Path) -> None:
    plan = written(
        tmp_path,
        planned_values={"root_module": {"resources": [job({})]}},
        resource_changes=[{"address": "databricks_job.it", "change": {"after_unknown": {"timeout_seconds": True}}}],
    )
    assert plan.resources["databricks_job.it"].get("timeout_seconds") is UNKNOWN


def test_resources_of_modules_find_their_configuration(tmp_path: Path) -> None:
    address = 'module.team["a.b"].databricks_job.it[0]'
    expressions = {"name": {"references": ["databricks_schema.s.name", "databricks_schema.s"]}}
    inner = {"module": {"resources": [{"address": "databricks_job.it", "expressions": expressions}]}}
    plan = written(
        tmp_path,
        planned_values={"root_module": {"child_modules": [{"resources": [job({}, address)]}]}},
        resource_changes=[],
        configuration={"root_module": {"module_calls": {"team": inner}}},
    )
    assert plan.resources[address].refers("name") == {"databricks_schema.s.name", "databricks_schema.s"}


@pytest.mark.parametrize("name", ["smtp_password", "API_TOKEN", "fs.azure.account.key", "client_secret", "accessKey"])
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["told_by_alerts", "key_column", "tokens_per_minute", "spark.sql.ansi.enabled", "catalog"]
)
def test_names_that_hold_no_secret(name: str) -> None:
    assert not names_a_secret(name)


def test_texts() -> None:
    assert holds_a_secret("x = 'dapi" + "0a" * 16 + "'")
    assert holds_a_secret("-----BEGIN " + "PRIVATE KEY-----")
    assert not holds_a_secret("select dapi from gold.daily_revenue")
    assert personal("/Workspace/Users/a@example.com/x")
    assert not personal("/Shared/Users/x")
