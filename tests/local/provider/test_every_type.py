"""Each resource type is created, read, updated, replaced, imported and deleted, and its drift is seen."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from local.provider.resources import RESOURCES
from local.workspace.process import RunningWorkspace, start
from tests.local.provider.every_type import CASES, Call

PARALLEL = "-parallelism=20"


def _addresses(wanted: Callable[[Any], Any]) -> set[str]:
    return {f"{name}.x" for name, case in CASES.items() if wanted(case)}


def _write(folder: Path, *versions: str, **more: Any) -> None:
    """Write the configuration of every type, with its versions laid over each other."""
    resources = {}
    for name, case in CASES.items():
        arguments = dict(case.arguments)
        for version in versions:
            arguments |= getattr(case, version)
        resources[name] = {"x": {key: value for key, value in arguments.items() if value != {}}}
    (folder / "every.tf.json").write_text(json.dumps({"resource": resources, **more}, indent=1))


def _planned(text: str) -> dict[str, str]:
    """Return what a plan does to each resource."""
    found = re.findall(r"# (\S+) (?:will|must) be (\w+)", text)
    return {address: action for address, action in found if action != "read"}


def _objects(root: Path) -> set[tuple[str, ...]]:
    """Return all that the workspace keeps, folders aside."""
    connection = sqlite3.connect(f"file:{root}/state.db?mode=ro", uri=True)
    try:
        found = set(connection.execute("select kind, id from objects"))
        found |= {
            ("tree", path) for (path,) in connection.execute("select path from tree where object_type != 'DIRECTORY'")
        }
        return found | {("secret", key) for (key,) in connection.execute("select key from secret_values")}
    finally:
        connection.close()


def _drift(workspace: RunningWorkspace, call: Call, identity: str) -> None:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        return value.replace("{id}", identity) if isinstance(value, str) else value

    answer = requests.request(
        call.method,
        workspace.host + call.path.replace("{id}", identity),
        json=fill(call.body),
        headers={"Authorization": f"Bearer {workspace.token}"},
        timeout=30,
    )
    assert answer.ok, f"{call}: {answer.text}"


def test_there_is_a_case_for_each_type() -> None:
    assert CASES.keys() == RESOURCES.keys()


@pytest.mark.slow
def test_every_type_through_every_operation(workspace: RunningWorkspace, terraform: Callable[..., Any]) -> None:
    before = _objects(workspace.root)
    every = _addresses(lambda case: True)
    first = terraform(workspace.host, workspace.token, "")
    log = first.folder / "trace.log"
    first.environment.update(TF_LOG_PROVIDER="TRACE", TF_LOG_PATH=str(log))
    _write(first.folder)
    created = first.apply(PARALLEL)
    assert f"{len(CASES)} added, 0 changed, 0 destroyed" in created
    told = created + first.plan(expect=0) + log.read_text()
    assert [secret for secret in ("hunter2", workspace.token) if secret in told] == []

    changed = _addresses(lambda case: case.changed)
    _write(first.folder, "changed")
    text = first.apply(PARALLEL)
    assert _planned(text) == dict.fromkeys(changed, "updated")
    assert f"0 added, {len(changed)} changed, 0 destroyed" in text

    # A second state that imports them all; the first one is given up.
    ids = {address: str(values["id"]) for address, values in first.resources().items() if address in every}
    second = terraform(workspace.host, workspace.token, "")
    unreadable = _addresses(lambda case: not case.readable)
    secret = {"databricks_secret.x"}  # its value cannot be read, and a new value is a new secret
    blocks = [{"to": address, "id": ids[address]} for address in sorted(every - secret)]
    _write(second.folder, "changed", **{"import": blocks})
    text = second.apply(PARALLEL)
    assert f"{len(blocks)} imported, 1 added, {len(unreadable - secret)} changed, 0 destroyed" in text
    _write(second.folder, "changed")
    second.plan(expect=0)

    _every_drift_shows(workspace, second, ids)
    _everything_is_replaced(second, ids)
    second.run("destroy", "-auto-approve", "-input=false", PARALLEL)
    assert _objects(workspace.root) == before


def _every_drift_shows(workspace: RunningWorkspace, stack: Any, ids: dict[str, str]) -> None:
    # What lies in a scope goes before the scope does.
    for name, case in sorted(CASES.items(), key=lambda item: item[0] == "databricks_secret_scope"):
        _drift(workspace, case.drift, ids[f"{name}.x"])
    assert _planned(stack.plan(expect=2)) == {f"{name}.x": case.after_drift for name, case in CASES.items()}
    stack.apply(PARALLEL)
    stack.plan(expect=0)


def _everything_is_replaced(stack: Any, ids: dict[str, str]) -> None:
    """Change what makes a new object; where nothing does, ask for a new one by name."""
    before = {address: values["id"] for address, values in stack.resources().items() if address in ids}
    by_name = [f"-replace={address}" for address in sorted(_addresses(lambda case: not case.replaced))]
    _write(stack.folder, "changed", "replaced")
    text = stack.apply(PARALLEL, *by_name)
    assert _planned(text) == dict.fromkeys(ids, "replaced")
    assert f"{len(ids)} added, 0 changed, {len(ids)} destroyed" in text
    after = {address: values["id"] for address, values in stack.resources().items() if address in ids}
    assert {address for address in after if after[address] == before[address]} == set()
    stack.plan(expect=0)


@pytest.mark.slow
def test_what_a_new_workspace_does_not_know_is_made_anew(
    tmp_path_factory: pytest.TempPathFactory, terraform: Callable[..., Any]
) -> None:
    """A workspace that is gone takes everything with it: each type reads "gone", none stops the plan."""
    with start(tmp_path_factory.mktemp("old") / "root", arguments=["--no-driver"]) as old:
        stack = terraform(old.host, old.token, "")
        _write(stack.folder)
        stack.apply(PARALLEL)
    with start(tmp_path_factory.mktemp("new") / "root", arguments=["--no-driver"]) as new:
        again = terraform(new.host, new.token, "")
        _write(again.folder)
        shutil.copy(stack.folder / "terraform.tfstate", again.folder)
        assert _planned(again.plan(expect=2)) == {f"{name}.x": "created" for name in CASES}
        again.apply(PARALLEL)
        again.plan(expect=0)
