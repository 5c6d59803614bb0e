"""What every environment would deploy keeps our own rules: the command as an operator types it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from infra.environments import ENVIRONMENTS
from scripts.policy import command
from scripts.policy.verdicts import SEVERITIES

pytestmark = pytest.mark.slow

# A rule about what the platform has none of; it still has its fixtures.
SILENT = {"CKV_ECOM_53"}


def test_every_environment_keeps_every_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECOM_RUN_AS", raising=False)
    outputs = command.Outputs(tmp_path / "v.json", tmp_path / "v.sarif", tmp_path / "v.xml")
    code = command.run([], None, outputs, Console(record=True))
    records = json.loads(outputs.to.read_text()) if outputs.to else []
    assert [record for record in records if record["result"] == "failed"] == []
    assert code == 0
    assert {record["environment"] for record in records} == set(ENVIRONMENTS)
    per_environment = Counter(record["environment"] for record in records)
    assert min(per_environment.values()) > 800
    spoken = {record["id"] for record in records}
    rules = json.loads((tmp_path / "v.sarif").read_text())["runs"][0]["tool"]["driver"]["rules"]
    ids = {rule["id"] for rule in rules} - {"CKV_ECOM_WAIVER"}
    assert ids - spoken == SILENT
    assert {record["severity"] for record in records} == set(SEVERITIES)
