"""What a look amounts to: exit code, JSON, Markdown, terminal, issue."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import ModuleType

import pytest
from rich.console import Console

from scripts.drift import command
from scripts.drift.findings import Finding, Proposal
from scripts.drift.markdown import LIMIT, markdown
from scripts.drift.report import Report
from scripts.drift.show import show
from tests.drift.worlds import ROOT, found, stack, world


def report(**changes: object) -> Report:
    detection = found(world())
    given: dict[str, object] = {
        "environment": "prod",
        "host": "http://127.0.0.1:1",
        "findings": (),
        "ignored": (),
        "detection": detection,
        "notes": detection.notes,
        "problems": {},
        "calls": 12,
        "seconds": 1.5,
    }
    return Report(**(given | changes))  # type: ignore[arg-type]


def drifted(**changes: object) -> Report:
    bent = world()
    bent.objects["databricks_job"]["1001"]["schedule"]["pause_status"] = "PAUSED"
    bent.objects["databricks_notebook"][f"{ROOT}/notebooks/a"]["content"] = "# Databricks notebook source\n``` @x\n"
    detection = found(bent)
    return report(findings=detection.findings, detection=detection, **changes)


def test_exit_codes() -> None:
    assert report().exit_code == 0
    assert drifted().exit_code == 2
    assert report(problems={"list of x": "no"}).exit_code == 1
    assert drifted(problems={"list of x": "no"}).exit_code == 1
    unknown = found(world(), stack(databricks_query={"q": {}}))
    assert report(findings=unknown.findings).exit_code == 1


def test_the_fingerprint_is_of_all_findings_in_any_order() -> None:
    one = drifted()
    assert report().fingerprint is None
    assert one.fingerprint == replace(one, findings=one.findings[::-1]).fingerprint
    assert one.fingerprint != replace(one, findings=one.findings[:1]).fingerprint


def test_json_is_one_object() -> None:
    said = json.loads(json.dumps(drifted().as_json()))
    assert said["verdict"] == "2 findings: 2 high"
    assert {each["path"] for each in said["findings"]} == {"schedule.pause_status", "content"}
    assert said["coverage"][0] == {"type": "alert", "declared": 1, "managed": 1, "seen": 1}


def test_a_terminal_shows_verdict_findings_ways_out_and_coverage() -> None:
    console = Console(width=200, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as captured:
        show(drifted(), console)
    text = captured.get()
    for said in (
        "2 findings: 2 high",
        "schedule.pause_status",
        "terraform plan -target=databricks_job.main",
        "infra/jobs/main.py: by_clock",
        "-print(1)",
        "coverage 8 managed of 10 seen · 12 calls in 1.5 s",
        "holds no secret yet",
    ):
        assert said in text


def test_markdown_calls_nobody_and_closes_its_fences() -> None:
    text = markdown(drifted())
    assert "````diff\n" in text
    assert "| 1 | high | changed | `databricks_job.main` | `schedule.pause_status` | `UNPAUSED` | `PAUSED` |" in text
    plain = text.split("````diff")[0] + text.split("````")[-1]
    assert "@x" not in plain


def test_markdown_of_very_much_drift_says_what_is_left_out() -> None:
    finding = Finding(
        kind="content",
        address="databricks_notebook.x",
        path="content",
        declared="a",
        actual="b",
        severity="high",
        proposal=Proposal("r" * 300, "a"),
        diff="+x\n" * 5000,
    )
    text = markdown(report(findings=tuple(replace(finding, address=f"x.n{number}") for number in range(1000))))
    assert len(text) <= LIMIT + 1
    assert "more are left out here" in text
    assert text.count("<details>") == text.count("</details>")


def test_an_issue_is_told_the_fingerprint_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The issue's own side is tested with GitHub's API; here is what it is handed."""
    calls: list[tuple[object, ...]] = []
    issues = ModuleType("scripts.github.issues")
    issues.sync_drift_issue = lambda *given: calls.append(given) or "opened"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "scripts.github", ModuleType("scripts.github"))
    monkeypatch.setitem(sys.modules, "scripts.github.issues", issues)
    one = drifted()
    assert command.hand_over(one) == "opened"
    assert command.hand_over(report()) == "opened"
    assert calls == [
        ("prod", markdown(one), one.fingerprint, "Drift in prod: 2 findings: 2 high"),
        ("prod", markdown(report()), None, "Drift in prod: no drift"),
    ]
    assert command.hand_over(report(problems={"x": "y"})).startswith("the issue stays as it is")
    assert len(calls) == 2
