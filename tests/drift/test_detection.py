"""Findings from a stack and a world: what they are, how bad, and what they propose."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from infra.environments import DEV
from scripts.drift import declared, undeclared
from scripts.drift.findings import Finding
from tests.drift import worlds
from tests.drift.worlds import ME, ROOT, found, stack, with_access, world


def only(findings: tuple[Finding, ...]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_nothing_right_after_a_deploy() -> None:
    detection = found(world())
    assert detection.findings == ()
    assert detection.notes == ("scope 'email' holds no secret yet: password (ecom secrets sync)",)
    assert {each.noun: (each.managed, each.seen) for each in detection.coverage} == {
        "alert": (1, 1),
        "folder": (1, 1),
        "job": (1, 1),
        "notebook": (2, 2),
        "secret scope": (1, 1),
        "access list": (2, 4),
    }


def test_a_paused_schedule_is_high_and_a_description_low() -> None:
    bent = world()
    bent.objects["databricks_job"]["1001"]["schedule"]["pause_status"] = "PAUSED"
    finding = only(found(bent).findings)
    assert (finding.address, finding.path, finding.severity) == ("databricks_job.main", "schedule.pause_status", "high")
    assert (finding.declared, finding.actual) == ("UNPAUSED", "PAUSED")
    assert finding.proposal.revert.startswith("terraform plan -target=databricks_job.main -out=revert.tfplan")
    assert finding.proposal.adopt.startswith("infra/environments.py: schedules_on, infra/jobs/main.py: by_clock")
    bent = world()
    bent.objects["databricks_job"]["1001"]["description"] = "mine"
    assert only(found(bent).findings).severity == "low"


def test_what_a_plan_cannot_see_is_reverted_otherwise() -> None:
    bent = world()
    del bent.objects["databricks_job"]["1001"]["schedule"]
    revert = only(found(bent).findings).proposal.revert
    assert revert.startswith("terraform plan does not see this: databricks jobs update --json ")
    assert '"new_settings": {"schedule": {' in revert
    bent = world()
    bent.objects["databricks_job"]["1001"]["webhook_notifications"] = {"on_failure": [{"id": "x"}]}
    assert '"fields_to_remove": ["webhook_notifications"]' in only(found(bent).findings).proposal.revert


def test_edited_code_comes_with_its_diff() -> None:
    bent = world()
    bent.objects["databricks_notebook"][f"{ROOT}/notebooks/a"]["content"] = "# Databricks notebook source\nprint(3)\n"
    finding = only(found(bent).findings)
    assert (finding.kind, finding.severity) == ("content", "high")
    assert "-print(1)\n-print(2)\n" in finding.diff
    assert "+print(3)\n" in finding.diff
    assert "-replace=databricks_notebook.a" in finding.proposal.revert
    assert finding.proposal.adopt == "notebooks/a.py: git apply the diff, which --json has whole"


def test_a_missing_folder_says_what_was_in_it_once() -> None:
    bent = world()
    bent.objects["databricks_notebook"].clear()
    del bent.objects["databricks_directory"][f"{ROOT}/notebooks"]
    finding = only(found(bent).findings)
    assert (finding.kind, finding.address) == ("missing", "databricks_directory.notebooks")
    assert finding.also == ("databricks_notebook.a", "databricks_notebook.b")


def test_a_missing_job_takes_its_access_list_along() -> None:
    bent = world()
    bent.objects["databricks_job"].clear()
    gone = replace(bent, access={name: each for name, each in bent.access.items() if "job" not in name})
    assert [(each.kind, each.address) for each in found(gone).findings] == [("missing", "databricks_job.main")]


def test_what_was_never_deployed_says_so() -> None:
    more = {"databricks_job": worlds.RESOURCES["databricks_job"] | {"new": {"name": "new", "task": []}}}
    finding = only(found(world(), stack(**more)).findings)
    assert (finding.address, finding.note) == ("databricks_job.new", "it was never deployed")


def test_what_could_not_be_read_is_neither_missing_nor_fine() -> None:
    bent = world()
    bent.objects["databricks_alert_v2"].clear()
    assert found(replace(bent, problems={"list of databricks_alert_v2": "no"})).findings == ()
    bent.objects["databricks_notebook"].clear()
    problems = {"list of databricks_alert_v2": "no", f"folder {ROOT}/notebooks": "no"}
    assert found(replace(bent, problems=problems)).findings == ()


def test_a_type_without_comparer_is_told_loudly() -> None:
    finding = only(found(world(), stack(databricks_query={"q": {"display_name": "q"}})).findings)
    assert (finding.kind, finding.address, finding.severity) == ("unsupported type", "databricks_query.q", "high")


@pytest.mark.parametrize(
    ("levels", "path", "severity"),
    [
        ({"group_data-analysts": ("CAN_MANAGE",), f"user_{ME}": ("IS_OWNER",)}, "acl[group data-analysts]", "high"),
        ({f"user_{ME}": ("IS_OWNER",)}, "acl[group data-analysts]", "medium"),
        (
            {"group_data-analysts": ("CAN_VIEW",), f"user_{ME}": ("IS_OWNER",), "user_eve": ("CAN_VIEW",)},
            "acl[user eve]",
            "high",
        ),
        ({"group_data-analysts": ("CAN_VIEW",), "user_eve": ("IS_OWNER",)}, "acl[user eve]", "high"),
    ],
)
def test_access_wider_is_high_and_narrower_medium(levels: dict[str, tuple[str, ...]], path: str, severity: str) -> None:
    finding = only(found(with_access(world(), "databricks_job 1001", **levels)).findings)
    assert (finding.kind, finding.address) == ("permission", "databricks_permissions.job-main")
    assert (finding.path, finding.severity) == (path, severity)


def test_access_to_what_nobody_declared_access_to() -> None:
    bent = with_access(world(), f"databricks_notebook {ROOT}/notebooks/a", user_eve=("CAN_EDIT",))
    finding = only(found(bent).findings)
    assert (finding.address, finding.path, finding.severity) == ("databricks_notebook.a", "acl[user eve]", "high")
    assert "databricks permissions set notebooks 7" in finding.proposal.revert


def test_secret_keys_by_name() -> None:
    bent = world()
    bent.objects["databricks_secret_scope"]["email"]["keys"] = ["password", "token"]
    finding = only(found(bent).findings)
    assert (finding.kind, finding.path, finding.actual) == ("undeclared", "keys[token]", "token")
    bent.objects["databricks_secret_scope"]["email"]["keys"] = ["token"]
    assert [(each.kind, each.path) for each in found(bent).findings] == [
        ("missing", "keys[password]"),
        ("undeclared", "keys[token]"),
    ]


def test_strays_are_ours_by_tag_prefix_or_folder_and_nothing_else() -> None:
    bent = world()
    jobs = bent.objects["databricks_job"]
    jobs["2"] = {"name": "ours", "tags": {"environment": "prod", "project": "ecommerce"}}
    jobs["3"] = {"name": "of dev", "tags": {"environment": "dev", "project": "ecommerce"}}
    jobs["4"] = {"name": "[dev] main"}
    bent.objects["databricks_alert_v2"]["x"] = {"display_name": "Mine", "parent_path": f"{ROOT}/alerts"}
    bent.objects["databricks_directory"][f"{ROOT}/alerts"] = {"object_type": "DIRECTORY"}
    bent.objects["databricks_workspace_file"][f"{ROOT}/alerts/a.txt"] = {"object_type": "FILE"}
    findings = found(bent).findings
    assert [(each.address, each.also) for each in findings] == [
        ("databricks_job[ours 2]", ()),
        ("databricks_alert_v2[Mine x]", ()),
        (f"databricks_directory[{ROOT}/alerts]", (f"{ROOT}/alerts/a.txt",)),
    ]
    assert findings[0].proposal.revert == "databricks jobs delete 2"
    assert 'import { to = databricks_job.<name>  id = "2" }' in findings[0].proposal.adopt


def test_what_left_the_code_and_not_the_workspace_is_told_as_that() -> None:
    bare = {name: names for name, names in worlds.RESOURCES.items() if name != "databricks_alert_v2"}
    state = {"resources": [{"mode": "managed", "type": "databricks_alert_v2", "name": "stale",
                            "instances": [{"attributes": {"id": "al-1"}}]}]}  # fmt: skip
    known = declared.resolve({"resource": bare}, state)
    told = [each for each in found(world(), known).findings if each.address.startswith("databricks_alert_v2")]
    assert "-target=databricks_alert_v2.stale" in only(tuple(told)).proposal.revert


def test_a_fingerprint_stays_until_the_drift_changes() -> None:
    bent = world()
    bent.objects["databricks_job"]["1001"]["timeout_seconds"] = 5
    first = only(found(bent).findings).fingerprint("prod")
    assert first == only(found(bent).findings).fingerprint("prod")
    assert first != only(found(bent).findings).fingerprint("dev")
    bent.objects["databricks_job"]["1001"]["timeout_seconds"] = 6
    assert first != only(found(bent).findings).fingerprint("prod")


def test_findings_are_json() -> None:
    bent = world()
    bent.objects["databricks_job"]["1001"]["tags"] = {"a": "b"}
    assert json.loads(json.dumps([each.as_json("prod") for each in found(bent).findings]))


@pytest.mark.parametrize(
    ("kind", "body", "ours"),
    [
        ("databricks_job", {"name": "[dev] mine"}, True),
        ("databricks_job", {"name": "mine [dev] "}, False),
        ("databricks_cluster_policy", {"name": "[dev] mine", "definition": {}}, True),
        ("databricks_dashboard", {"display_name": "x", "parent_path": "/Shared/ecommerce/dev/dashboards"}, True),
        ("databricks_dashboard", {"display_name": "x", "parent_path": "/Shared/ecommerce/dev2"}, False),
        ("databricks_schema", {"name": "x", "catalog_name": "ecommerce_dev"}, True),
        ("databricks_schema", {"name": "information_schema", "catalog_name": "ecommerce_dev"}, False),
        ("databricks_schema", {"name": "x", "catalog_name": "ecommerce_prod"}, False),
        ("databricks_secret_scope", {"name": "ecommerce-x"}, True),
        ("databricks_secret_scope", {"name": "team"}, False),
    ],
)
def test_what_is_ours_in_an_environment_with_a_prefix(kind: str, body: dict[str, object], ours: bool) -> None:
    assert undeclared.ours(kind, body, DEV) is ours
