"""`ecom policy` over plans that lie there: exit codes, files, and what makes a run worth nothing."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.console import Console

from scripts.errors import CommandError
from scripts.policy import command, verdicts
from tests.policies.conftest import FIXTURES


def folder_of(folder: Path, **plans: Path) -> Path:
    for name, plan in plans.items():
        (folder / name).mkdir(parents=True)
        shutil.copyfile(plan, folder / name / "plan.json")
    return folder


@pytest.mark.slow
def test_failures_refuse_and_are_told_everywhere(tmp_path: Path) -> None:
    bad = FIXTURES / "CKV_ECOM_26" / "fail.json"
    plans = folder_of(tmp_path / "plans", dev=bad)
    outputs = command.Outputs(tmp_path / "out" / "v.json", tmp_path / "out" / "v.sarif", tmp_path / "out" / "v.xml")
    console = Console(record=True, width=200)
    assert command.run(["dev"], plans, outputs, console) == 3
    told = console.export_text()
    assert "autotermination_minutes is 0" in told
    assert told.index("CRITICAL") < told.index("CKV_ECOM_26")
    records = json.loads((tmp_path / "out" / "v.json").read_text())
    failed = {record["id"] for record in records if record["result"] == "failed"}
    assert "CKV_ECOM_26" in failed
    results = json.loads((tmp_path / "out" / "v.sarif").read_text())["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == failed
    assert ET.parse(tmp_path / "out" / "v.xml").getroot().get("failures") == str(len(results))


@pytest.mark.slow
def test_a_run_that_checks_nothing_is_an_error(tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty.json", tmp_path / "broken.json"
    empty.write_text('{"terraform_version": "1.11.4", "planned_values": {"root_module": {}}}')
    broken.write_text("{")
    said = verdicts.ask_checkov([empty, broken])
    assert said["resources"] == 0
    with pytest.raises(CommandError, match="a run that checks nothing proves nothing"):
        verdicts.judged(said, {"dev": empty, "prod": broken})
    with pytest.raises(CommandError, match="checkov: Cannot load external check 'jobs'"):
        verdicts.judged({**said, "problems": ["Cannot load external check 'jobs': no such name"]}, {"dev": empty})


def test_an_environment_without_a_word_is_an_error(tmp_path: Path) -> None:
    rule = {"id": "CKV_ECOM_1", "title": "t", "severity": "LOW", "reason": "r", "fix": "f"}
    plans = {name: tmp_path / name for name in ("dev", "prod")}
    word = {"file": str(plans["dev"].resolve()), "id": "CKV_ECOM_1", "address": "a.b", "failed": False, "details": []}
    with pytest.raises(CommandError, match="'prod' has no resource to check"):
        verdicts.judged({"rules": [rule], "resources": 1, "problems": [], "verdicts": [word]}, plans)


def test_a_missing_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"dev/plan\.json: run ecom plan --environment dev first"):
        command.run(["dev"], tmp_path, command.Outputs(), Console())


def test_an_unknown_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'qa': expected local, dev, staging, prod"):
        command.run(["qa"], tmp_path, command.Outputs(), Console())


def test_without_checkov_the_mend_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"checkov is not installed .* run make setup"):
        verdicts.scan({"dev": tmp_path / "plan.json"}, tmp_path / "bin" / "python")
