"""How long a plan of 5,000 changes takes to become a comment, beside reading its JSON alone."""

from __future__ import annotations

import base64
import json
import statistics
import time
from datetime import UTC, datetime
from typing import Any

from scripts.bench.measurement import Measurement, against
from scripts.review import prices
from scripts.review.document import document
from scripts.review.facts import Facts
from scripts.review.markdown import markdown
from scripts.review.review import review

_GOAL_SECONDS = 5.0
_ROUNDS = 3  # the median of so many counts


def measure_review(count: int = 5000) -> list[Measurement]:
    """Time review, comment and JSON of a plan with so many changes; the floor is json.loads of the same plan."""
    text = json.dumps(plan(count))
    known = prices.load()
    floors, figures = [], []
    for _ in range(_ROUNDS):
        started = time.process_time()
        parsed = json.loads(text)
        read = time.process_time()
        found = review(parsed, _facts(), known, None)
        markdown(found)
        json.dumps(document(found))
        floors.append(read - started)
        figures.append(time.process_time() - started)
    note = f"CPU time; floor: json.loads of its {len(text) / 1e6:.1f} MB"
    name = f"comment of a plan of {count:,} changes"
    return [against(name, figures, statistics.median(floors), _GOAL_SECONDS, note)]


def plan(count: int) -> dict[str, Any]:
    """Return a plan of so many changes in the shares of a platform: mostly files, a job and an alert among ten."""
    makers = (_job, _alert, _permissions, _schema, *6 * (_file,))
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "resource_changes": [_entry(number, *makers[number % len(makers)](number)) for number in range(count)],
    }


def _entry(number: int, kind: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    actions = (["update"], ["update"], ["create"], ["delete"], ["delete", "create"])[number // 10 % 5]
    return {
        "address": f"{kind}.thing_{number}",
        "mode": "managed",
        "type": kind,
        "name": f"thing_{number}",
        "change": {
            "actions": actions,
            "before": None if actions == ["create"] else before,
            "after": None if actions == ["delete"] else after,
            "after_unknown": {"id": True},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    }


def _job(number: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    def side(hour: int) -> dict[str, Any]:
        schedule = {"quartz_cron_expression": f"0 {number % 60} {hour} * * ?", "timezone_id": "UTC"}
        tasks = [{"task_key": f"t{place}", "max_retries": 2, "timeout_seconds": 3600} for place in range(6)]
        return {"name": f"job {number}", "schedule": [{**schedule, "pause_status": "UNPAUSED"}], "task": tasks}

    return "databricks_job", side(7), side(8)


def _alert(number: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    def side(limit: int) -> dict[str, Any]:
        query = "\n".join(f"-- {limit}: column_{line} of gold.table_{line}" for line in range(40))
        evaluation = {"comparison_operator": "GREATER_THAN", "threshold": {"value": {"double_value": limit}}}
        return {"display_name": f"alert {number}", "query_text": query, "evaluation": evaluation}

    return "databricks_alert_v2", side(24), side(48)


def _permissions(number: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    def side(level: str) -> dict[str, Any]:
        return {"job_id": str(number), "access_control": [{"group_name": "analysts", "permission_level": level}]}

    return "databricks_permissions", side("CAN_VIEW"), side("CAN_MANAGE")


def _schema(number: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return "databricks_schema", {"name": f"s{number}", "comment": "a"}, {"name": f"s{number}", "comment": "b"}


def _file(number: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    def side(word: str) -> dict[str, Any]:
        lines = "".join(f"print({line}, '{word if line % 20 == 0 else ''}')\n" for line in range(60))
        return {"path": f"/Shared/{number}.py", "content_base64": base64.b64encode(lines.encode()).decode()}

    return "databricks_workspace_file", side("one"), side("two")


def _facts() -> Facts:
    return Facts(
        "bench", "bench", "0" * 64, "0" * 40, False, "", 1, "1.9.8", "1.99.0", datetime(2026, 11, 23, tzinfo=UTC)
    )
