"""What machines read: SARIF, JUnit, the JSON of the plan review."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from scripts.policy.junit import junit
from scripts.policy.sarif import declared_in, sarif
from scripts.policy.verdicts import Rule, Verdict
from scripts.toolchain import ROOT

RULE = Rule("CKV_ECOM_2", "Jobs have a timeout", "HIGH", "A run that hangs keeps its cluster.", "Set timeout_seconds.")
FAILED = Verdict(RULE, "dev", "databricks_job.master_pipeline", "failed", ("timeout_seconds is <0>",))
WAIVED = replace(FAILED, environment="prod", result="waived", waiver="a reason (until 2027-01-01)")
PASSED = replace(FAILED, environment="local", result="passed", details=())


def test_sarif_has_help_places_and_suppressions() -> None:
    log = sarif([RULE], [FAILED, WAIVED, PASSED], ROOT)
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)
    assert len(run["results"]) == 2
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        place = result["locations"][0]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "infra/jobs/master_pipeline.py"
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert place["logicalLocations"][0]["fullyQualifiedName"] == FAILED.address
    failed, waived = run["results"]
    assert "suppressions" not in failed
    assert waived["suppressions"][0]["justification"] == "a reason (until 2027-01-01)"
    assert failed["partialFingerprints"] != waived["partialFingerprints"]


def test_a_finding_stands_at_a_file_that_exists() -> None:
    places = {
        "databricks_alert_v2.stale_tables": "sql/alerts/stale_tables.toml",
        "databricks_dashboard.operations": "sql/dashboards/operations.toml",
        "databricks_permissions.job-master_pipeline": "infra/access.py",
        "databricks_job.gone": "infra/stack.py",
        "databricks_mount.old": "infra/stack.py",
        "infra/policies/waivers.toml": "infra/policies/waivers.toml",
    }
    assert {address: declared_in(address, ROOT) for address in places} == places


def test_junit_counts_what_it_lists() -> None:
    root = ET.fromstring(junit([FAILED, WAIVED, PASSED]))
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("3", "1", "1")
    assert [suite.get("name") for suite in root] == ["dev", "prod", "local"]
    failure = root.find("./testsuite[@name='dev']/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "timeout_seconds is <0>"
    assert root.find("./testsuite[@name='prod']/testcase/skipped") is not None
    assert root.find("./testsuite[@name='local']/testcase/*") is None


def test_the_review_reads_these_fields() -> None:
    record = FAILED.record()
    assert {"id", "severity", "title", "address", "result", "reason", "fix"} <= set(record)
    assert record["result"] == "failed"
    assert WAIVED.record()["reason"] == WAIVED.waiver
