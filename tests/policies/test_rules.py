"""Each rule through checkov: it passes what is good, fails what is not, and is silent on what is unknown."""

from __future__ import annotations

from collections import Counter

import pytest

from scripts.policy.verdicts import SEVERITIES, Scan, Verdict
from tests.policies.conftest import FIXTURES

pytestmark = pytest.mark.slow

IDS = sorted((folder.name for folder in FIXTURES.iterdir()), key=lambda name: int(name.rpartition("_")[2]))


def said(checked: Scan, rule: str, fixture: str) -> list[Verdict]:
    return [each for each in checked.verdicts if each.rule.id == rule and each.environment == f"{rule}/{fixture}"]


def test_every_rule_is_whole(checked: Scan) -> None:
    ids = [rule.id for rule in checked.rules]
    assert len(ids) >= 35
    assert ids == [f"CKV_ECOM_{number}" for number in range(1, len(ids) + 1)]
    assert ids == IDS
    assert {rule.severity for rule in checked.rules} == set(SEVERITIES)
    assert max(Counter(rule.title for rule in checked.rules).values()) == 1
    for rule in checked.rules:
        assert len(rule.reason) > 40, rule
        assert len(rule.fix) > 10, rule
        assert "\n" not in rule.fix, rule
        assert {f"{rule.id}/pass", f"{rule.id}/fail"} <= {each.environment for each in checked.verdicts}


@pytest.mark.parametrize("rule", IDS)
def test_the_good_plan_passes(rule: str, checked: Scan) -> None:
    found = said(checked, rule, "pass")
    assert found
    assert [each for each in found if each.result != "passed"] == []


@pytest.mark.parametrize("rule", IDS)
def test_the_bad_plan_fails_and_says_why(rule: str, checked: Scan) -> None:
    failed = [each for each in said(checked, rule, "fail") if each.result == "failed"]
    assert len(failed) == 1
    assert failed[0].address.endswith(".it")
    assert failed[0].details
    assert not failed[0].details[0].startswith("the rule itself broke")


UNKNOWN = {
    "CKV_ECOM_2": None,  # a number that is not known yet is not judged
    "CKV_ECOM_24": "passed",  # the warehouse is made by the same plan: it is named
    "CKV_ECOM_25": "passed",  # the policy is made by the same plan: it is set
    "CKV_ECOM_27": None,
    "CKV_ECOM_34": None,
    "CKV_ECOM_40": "failed",  # nobody wrote it, the service will choose: not set
}


@pytest.mark.parametrize(("rule", "expected"), UNKNOWN.items())
def test_what_is_known_after_the_apply_only(rule: str, expected: str | None, checked: Scan) -> None:
    assert [each.result for each in said(checked, rule, "unknown")] == ([expected] if expected else [])


def test_a_job_may_start_beside_its_clock_where_it_says_so_and_queues(checked: Scan) -> None:
    assert {each.result for each in said(checked, "CKV_ECOM_12", "beside_clock")} == {"passed"}
    for harmful in ("beside_clock_no_queue", "beside_clock_two_runs", "beside_clock_unsaid"):
        failed = [each for each in said(checked, "CKV_ECOM_12", harmful) if each.result == "failed"]
        assert [each.address for each in failed] == ["databricks_job.it"], harmful


def test_a_rule_that_cannot_read_is_a_failure_and_no_other_trips(checked: Scan) -> None:
    broken = [each for each in checked.verdicts if "the rule itself broke" in "".join(each.details)]
    assert {each.environment for each in broken} == {"CKV_ECOM_34/unreadable"}
    assert {each.result for each in broken} == {"failed"}
    assert broken[0].details[0].startswith("the rule itself broke: JSONDecodeError")


def test_a_secret_is_never_repeated(checked: Scan) -> None:
    told = [detail for each in checked.verdicts for detail in each.details]
    assert any("holds a token" in detail for detail in told)
    assert not any("dapi" in detail or "in the clear" in detail for detail in told)
