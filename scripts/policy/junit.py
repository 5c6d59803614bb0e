"""Verdicts as JUnit XML, which CI servers show as tests."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from scripts.policy.verdicts import Verdict


def junit(verdicts: Iterable[Verdict]) -> str:
    """Return one suite per environment, one case per rule and resource; a waived one is skipped."""
    suites: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        suites.setdefault(verdict.environment, []).append(verdict)
    root = ET.Element(
        "testsuites", {"name": "policies", **_counts([each for group in suites.values() for each in group])}
    )
    for name, group in suites.items():
        suite = ET.SubElement(root, "testsuite", {"name": name, "errors": "0", "time": "0", **_counts(group)})
        for verdict in group:
            _case(suite, verdict)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(verdicts: list[Verdict]) -> dict[str, str]:
    results = [verdict.result for verdict in verdicts]
    return {
        "tests": str(len(results)),
        "failures": str(results.count("failed")),
        "skipped": str(results.count("waived")),
    }


def _case(suite: ET.Element, verdict: Verdict) -> None:
    rule = verdict.rule
    name = f"{rule.id} {rule.title}: {verdict.address}"
    case = ET.SubElement(suite, "testcase", classname=f"{verdict.environment}.{rule.id}", name=name, time="0")
    if verdict.result == "failed":
        failure = ET.SubElement(case, "failure", type=rule.severity, message="; ".join(verdict.details))
        failure.text = f"{rule.reason}\n{rule.fix}"
    elif verdict.result == "waived":
        ET.SubElement(case, "skipped", message=verdict.waiver)
