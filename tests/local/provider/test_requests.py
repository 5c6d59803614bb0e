"""For the same configuration the provider asks the workspace for the same things as the official one.

`configuration/` is what the official provider 1.99.0 deployed, planned and destroyed when its requests were recorded;
`../workspace/recorded/` holds them. (One addition sends nothing: the experiment waits for its folder.) Terraform asks
in any order, so requests are compared as a multiset; what they differ in is in one table, and the table must be exact.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.faults import Proxy

RECORDED = Path(__file__).parents[1] / "workspace" / "recorded" / "provider_1_99.jsonl"


@dataclass(frozen=True)
class Difference:
    """Lines that match `pattern`: how many the official provider has more, how many ours, and why."""

    pattern: str
    official: int
    ours: int
    why: str


DIFFERENCES = (
    Difference(
        r'apply POST /api/2\.0/alerts .*"display_name": "v2",.*',
        official=1,
        ours=1,
        why="The parent_path here begins with /Workspace, as the real service answers it: without, the official "
        "provider fails there too. The server of the recording gave back what it got.",
    ),
    Difference(
        r"destroy GET /api/2\.0/preview/scim/v2/Me -> 200",
        official=0,
        ours=1,
        why="Ours tries the token whenever Terraform configures it, so that a wrong one is one error and not many. To "
        "destroy, Terraform configures it three times; the official provider asks when it first needs to know.",
    ),
)

# What the recording calls an object, its address in the configuration, and what of it the requests carry.
NAMES = {
    "a1": ("databricks_alert.al", "id"),
    "bronze": ("databricks_job.bronze", "id"),
    "cluster": ("databricks_cluster.c", "id"),
    "dash1": ("databricks_dashboard.inl", "id"),
    "dash2": ("databricks_dashboard.file", "id"),
    "exp": ("databricks_mlflow_experiment.e", "id"),
    "hook": ("databricks_notification_destination.hook", "id"),
    "mail": ("databricks_notification_destination.email", "id"),
    "node": ("data.databricks_node_type.smallest", "id"),
    "one": ("databricks_notebook.n", "object_id"),
    "orch": ("databricks_job.orch", "id"),
    "pol": ("databricks_cluster_policy.p", "id"),
    "pool": ("databricks_instance_pool.pool", "id"),
    "q1": ("databricks_query.q", "id"),
    "q2": ("databricks_query.q_home", "id"),
    "silver": ("databricks_job.silver", "id"),
    "sql": ("databricks_directory.d", "object_id"),
    "user": ("data.databricks_current_user.me", "user_name"),
    "v2": ("databricks_alert_v2.a2", "id"),
    "v2min": ("databricks_alert_v2.min", "id"),
    "wh": ("databricks_sql_endpoint.w", "id"),
}
# What the data source `node` chose in the recording.
RECORDED_NODE = "i3.xlarge"
# Where a short number is an id.
NUMBERS = {
    "databricks_job": r'job_id=|"job_id": |/jobs/',
    "databricks_mlflow_experiment": r'experiment_id=|"experiment_id": "',
    "databricks_notebook": "/notebooks/",
    "databricks_directory": "/directories/",
}


def ordered(value: Any) -> Any:
    """Sort the lists in which order says nothing."""
    if isinstance(value, dict):
        return {
            key: sorted(inner, key=json.dumps) if key in ("access_control_list", "subscriptions") else inner
            for key, inner in ((key, ordered(inner)) for key, inner in value.items())
        }
    return [ordered(item) for item in value] if isinstance(value, list) else value


def line(phase: str, method: str, path: str, body: Any, status: int | None) -> str:
    """Write a request as a line; a query in any order, a lone question mark is none."""
    where, _, query = path.partition("?")
    asked = "?" + "&".join(sorted(unquote(query).split("&"))) if query else ""
    sent = "" if body is None else f" {json.dumps(ordered(body), sort_keys=True)}"
    return f"{phase} {method} {where}{asked}{sent} -> {status}"


def official_lines() -> Counter[str]:
    """Return the recorded requests, ids by name."""
    found: Counter[str] = Counter()
    for step in map(json.loads, RECORDED.read_text().splitlines()):
        text = line(step["phase"], step["method"], step["path"], step.get("body"), step["status"])
        text = re.sub(r'"#(\w+)"|\$\{(\w+)\}', lambda name: f"<{name[1] or name[2]}>", text)
        found[text.replace(RECORDED_NODE, "<node>")] += 1
    return found


def our_lines(phase: str, requests: Iterable[Any], resources: dict[str, dict[str, Any]]) -> Counter[str]:
    """Return what went through the proxy, ids by name."""
    found: Counter[str] = Counter()
    for request in requests:
        text = line(phase, request.method, request.path, request.body, request.status)
        for name, (address, attribute) in NAMES.items():
            identity = re.escape(str(resources[address][attribute]))
            before = NUMBERS.get(address.partition(".")[0], "")
            text = re.sub(rf"({before}){identity}\b", rf"\1<{name}>", text)
        found[text] += 1
    return found


def unexplained(official: Counter[str], ours: Counter[str], table: Iterable[Difference]) -> list[str]:
    """Return the differences that the table does not have, and the rows of it that are not so."""
    more = {"official": official - ours, "ours": ours - official}
    problems = []
    for row in table:
        for side, surplus in more.items():
            matched = [text for text in surplus if re.fullmatch(row.pattern, text)]
            count, expected = sum(surplus.pop(text) for text in matched), getattr(row, side)
            if count != expected:
                problems.append(f"{row.pattern}: {side} has {count} more, not {expected}")
    return problems + [f"only {side} ({n}x): {text}" for side, surplus in more.items() for text, n in surplus.items()]


def test_the_table_of_differences_is_checked_both_ways() -> None:
    official, ours = Counter({"plan GET /a -> 200": 2}), Counter({"plan GET /a -> 200": 1, "plan GET /b -> 200": 1})
    once, new = Difference(r".* /a .*", 1, 0, "asks once"), Difference(r".* /b .*", 0, 1, "asks more")
    assert unexplained(official, ours, (once, new)) == []
    assert unexplained(official, ours, (once,)) == ["only ours (1x): plan GET /b -> 200"]
    assert unexplained(official, official, (once,)) == [".* /a .*: official has 0 more, not 1"]


def test_the_recording_has_every_object_that_is_compared() -> None:
    text = "\n".join(official_lines())
    assert {name for name in NAMES if f"<{name}>" not in text} == set()
    assert sum(official_lines().values()) == 242


@pytest.mark.slow
def test_same_requests_as_the_official_provider(untouched: tuple[Proxy, str], terraform: Callable[..., Any]) -> None:
    proxy, token = untouched
    stack = terraform(proxy.host, token)
    stack.apply()
    applied, resources = proxy.requests[:], stack.resources()
    stack.plan(expect=0)
    planned = proxy.requests[len(applied) :]
    stack.destroy()
    destroyed = proxy.requests[len(applied) + len(planned) :]

    ours: Counter[str] = Counter()
    for phase, requests in {"apply": applied, "plan": planned, "destroy": destroyed}.items():
        ours += our_lines(phase, requests, resources)
    problems = unexplained(official_lines(), ours, DIFFERENCES)
    assert not problems, "\n".join(problems)
