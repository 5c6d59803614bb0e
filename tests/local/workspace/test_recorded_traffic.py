"""What the official provider sent when it deployed 40 resources, planned and destroyed, is answered as it was then."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from string import Template
from typing import Any

import pytest
import requests

from local.workspace.process import RunningWorkspace, start

pytestmark = pytest.mark.slow
TRAFFIC = Path(__file__).parent / "recorded" / "provider_1_99.jsonl"


def objects(root: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(f"file:{root}/state.db?mode=ro", uri=True)
    try:
        found = set(connection.execute("select kind, id from objects"))
        found |= {("tree", path) for (path,) in connection.execute("select path from tree")}
        return found | {("secret", key) for (key,) in connection.execute("select key from secret_values")}
    finally:
        connection.close()


def filled(text: str, known: dict[str, Any]) -> str:
    """Put our ids where the recording had its own; "#name" stands for a number."""
    return Template(re.sub(r'"#(\w+)"', r"${\1}", text)).substitute(known)


# What reads one object of a collection back after its create, and the part of the answer that is the object.
ECHOES = {
    "/api/2.0/alerts": ("/api/2.0/alerts/{id}", ""),
    "/api/2.0/instance-pools/create": ("/api/2.0/instance-pools/get?instance_pool_id={instance_pool_id}", ""),
    "/api/2.0/lakeview/dashboards": ("/api/2.0/lakeview/dashboards/{dashboard_id}", ""),
    "/api/2.0/mlflow/experiments/create": (
        "/api/2.0/mlflow/experiments/get?experiment_id={experiment_id}",
        "experiment",
    ),
    "/api/2.0/notification-destinations": ("/api/2.0/notification-destinations/{id}", ""),
    "/api/2.0/policies/clusters/create": ("/api/2.0/policies/clusters/get?policy_id={policy_id}", ""),
    "/api/2.0/sql/alerts": ("/api/2.0/sql/alerts/{id}", ""),
    "/api/2.0/sql/queries": ("/api/2.0/sql/queries/{id}", ""),
    "/api/2.0/sql/warehouses": ("/api/2.0/sql/warehouses/{id}", ""),
    "/api/2.1/clusters/create": ("/api/2.1/clusters/get?cluster_id={cluster_id}", ""),
    "/api/2.1/unity-catalog/catalogs": ("/api/2.1/unity-catalog/catalogs/{name}", ""),
    "/api/2.1/unity-catalog/external-locations": ("/api/2.1/unity-catalog/external-locations/{name}", ""),
    "/api/2.1/unity-catalog/models": ("/api/2.1/unity-catalog/models/{full_name}", ""),
    "/api/2.1/unity-catalog/schemas": ("/api/2.1/unity-catalog/schemas/{full_name}", ""),
    "/api/2.1/unity-catalog/storage-credentials": ("/api/2.1/unity-catalog/storage-credentials/{name}", ""),
    "/api/2.1/unity-catalog/volumes": ("/api/2.1/unity-catalog/volumes/{full_name}", ""),
    "/api/2.2/jobs/create": ("/api/2.2/jobs/get?job_id={job_id}", "settings"),
}
# What is sent and not answered, or answered otherwise, as the real workspace does.
UNLIKE = {
    "config.generic_webhook.password": "secrets are not readable; the answer has password_set",
    "config.generic_webhook.url": "secrets are not readable; the answer has url_set",
    "config.generic_webhook.username": "secrets are not readable; the answer has username_set",
    "parent_path": "with /Workspace for queries and alerts, without for dashboards",
}


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return every scalar of a body by its path; a list's items count as theirs."""
    if isinstance(value, dict):
        return {key: leaf for name, inner in value.items() for key, leaf in leaves(inner, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {key: leaf for n, inner in enumerate(value) for key, leaf in leaves(inner, f"{path}[{n}]").items()}
    return {path.lstrip("."): value}


def test_every_recorded_request_gets_its_recorded_status_and_nothing_is_left(tmp_path: Path) -> None:
    steps = [json.loads(line) for line in TRAFFIC.read_text().splitlines()]
    assert len(steps) > 200
    with start(tmp_path / "root", arguments=["--no-driver"]) as server:
        before, known = objects(server.root), {"user": "developer@example.com"}
        created = [step for step in steps if step["phase"] == "apply"]
        after_apply = replay(server, created, known)
        assert len(after_apply - before) > 40
        unlike = echoes(server, created, known)
        assert unlike == UNLIKE.keys()
        planned = [step for step in steps if step["phase"] == "plan"]
        assert {step["method"] for step in planned} == {"GET"}
        assert replay(server, planned, known) == after_apply
        left = replay(server, [step for step in steps if step["phase"] == "destroy"], known) - before
        # Folders that the provider made only because a notebook or file needed them are not its resources.
        assert left == {("tree", f"/Shared/app{name}") for name in ("", "/nb", "/files", "/dash")}
        assert not (server.root / "log" / "unknown_routes.log").exists()


def echoes(server: RunningWorkspace, steps: list[dict[str, Any]], known: dict[str, Any]) -> set[str]:
    """Read back each created object; return the paths of what it was sent and does not say again."""
    unlike: set[str] = set()
    with requests.Session() as http:
        http.headers["Authorization"] = f"Bearer {server.token}"
        creates = [step for step in steps if step["path"] in ECHOES and step["status"] == 200]
        assert {step["path"] for step in creates} == ECHOES.keys()
        for step in creates:
            where, part = ECHOES[step["path"]]
            sent = json.loads(filled(json.dumps(step["body"]), known))
            names = {
                **sent,
                "full_name": ".".join(sent[n] for n in ("catalog_name", "schema_name", "name") if n in sent),
            }
            if "save" in step:
                names[step["save"][1]] = known[step["save"][0]]
            answer = http.get(server.host + where.format(**names), timeout=30).json()
            said = leaves(answer[part] if part else answer)
            sent = sent.get("query") or sent.get("alert") or sent
            unlike |= {path for path, value in leaves(sent).items() if said.get(path) != value}
    return unlike


def replay(server: RunningWorkspace, steps: list[dict[str, Any]], known: dict[str, Any]) -> set[tuple[str, str]]:
    with requests.Session() as http:
        http.headers.update({"Authorization": f"Bearer {server.token}", "User-Agent": "databricks-tf-provider/1.99.0"})
        for step in steps:
            body = filled(json.dumps(step["body"]), known) if "body" in step else None
            answer = http.request(step["method"], server.host + filled(step["path"], known), data=body, timeout=30)
            assert answer.status_code == step["status"], f"{step['method']} {step['path']}: {answer.text}"
            if "save" in step:
                name, field = step["save"]
                known[name] = answer.json()[field]
    return objects(server.root)
