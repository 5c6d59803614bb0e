"""The demo, step by step; every step is safe to repeat and the second run finds most of them done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Run
from rich.console import Console

from infra.environments import ENVIRONMENTS
from scripts import runs, toolchain, workspaces
from scripts.demo import deployment, landing, summary
from scripts.errors import CommandError

MASTER = "master_pipeline"
STACK = "local"
LOGS = toolchain.ROOT / ".local" / "log"
ENV_FILE = toolchain.ROOT / ".local" / "env"


@dataclass
class _Clock:
    """Collects the steps as they end."""

    console: Console
    steps: list[summary.Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time one step; the block appends a word or two on what it did."""
        detail: list[str] = []
        started = time.monotonic()
        with self.console.status(f"{name} …"):
            yield detail
        seconds = time.monotonic() - started
        self.steps.append(summary.Step(name, round(seconds, 1), ", ".join(detail)))
        self.console.print(f"  {name:<10} {seconds:6.1f} s   {', '.join(detail)}")


def run_demo(data: Path | None, port: int, provider_choice: str, console: Console) -> summary.Summary:
    """Deploy the platform into the local workspace, run master once, return what happened."""
    clock = _Clock(console)
    environment = ENVIRONMENTS[STACK]
    with clock.step("data") as said:
        folder = landing.prepare(data)
        said.append(str(data) if data else f"generated, {landing.GENERATED_DAYS} days")
    with clock.step("workspace") as said:
        workspace = workspaces.ensure(port)
        said.append(workspace.host + ("" if workspace.started else ", already running"))
    with clock.step("provider") as said:
        provider = _provider(provider_choice)
        said.append(f"{provider.origin} provider")
    env = toolchain.environment(provider, workspace.host, workspace.token)
    write_env_file(provider, workspace)
    with clock.step("deploy") as said:
        resources = deployment.deploy(STACK, env, LOGS / "deploy.log")
        said.append(f"{sum(resources.values())} resources")
    client = WorkspaceClient(host=workspace.host, token=workspace.token, auth_type="pat")
    landing.refuse_other_trade(client, folder, environment.catalog)
    with clock.step("upload") as said:
        sent = landing.upload(client, folder, environment.catalog)
        said.append(f"{sent.sent} of {sent.files} files new")
    with clock.step("master") as said:
        run, tasks = _run_master(client, environment.name_prefix + MASTER, console)
        said.append(f"{len(tasks)} tasks")
    with clock.step("measure") as said:
        tables = summary.measure_tables(client, environment.catalog)
        said.append(f"{len(tables)} tables")
    return summary.Summary(
        provider=provider.origin,
        data=str(data) if data else "generated",
        resources=dict(resources),
        run_id=run.run_id or 0,
        run_url=run.run_page_url or "",
        state="SUCCESS",
        tasks=[summary.TaskRow(t.path, t.state, round(t.seconds, 1), t.attempts) for t in tasks],
        tables=tables,
        steps=clock.steps,
        host=workspace.host,
    )


def _provider(choice: str) -> toolchain.Provider:
    if choice == "local":
        return toolchain.local_provider()
    official = toolchain.official_provider()
    if official is None and choice == "official":
        raise CommandError(
            "Provider 'official': Terraform cannot download databricks/databricks; use --provider local."
        )
    return official or toolchain.local_provider()


def write_env_file(provider: toolchain.Provider, workspace: workspaces.Workspace) -> None:
    """Leave what a person sources to type cdktf and ecom by hand; the token is read from its own file."""
    lines = [
        f'export PATH="{toolchain.ROOT}/.venv/bin:{toolchain.CDKTF.parent}:$PATH"',
        f'export TF_CLI_CONFIG_FILE="{provider.terraformrc}"',
        f'export DATABRICKS_HOST="{workspace.host}"',
        f'export DATABRICKS_TOKEN="$(cat "{workspaces.HOME}/token")"',
        "export DATABRICKS_AUTH_TYPE=pat CHECKPOINT_DISABLE=1 CDKTF_DISABLE_PLUGIN_CACHE_ENV=1",
    ]
    ENV_FILE.parent.mkdir(parents=True, exist_ok=True)
    ENV_FILE.touch(mode=0o600)
    ENV_FILE.write_text("\n".join(lines) + "\n")


def _run_master(client: WorkspaceClient, name: str, console: Console) -> tuple[Run, list[runs.TaskState]]:
    started = client.jobs.run_now(runs.job_id(client, name))
    follower = runs.Follower(client, started.run_id)
    reported: set[str] = set()
    while True:
        run = follower.run()
        tasks = list(follower.tasks(run))
        for task in tasks:
            if task.ended and task.path not in reported:
                reported.add(task.path)
                console.print(f"    {task.path:<42} {task.seconds:6.1f} s   {task.state}")
        if runs.ended(run):
            break
        time.sleep(runs.POLL_SECONDS)
    if not runs.succeeded(run):
        raise CommandError(f"{name} run {run.run_id} did not succeed: {runs.first_failure(client, tasks)}")
    return run, tasks
