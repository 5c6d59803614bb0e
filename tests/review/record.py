"""`python -m tests.review.record [EDIT…]`: make the recorded plans again, through real CDKTF and Terraform.

Deploys prod once into a local workspace of its own, then synthesizes and plans each edit (about 10 s each) and keeps
of every plan what a review reads: the changed resources and what they need, without the values that are empty. Texts
that are long and the same on both sides are cut to their first line, so that a fixture stays readable.
Comments are rewritten by `pytest tests/review --golden`, not here.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from cdktf import App

from infra import platform
from infra.environments import ENVIRONMENTS, LocalState
from infra.provider_lock import write_provider_lock
from infra.stack import EnvironmentStack
from local.workspace import process
from scripts import toolchain
from tests.review.edits import EDITS, Edit

PLANS = Path(__file__).parent / "plans"
_RUN_AS = "01234567-89ab-cdef-0123-456789abcdef"
_TODAY = date(2026, 11, 23)
_LONG = 200
_FACTS = {
    "environment": "prod",
    "stack": "prod",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit": "0b5d1c7e9a3f4e2d8c6b7a5f1e3d2c4b6a798081",
    "dirty": False,
    "state": {"lineage": "5d1c9a52-6d0c-4a0e-9d9d-1b2c3d4e5f60", "serial": 7},
    "terraform": "1.9.8",
    "provider": "1.99.0",
    "planned_at": "2026-11-23T06:30:00+00:00",
}
# What the review reads even where it does not change: the warehouse for its price, jobs that a changed job runs.
_NEEDED = {"databricks_sql_endpoint"}
_OF_A_CHILD = ("id", "name", "schedule", "health", "job_cluster", "task")
_OF_A_CLUSTER = ("node_type_id", "num_workers")
_OF_A_TASK = ("task_key", "job_cluster_key", "max_retries", "dbt_task", "run_job_task")


def main(names: list[str]) -> None:
    """Record the named edits, or all."""
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        root = Path(folder)
        stack = synthesize(toolchain.ROOT, root)
        base = json.loads((stack / "cdk.tf.json").read_text())
        with process.start(root / "workspace", arguments=("--no-driver",)) as workspace:
            env = toolchain.environment(toolchain.local_provider(), workspace.host, workspace.token)
            _terraform(stack, env, "init", "-input=false")
            _terraform(stack, env, "apply", "-input=false", "-auto-approve")
            for name in names or EDITS:
                plan = _plan(EDITS[name], base, stack, env, root / name)
                folder_of_edit = PLANS / name
                folder_of_edit.mkdir(parents=True, exist_ok=True)
                text = json.dumps(small(plan), separators=(",", ":"), ensure_ascii=False)
                text = text.replace(str(root), "/local")  # where a volume lies on this machine is nobody's business
                (folder_of_edit / "plan.json").write_text(text + "\n")
                facts = {**_FACTS, "terraform": plan["terraform_version"]}
                (folder_of_edit / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
                print(f"{name}: {len(text):,} bytes", flush=True)


def synthesize(repository: Path, root: Path) -> Path:
    """Synthesize prod as a repository says and return the folder of its stack."""
    env = replace(ENVIRONMENTS["prod"], run_as=_RUN_AS, state=LocalState(root / "state"))
    app = App(outdir=str(Path(tempfile.mkdtemp(dir=root)) / "out"), stack_traces=False)
    EnvironmentStack(app, env, platform.load(repository, env, _TODAY), repository)
    app.synth()
    stack = Path(app.outdir) / "stacks" / "prod"
    write_provider_lock(stack)
    return stack


def _plan(edit: Edit, base: Mapping[str, Any], stack: Path, env: Mapping[str, str], work: Path) -> dict[str, Any]:
    document = json.loads(json.dumps(base))
    if edit.texts:
        repository = work / "repository"
        for room in ("infra", "notebooks", "dbt", "sql"):
            shutil.copytree(toolchain.ROOT / room, repository / room, ignore=shutil.ignore_patterns("__pycache__"))
        for path, old, new in edit.texts:
            text = (repository / path).read_text()
            assert old in text, f"{path} holds no {old!r}"
            (repository / path).write_text(text.replace(old, new, 1))
        document["resource"] = json.loads((synthesize(repository, work) / "cdk.tf.json").read_text())["resource"]
    if edit.patch:
        edit.patch(document["resource"])
    document["moved"] = [{"from": old, "to": new} for old, new in edit.moved]
    (stack / "cdk.tf.json").write_text(json.dumps(document))
    targets = [f"-target={address}" for address in edit.targets]
    # Nobody else touches this workspace: reading it again before each plan would only take time.
    _terraform(stack, env, "plan", "-input=false", "-refresh=false", "-out=edit.tfplan", *targets)
    plan: dict[str, Any] = json.loads(_terraform(stack, env, "show", "-json", "edit.tfplan"))
    return plan


def _terraform(stack: Path, env: Mapping[str, str], *arguments: str) -> str:
    command = ["terraform", f"-chdir={stack}", *arguments]
    result = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"terraform {arguments[0]}: {result.stderr[-2000:]}"
    return result.stdout


def small(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a plan what a review of it reads."""
    kept = []
    children = _children(plan)
    for entry in plan["resource_changes"]:
        changed = entry["change"]["actions"] != ["no-op"] or "previous_address" in entry
        if changed or entry["type"] in _NEEDED or _watches(entry, plan):
            kept.append({**entry, "change": _small_change(entry["change"], changed)})
        elif entry["type"] == "databricks_job" and entry["change"]["before"]["id"] in children:
            side = _child(entry["change"]["before"])
            kept.append({**entry, "change": {"actions": ["no-op"], "before": side, "after": side}})
    return {"format_version": plan["format_version"], "terraform_version": plan["terraform_version"],
            "resource_changes": kept}  # fmt: skip


