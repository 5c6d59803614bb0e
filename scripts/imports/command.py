"""`ecom import`: existing jobs, alerts and dashboards become the stack's own, by import blocks beside the stack.

`cdktf diff` and `cdktf deploy` take the file along. What they show beside the imports is an update in place where the
workspace holds something else than declared, or does not tell a value that is nought or a default (`max_retries = 0`,
`retry_on_timeout = false`): a provider cannot know it until it has written it once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.dashboards import LifecycleState
from databricks.sdk.service.sql import AlertLifecycleState

from scripts import toolchain
from scripts.imports import matching
from scripts.plans import surroundings
from scripts.plans.terraform import Terraform, managed
from scripts.session import Session, asking
from scripts.synth import synthesize

FILE = "imports.tf.json"
LOGS = toolchain.ROOT / ".local" / "log" / "import"


def run(session: Session, said: Sequence[str], output: Path, dry_run: bool) -> int:
    """Write the import blocks beside the synthesized stack, or only print them; return the exit code."""
    variables = surroundings.variables(session.env, session.client)
    with session.err.status(f"synthesizing {session.env.name} and reading its state …"):
        folder = synthesize(session.env.name, output, variables)
        stack = json.loads((folder / "cdk.tf.json").read_text())
        wanted = matching.chosen(matching.declared(stack), said)
        terraform = Terraform(folder, variables, LOGS)
        terraform.init()
        in_state = managed(terraform.state())
        with asking(session.client):
            found = matching.matches(wanted, in_state, present(session.client), strict=bool(said))
    for each in wanted:
        if said and each.address in in_state:
            session.tell(f"{each.said} is in the state already")
    blocks = matching.blocks(found)
    file = folder / FILE
    if not dry_run:
        file.write_text(json.dumps(blocks, indent=2) + "\n") if found else file.unlink(missing_ok=True)
    answer = {"environment": session.env.name, "dry_run": dry_run, "file": str(file) if found else None}
    session.answer({**answer, **blocks}, _text(blocks, folder, bool(found), dry_run))
    return 0


def present(client: WorkspaceClient) -> dict[str, dict[str, list[str]]]:
    """Return ids by name by kind of what the workspace holds, without what lies in its trash."""
    every: dict[str, Iterator[tuple[str | None, object]]] = {
        "job": ((job.settings.name if job.settings else None, job.job_id) for job in client.jobs.list(limit=100)),
        "alert": (
            (alert.display_name, alert.id)
            for alert in client.alerts_v2.list_alerts()
            if alert.lifecycle_state is not AlertLifecycleState.DELETED
        ),
        "dashboard": (
            (board.display_name, board.dashboard_id)
            for board in client.lakeview.list()
            if board.lifecycle_state is not LifecycleState.TRASHED
        ),
    }
    ids: dict[str, dict[str, list[str]]] = {}
    for kind, objects in every.items():
        ids[kind] = {}
        for name, identity in objects:
            ids[kind].setdefault(name or "", []).append(str(identity))
    return ids


def _text(blocks: Mapping[str, object], folder: Path, found: bool, dry_run: bool) -> str:
    if not found:
        return "nothing to import: what is declared is in the state, or a deploy will make it"
    if dry_run:
        return json.dumps(blocks, indent=2)
    return (
        f"wrote {os.path.relpath(folder)}/{FILE}; cdktf diff {folder.name} shows it, cdktf deploy {folder.name} does it"
    )
