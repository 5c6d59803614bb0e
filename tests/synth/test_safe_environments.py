"""Whatever is not prod is safe: walked over every synthesized resource, not over what we remember to list."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from infra.environments import ENVIRONMENTS, PROD, ConfigurationError, Environment
from infra.main import configured

SAFE = ("local", "dev", "staging")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")

# What people see by name in a list they share; the rest lies in a catalog or folder of the environment.
NAMES = {
    "databricks_alert_v2": "display_name",
    "databricks_cluster": "cluster_name",
    "databricks_cluster_policy": "name",
    "databricks_dashboard": "display_name",
    "databricks_job": "name",
    "databricks_sql_endpoint": "name",
}
# Kinds that are told apart by where they are, or by what they belong to.
PLACED = {
    "databricks_catalog",
    "databricks_directory",
    "databricks_notebook",
    "databricks_permissions",
    "databricks_schema",
    "databricks_secret_acl",
    "databricks_secret_scope",
    "databricks_volume",
    "databricks_workspace_file",
}


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from walk(each, f"{path}.{key}")
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from walk(each, f"{path}[{index}]")


def unsafe(stack: dict[str, Any], env: Environment) -> list[str]:
    """Every way in which a stack could touch people, money or another environment."""
    found = []
    for kind, resources in stack["resource"].items():
        if kind not in NAMES and kind not in PLACED:
            found.append(f"{kind}: neither named nor placed: say in this test which")
        for key, resource in resources.items():
            name = resource.get(NAMES.get(kind, ""), env.name_prefix)
            if not name.startswith(env.name_prefix):
                found.append(f"{kind}.{key}: name {name!r} without prefix")
            for path, value in walk(resource, f"{kind}.{key}"):
                found += [f"{path}: {fault}" for fault in unsafe_value(path, value, env)]
    return found


def unsafe_value(path: str, value: Any, env: Environment) -> Iterator[str]:
    field = path.rsplit(".", 1)[-1]
    if field == "pause_status" and value != "PAUSED":
        yield f"is {value}"
    tags = value if field in ("tags", "custom_tags") and isinstance(value, dict) else {"custom_tags": []}
    if "custom_tags" not in tags and tags.get("environment") != env.name:
        yield f"environment is {tags.get('environment')}"
    if isinstance(value, str) and field != "content_base64":
        sender = (env.mail.sender,) if env.mail else ()
        known = sender if field == "mail_sender" else env.recipients.data_team
        yield from (f"writes to {each}" for each in ADDRESS.findall(value) if each not in known)
        for other in ENVIRONMENTS.values():
            if other.name != env.name and (other.catalog in value or f"{other.workspace_root}/" in f"{value}/"):
                yield f"reaches into {other.name}"


@pytest.mark.parametrize("name", SAFE)
def test_nothing_in_a_safe_environment_reaches_out(
    name: str, stacks: dict[str, Any], environments: dict[str, Environment]
) -> None:
    assert unsafe(stacks[name], environments[name]) == []


@pytest.mark.parametrize("name", SAFE)
def test_every_kind_that_has_a_name_or_a_clock_was_walked(name: str, stacks: dict[str, Any]) -> None:
    assert set(NAMES) <= set(stacks[name]["resource"])
    clocks = [path for path, _ in walk(stacks[name]["resource"]) if path.endswith(".pause_status")]
    assert len(clocks) >= 4 + 2  # jobs and alerts


def test_prod_is_found_unsafe_so_the_walk_can_find_something(
    stacks: dict[str, Any], environments: dict[str, Environment]
) -> None:
    found = "\n".join(unsafe(stacks["prod"], environments["dev"]))
    for complaint in (
        "without prefix",
        "is UNPAUSED",
        "environment is prod",
        "writes to on-call@",
        "reaches into prod",
    ):
        assert complaint in found


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("databricks_job", "name", "master_pipeline"),
        ("databricks_job", "tags", {"environment": "prod"}),
        ("databricks_alert_v2", "schedule", {"pause_status": "UNPAUSED"}),
        ("databricks_dashboard", "parent_path", "/Shared/ecommerce/prod"),
        ("databricks_cluster", "single_user_name", "somebody@example.com"),
        ("databricks_pipeline", "name", "[dev] new kind"),
    ],
)
def test_one_seeded_fault_is_found(
    kind: str, field: str, value: Any, stacks: dict[str, Any], environments: dict[str, Environment]
) -> None:
    broken = copy.deepcopy(stacks["dev"])
    resources = broken["resource"].setdefault(kind, {"seeded": {}})
    resources[next(iter(resources))][field] = value
    assert len(unsafe(broken, environments["dev"])) == 1


def test_prod_runs_master_by_the_clock_and_not_its_children(stacks: dict[str, Any]) -> None:
    jobs = stacks["prod"]["resource"]["databricks_job"]
    children = {"bronze_ingestion", "silver_transformation", "gold_aggregation"}
    assert "master_pipeline" in jobs
    assert {key for key, job in jobs.items() if job["schedule"]["pause_status"] == "PAUSED"} == children
    alerts = stacks["prod"]["resource"]["databricks_alert_v2"]
    assert {alert["schedule"]["pause_status"] for alert in alerts.values()} == {"UNPAUSED"}


def test_staggered_prod_runs_the_children_and_not_master(
    synthesize: Callable[[Environment], Any], environments: dict[str, Environment]
) -> None:
    jobs = synthesize(replace(environments["prod"], orchestration="staggered"))["resource"]["databricks_job"]
    assert {key for key, job in jobs.items() if job["schedule"]["pause_status"] == "PAUSED"} == {"master_pipeline"}


def test_on_call_hears_of_critical_only(stacks: dict[str, Any]) -> None:
    (on_call,) = PROD.recipients.on_call
    for key, alert in stacks["prod"]["resource"]["databricks_alert_v2"].items():
        people = {each["user_email"] for each in alert["evaluation"]["notification"]["subscriptions"]}
        assert set(PROD.recipients.data_team) <= people, key
        assert (on_call in people) == alert["custom_summary"].startswith("CRITICAL"), key


def test_environments_declare_the_same_things(stacks: dict[str, Any]) -> None:
    addresses = {
        name: {f"{kind}.{key}" for kind, resources in stack["resource"].items() for key in resources}
        for name, stack in stacks.items()
    }
    # The service principal's right to read secrets exists where there is a service principal.
    assert addresses["prod"] - {"databricks_secret_acl.email-run-as"} == addresses["dev"]
    assert addresses["dev"] == addresses["staging"] == addresses["local"]


def test_only_prod_keeps_data_when_it_is_destroyed(stacks: dict[str, Any]) -> None:
    for name, stack in stacks.items():
        kept = [
            resource["force_destroy"]
            for kind in ("databricks_catalog", "databricks_schema")
            for resource in stack["resource"][kind].values()
        ]
        assert set(kept) == {name != "prod"}


PROTECTED = {
    "databricks_catalog",
    "databricks_schema",
    "databricks_secret_scope",
    "databricks_sql_endpoint",
    "databricks_volume",
}


def protected(stack: dict[str, Any]) -> set[str]:
    return {
        f"{kind}.{key}"
        for kind, resources in stack["resource"].items()
        for key, resource in resources.items()
        if resource.get("lifecycle", {}).get("prevent_destroy")
    }


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_only_prod_refuses_to_destroy_what_holds_data_or_is_referred_to(name: str, stacks: dict[str, Any]) -> None:
    resources = stacks[name]["resource"]
    stateful = {f"{kind}.{key}" for kind in PROTECTED for key in resources[kind]}
    assert len(stateful) >= 11
    assert protected(stacks[name]) == (stateful if name == "prod" else set())


def test_protection_is_taken_off_by_name_only(
    synthesize: Callable[[Environment], Any], environments: dict[str, Environment]
) -> None:
    assert configured(environments["prod"], {"ECOM_UNPROTECTED": "dev"}).protected
    opened = configured(environments["prod"], {"ECOM_UNPROTECTED": "prod"})
    assert protected(synthesize(opened)) == set()
    with pytest.raises(ConfigurationError, match="ECOM_UNPROTECTED: 'yes'"):
        configured(environments["prod"], {"ECOM_UNPROTECTED": "yes"})


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_no_secret_value_and_no_credential_is_declared(name: str, stacks: dict[str, Any]) -> None:
    stack = stacks[name]
    assert "databricks_secret" not in stack["resource"]
    assert list(stack["resource"]["databricks_secret_scope"]) == ["email"]
    assert stack["provider"] == {"databricks": [{"retry_timeout_seconds": 120}]}
    assert "dapi" not in json.dumps({**stack["resource"], "databricks_workspace_file": {}, "databricks_notebook": {}})