def _children(plan: Mapping[str, Any]) -> set[str]:
    """Return the ids of the jobs that changed jobs run."""
    tasks = [
        task
        for each in plan["resource_changes"]
        if each["type"] == "databricks_job" and each["change"]["actions"] != ["no-op"]
        for task in (each["change"]["after"] or {}).get("task", [])
    ]
    return {str(block["job_id"]) for task in tasks for block in task.get("run_job_task") or []}


def _child(job: Mapping[str, Any]) -> Any:
    """Return of a job what its cost is made of."""
    side = {name: job[name] for name in _OF_A_CHILD}
    side["job_cluster"] = [
        {"new_cluster": [{name: block[name] for name in _OF_A_CLUSTER} for block in cluster["new_cluster"]]}
        for cluster in job["job_cluster"]
    ]
    side["task"] = [{name: task[name] for name in _OF_A_TASK} for task in job["task"]]
    for task in side["task"]:
        task["dbt_task"] = [{"schema": "default"}] if task["dbt_task"] else []
    return _filled(side)


def _watches(entry: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
    """Whether a file says which threshold an alert watches, in a plan that moves a threshold and that alert."""
    if not entry["name"].startswith("sql-alerts-"):
        return False
    alert = entry["name"].removeprefix("sql-alerts-").removesuffix("_toml")
    moved = {each["name"] for each in plan["resource_changes"] if each["change"]["actions"] != ["no-op"]}
    return {"sql-thresholds_toml", alert} <= moved


def _small_change(change: Mapping[str, Any], changed: bool) -> dict[str, Any]:
    before, after = change.get("before"), change.get("after")
    if not changed:
        before = after = _filled(before)
    if isinstance(before, dict) and isinstance(after, dict):
        before, after = _abridged(before, after)
    elif isinstance(before, dict):
        before = {name: _first_line(value) for name, value in before.items()}
    kept = {**change, "before": _filled(before), "after": _filled(after)}
    for name in ("before_sensitive", "after_sensitive", "after_unknown"):
        kept[name] = _filled(change.get(name), drop_false=True)
    return {name: value for name, value in kept.items() if value not in ({}, [], None) or name in ("before", "after")}


def _filled(value: Any, drop_false: bool = False) -> Any:
    """Return a value without what is empty in it."""
    if isinstance(value, dict):
        filled = {name: _filled(each, drop_false) for name, each in value.items()}
        return {name: each for name, each in filled.items() if not _empty(each, drop_false)}
    if isinstance(value, list):
        items = [_filled(each, drop_false) for each in value]
        return items if not drop_false or not all(_empty(each, True) for each in items) else []
    return value


def _empty(value: Any, false_too: bool) -> bool:
    return value is None or value in ({}, []) or (false_too and value is False)


def _abridged(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = dict(before), dict(after)
    for name in before.keys() & after.keys():
        left, right = before[name], after[name]
        if not isinstance(left, str) or not isinstance(right, str) or len(left) + len(right) < _LONG:
            continue
        if name == "serialized_dashboard":
            old[name], new[name] = _small_dashboards(left, right)
        elif left == right and name != "content_base64":
            old[name] = new[name] = _first_line(left)
        elif name == "content_base64":
            texts = _same_left_out(*(base64.b64decode(text).decode() for text in (left, right)))
            old[name], new[name] = (base64.b64encode(text.encode()).decode() for text in texts)
        else:
            old[name], new[name] = _same_left_out(left, right)
    return old, new


def _first_line(value: Any) -> Any:
    return f"{value.splitlines()[0]} …" if isinstance(value, str) and len(value) > _LONG else value


def _same_left_out(left: str, right: str) -> tuple[str, str]:
    """Return two texts without the paragraphs that both have, once they are long."""
    if len(left) + len(right) < 4000:
        return left, right
    old, new = left.split("\n\n"), right.split("\n\n")
    shared = set(old) & set(new)
    left, right = ("\n\n".join(part for part in parts if part not in shared) for parts in (old, new))
    return left, right


def _small_dashboards(left: str, right: str) -> tuple[str, str]:
    """Return two definitions without their questions and without the tiles that both have in the same place."""
    documents = [json.loads(text) for text in (left, right)]
    placed = [[json.dumps(place) for page in each["pages"] for place in page["layout"]] for each in documents]
    shared = set(placed[0]) & set(placed[1])
    for document in documents:
        document["datasets"] = [{"name": each["name"], "queryLines": []} for each in document["datasets"]]
        for page in document["pages"]:
            page["layout"] = [place for place in page["layout"] if json.dumps(place) not in shared]
    old, new = (json.dumps(document) for document in documents)
    return old, new


if __name__ == "__main__":
    main(sys.argv[1:])
