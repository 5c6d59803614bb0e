"""`ecom drift` from the stack to the exit code."""

from __future__ import annotations

import importlib
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from rich.console import Console

from infra.environments import Environment
from scripts import answers, connection, toolchain
from scripts.console import say, say_json
from scripts.drift import actual, audit, declared, ignores
from scripts.drift.detection import detect
from scripts.drift.findings import Finding
from scripts.drift.markdown import markdown
from scripts.drift.report import COULD_NOT_TELL, Report
from scripts.drift.show import show
from scripts.errors import CommandError
from scripts.jobs import pauses
from scripts.jobs.pauses import Pause
from scripts.synth import synthesize

IGNORES = toolchain.ROOT / "infra" / "drift_ignores.toml"


@dataclass(frozen=True)
class Options:
    """What the command line says; `stack` is an already synthesized stack folder."""

    as_json: bool = False
    markdown: Path | None = None
    issue: bool = False
    stack: Path | None = None


def run(environment: str, options: Options) -> int:
    """Look for drift, print it and return 0 none, 2 drift, 1 could not tell."""
    env = connection.environment(environment)
    waiting = Console(stderr=True)
    client = connection.connect(env)
    with (
        waiting.status(f"synthesizing {env.name} …") as status,
        tempfile.TemporaryDirectory(prefix="ecom-drift-") as folder,
    ):
        stack_folder = options.stack or synthesize(env.name, Path(folder), os.environ)
        report = look(env, client, declared.load(stack_folder, os.environ), status.update)
    if options.markdown:
        options.markdown.write_text(markdown(report), encoding="utf-8")
    if options.issue:
        say(waiting, hand_over(report))
    _print(report, options.as_json)
    return report.exit_code


def look(env: Environment, client: WorkspaceClient, stack: declared.Stack, told: Callable[[str], None]) -> Report:
    """Read, compare, set aside what is ignored, ask the audit log; `told` hears how far it is."""
    entries = ignores.load(IGNORES)
    now = datetime.now(UTC)
    started = time.monotonic()
    try:
        world = actual.read(
            client, stack, env.workspace_root, lambda calls: told(f"reading {env.name}: {calls} calls …")
        )
        paused = pauses.read(client, env)
    except (DatabricksError, OSError, ValueError) as error:
        raise CommandError(f"Workspace {client.config.host}: {connection.first_line(error)}") from error
    seconds = time.monotonic() - started
    found = detect(stack, world, env)
    meant, over = _paused(paused, found.findings, now)
    kept = ignores.sort(found.findings, [*entries, *meant], now.date())
    findings, silence = list(kept.findings), ""
    if findings:
        told(f"asking the audit log of {env.name} …")
        findings, silence = audit.attribute(findings, lambda sql: _ask(client, env, sql))
    return Report(
        environment=env.name,
        host=str(client.config.host),
        findings=tuple(findings),
        ignored=kept.ignored,
        detection=found,
        notes=(*found.notes, *kept.notes, *over, *((silence,) if silence else ())),
        problems=dict(world.problems),
        calls=world.calls,
        seconds=seconds,
    )


def _paused(
    paused: Sequence[Pause], findings: Sequence[Finding], now: datetime
) -> tuple[list[ignores.Ignore], list[str]]:
    """Return the entries that pauses under way amount to where they are seen, and a note for each that is over."""
    entries = [ignores.of_pause(each) for each in paused if not each.expired(now)]
    over = [each for each in paused if each.expired(now)]
    notes = [f"pause of {each.job} is over since {each.until}: ecom jobs unpause --due" for each in over]
    return [each for each in entries if any(each.matches(finding) for finding in findings)], notes


def _ask(client: WorkspaceClient, env: Environment, sql: str) -> answers.Answer:
    """Ask the environment's warehouse; only when there is drift, for asking starts one that sleeps."""
    try:
        warehouse = connection.warehouse_id(client, env)
    except CommandError as error:
        return answers.Answer(problem=connection.first_line(error))
    return answers.ask(client, warehouse, sql)


def hand_over(report: Report) -> str:
    """Open, update or close the environment's issue and return what was done; nothing on half a look."""
    if report.exit_code == COULD_NOT_TELL:
        return "the issue stays as it is: not everything could be read"
    issues = importlib.import_module("scripts.github.issues")  # no other command needs a GitHub client
    return str(issues.sync_drift_issue(report.environment, markdown(report), report.fingerprint, title(report)))


def title(report: Report) -> str:
    """Return the title of the environment's issue."""
    return f"Drift in {report.environment}: {report.verdict}"


def _print(report: Report, as_json: bool) -> None:
    console = Console()
    if as_json:
        say_json(console, report.as_json())
    else:
        show(report, console)
