"""Waivers hold until their day, for what they name, and are told when they are of no use."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from scripts.errors import CommandError
from scripts.policy.verdicts import Rule, Verdict
from scripts.policy.waivers import FILE, Waiver, load, waived

RULE = Rule("CKV_ECOM_40", "Warehouses are serverless", "LOW", "Others take minutes.", "Set it.")
FAILED = Verdict(RULE, "dev", "databricks_sql_endpoint.analytics", "failed", ("it is not",))
PASSED = Verdict(RULE, "prod", "databricks_sql_endpoint.analytics", "passed")
TODAY = dt.date(2026, 11, 27)


def waiver(address: str = "databricks_sql_endpoint.*", expires: dt.date = TODAY, check: str = RULE.id) -> Waiver:
    return Waiver(check, address, "not offered in this region", expires)


def test_a_waiver_holds_through_its_last_day() -> None:
    found = waived([FAILED, PASSED], [waiver()], TODAY, complete=True)
    assert [each.result for each in found] == ["waived", "passed"]
    assert found[0].record()["reason"] == "not offered in this region (until 2026-11-27)"


def test_one_that_expired_is_a_failure_beside_the_finding() -> None:
    found = waived([FAILED], [waiver(expires=TODAY - dt.timedelta(days=1))], TODAY, complete=True)
    assert [each.result for each in found] == ["failed", "failed"]
    assert found[1].details == ("CKV_ECOM_40 for databricks_sql_endpoint.* expired on 2026-11-26",)


@pytest.mark.parametrize("useless", [waiver("databricks_job.*"), waiver(check="CKV_ECOM_999")])
def test_one_that_waives_nothing_is_a_failure(useless: Waiver) -> None:
    found = waived([FAILED], [useless], TODAY, complete=True)
    assert [each.result for each in found] == ["failed", "failed"]
    assert found[1].details[0].endswith("waives nothing")


def test_what_passes_needs_no_waiver() -> None:
    assert [each.result for each in waived([PASSED], [waiver()], TODAY, complete=True)] == ["passed", "failed"]


def test_a_run_over_some_environments_cannot_say_that_one_is_unused() -> None:
    assert [each.result for each in waived([PASSED], [waiver()], TODAY, complete=False)] == ["passed"]


WHOLE = 'check = "CKV_ECOM_1"\naddress = "*"\nreason = "long enough"\nexpires = 2027-01-01\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[waiver", "waivers.toml: Expected"),
        ("[waivers]\n", "waivers: only [[waiver]] is known"),
        ("[waiver]\n" + WHOLE, "write [[waiver]]"),
        ("[[waiver]]\n" + WHOLE.replace("address", "adress"), "waiver 1: address is missing, adress is unknown"),
        ("[[waiver]]\n" + WHOLE.replace("2027-01-01", '"2027-01-01"'), "expires '2027-01-01' is not a day"),
        ("[[waiver]]\n" + WHOLE + "[[waiver]]\n" + WHOLE.replace("_1", "_one"), "waiver 2: check 'CKV_ECOM_one'"),
        ("[[waiver]]\n" + WHOLE.replace("long enough", "todo"), "reason 'todo' explains nothing"),
    ],
)
def test_a_malformed_file_is_one_clear_line(text: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(text)
    with pytest.raises(CommandError) as error:
        load(file)
    assert expected in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert error.value.code == 1


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text("[[waiver]]\n" + WHOLE)
    assert load(file) == (Waiver("CKV_ECOM_1", "*", "long enough", dt.date(2027, 1, 1)),)
    load(FILE)  # the repository's own
