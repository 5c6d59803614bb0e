"""The whole intent, small enough to be reviewed: one file per job, one list of what is deployed and when it runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.environments import ENVIRONMENTS
from infra.jobs import discover
from infra.renames import SOMEWHERE_ONLY
from scripts.docs import costs, facts
from scripts.review import cost, plan, prices
from tests.review import made
from tests.synthesis import REPOSITORY

GOLDEN = Path(__file__).parent / "expected"

# One resource per file of the repository: the list of files is no decision, and a new model should not touch this.
CONTENT = ("databricks_notebook", "databricks_workspace_file")
NAMES = ("name", "display_name", "cluster_name", "path")


@pytest.mark.parametrize("key", list(discover()))
def test_job(key: str, resources: dict[str, Any], same_as_golden: Callable[[str, Any], None]) -> None:
    same_as_golden(f"jobs/{key}.json", resources["prod"]["databricks_job"][key])


def test_deployed(resources: dict[str, Any], same_as_golden: Callable[[str, Any], None]) -> None:
    deployed = {
        f"{kind}.{key}": next((resource[name] for name in NAMES if name in resource), None)
        for kind, group in resources["prod"].items()
        if kind not in CONTENT
        for key, resource in group.items()
    }
    assert len(deployed) > 40
    same_as_golden("deployed.json", deployed)


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_addresses(name: str, resources: dict[str, Any], same_as_golden: Callable[[str, Any], None]) -> None:
    """A line that goes and one that comes are an object destroyed and created, unless infra/renames.py says moved."""
    addresses = [f"{kind}.{key}" for kind, group in resources[name].items() for key in group]
    assert len(addresses) > 200
    same_as_golden(f"addresses/{name}.txt", "".join(f"{address}\n" for address in sorted(addresses)))


def test_what_only_some_environments_declare_is_known(resources: dict[str, Any]) -> None:
    addresses = [{f"{kind}.{key}" for kind, group in each.items() for key in group} for each in resources.values()]
    assert set.union(*addresses) - set.intersection(*addresses) == SOMEWHERE_ONLY


def test_access(resources: dict[str, Any], same_as_golden: Callable[[str, Any], None]) -> None:
    table = {
        key: sorted(
            f"{entry.get('group_name') or 'run-as'} {entry['permission_level']}"
            for entry in permissions["access_control"]
        )
        for key, permissions in resources["prod"]["databricks_permissions"].items()
    }
    assert len(table) > 10
    same_as_golden("access.json", table)


def test_schedules(resources: dict[str, Any], same_as_golden: Callable[[str, Any], None]) -> None:
    schedules = {
        name: {
            f"{kind}.{key}": " ".join(
                (
                    resource["schedule"].get("quartz_cron_expression") or resource["schedule"]["quartz_cron_schedule"],
                    resource["schedule"]["timezone_id"],
                    resource["schedule"]["pause_status"],
                )
            )
            for kind in ("databricks_alert_v2", "databricks_job")
            for key, resource in resources[name][kind].items()
        }
        for name in ENVIRONMENTS
    }
    same_as_golden("schedules.json", schedules)


def test_the_guide_prices_what_is_rendered(resources: dict[str, Any]) -> None:
    """The guide's costs are worked out from specs, so that making it needs no synthesis: both must come to the same."""
    kinds = ("databricks_job", "databricks_alert_v2", "databricks_sql_endpoint")
    entries = [
        made.entry(f"{kind}.{key}", ["no-op"], None, {**resource, "id": f"${{{kind}.{key}.id}}"})
        for kind in kinds
        for key, resource in resources["prod"][kind].items()
    ]
    known, day = prices.load(), date(2026, 11, 23)
    rendered = cost.month([(each, each.after) for each in plan.read({"resource_changes": entries})], known, day)
    assert len(rendered.uses) == len(discover()) + 1
    assert costs.of_prod(facts.read(REPOSITORY), known, day) == rendered


def test_no_golden_file_outlives_its_job() -> None:
    assert {file.stem for file in (GOLDEN / "jobs").glob("*.json")} == set(discover())
