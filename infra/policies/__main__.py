"""`python -m infra.policies PLAN…`: run the rules with checkov's runner and print one JSON object."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from checkov.runner_filter import RunnerFilter
from checkov.terraform.checks.resource.registry import resource_registry
from checkov.terraform.plan_runner import Runner

HERE = Path(__file__).resolve().parent


class _Errors(logging.Handler):
    """Keeps what checkov logs as an error: it goes on without a rule that cannot be loaded."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message with its cause."""
        cause = f": {record.exc_info[1]}" if record.exc_info else ""
        self.said.append(f"{record.getMessage()}{cause}")


def scan(files: list[str]) -> dict[str, Any]:
    """Return the rules, the number of resources and the verdicts on the plans."""
    chosen = RunnerFilter(framework=["terraform_plan"], checks=["CKV_ECOM_*"])
    said: list[str] = []
    logging.getLogger().addHandler(_Errors(said))
    report = Runner().run(files=files, external_checks_dir=[str(HERE)], runner_filter=chosen)
    rules = {check.id: check for _, check in resource_registry.all_checks() if check.id.startswith("CKV_ECOM_")}
    return {
        "rules": [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity_word,
                "reason": rule.reason,
                "fix": rule.fix,
                "kinds": list(rule.kinds),
            }
            for rule in sorted(rules.values(), key=lambda rule: rule.number)
        ],
        "resources": len(report.resources),
        "problems": [*said, *(f"{file} is no plan" for file in sorted(report.parsing_errors))],
        "verdicts": [
            {
                "file": record.file_abs_path,
                "id": record.check_id,
                "address": record.resource_address,
                "failed": record.check_result["result"].value == "FAILED",
                "details": record.details,
            }
            for record in (*report.failed_checks, *report.passed_checks)
        ],
    }


if __name__ == "__main__":
    json.dump(scan(sys.argv[1:]), sys.stdout)
