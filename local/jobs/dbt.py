"""dbt_task: the unmodified dbt CLI on a copy of the project, in a process group of its own, against our warehouse."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import yaml

from local.errors import invalid
from local.jobs.attempts import Attempt, Ending, Runner
from local.jobs.dbt_process import KEPT, processes
from local.jobs.files import workspace_file
from local.jobs.states import SUCCESS, Outcome, failed
from local.services import Services

THREADS = 4
_LOG_TAIL = 100_000
_PARSED = "target/partial_parse.msgpack"


def runner(services: Services) -> Runner:
    """Return the runner."""

    def run(attempt: Attempt) -> Ending:
        folder = services.root / "runs" / str(attempt.task_run.run_id)
        commands = _commands(attempt)
        project = _copy_project(services.root, attempt.task, folder)
        parsed = _parse_cache(services.root, attempt.task, commands)
        if parsed.exists():
            (project / "target").mkdir(exist_ok=True)
            shutil.copyfile(parsed, project / _PARSED)
        environment = _environment(services, attempt.task, project, folder)
        order = {
            "commands": commands,
            "report": str(folder / "report.json"),
            "folder": str(project),
            "environment": environment,
        }
        with (folder / "dbt.log").open("wb") as log:
            code = _supervise(order, log, attempt)
        if code == 0:  # a killed dbt may leave half a file
            _keep_parse(project / _PARSED, parsed)
        output = _output(services, attempt, folder, project)
        if attempt.stop.outcome is not None and code:
            return Ending(attempt.stop.outcome, output)
        return _ending(commands, folder, code, output)

    return run


def _commands(attempt: Attempt) -> list[list[str]]:
    given = attempt.job_run.overrides.get("dbt_commands") or attempt.task.get("commands") or []
    if not 1 <= len(given) <= 10:
        raise invalid(f"dbt_task needs 1 to 10 commands, not {len(given)}.")
    commands = []
    for text in given:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise invalid(f"dbt command '{text}' cannot be read: {error}.") from None
        if words[:1] != ["dbt"]:
            raise invalid(f"dbt command '{text}' must start with 'dbt'.")
        commands.append(words[1:])
    return commands


def _copy_project(root: Path, task: Mapping[str, Any], folder: Path) -> Path:
    source = workspace_file(root, task.get("project_directory") or "")
    if not (source / "dbt_project.yml").is_file():
        raise invalid(f"There is no dbt_project.yml in '{task.get('project_directory')}'.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    project = folder / "dbt"
    shutil.copytree(source, project, ignore=shutil.ignore_patterns("target", "logs"))
    return project


def _parse_cache(root: Path, task: Mapping[str, Any], commands: Sequence[Sequence[str]]) -> Path:
    # dbt itself checks that a kept parse still fits (file checksums, vars, profile, version) and parses anew if not.
    # Tasks with other vars than their neighbours keep their own: else each would throw away what the last one kept.
    variables = [word for command in commands for before, word in pairwise(command) if before == "--vars"]
    place = [task.get(name) for name in ("project_directory", "catalog", "schema")]
    key = hashlib.sha256(repr([*place, *sorted(set(variables))]).encode())
    return root / "runs" / "dbt-parsed" / f"{key.hexdigest()[:16]}.msgpack"


def _keep_parse(made: Path, kept: Path) -> None:
    if made.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}-{made.stat().st_ino}")
        shutil.copyfile(made, partial)
        partial.replace(kept)


def _environment(services: Services, task: Mapping[str, Any], project: Path, folder: Path) -> dict[str, str]:
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {
        "DBT_HOST": urlsplit(services.base_url).netloc,
        "DBT_ACCESS_TOKEN": (services.root / "token").read_text().strip(),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
        "DO_NOT_TRACK": "1",
    }
    certificate = services.root / "tls" / "cert.pem"
    if certificate.exists():
        environment["REQUESTS_CA_BUNDLE"] = str(certificate)
    if task.get("warehouse_id"):
        profiles = folder / "profile"
        profiles.mkdir(exist_ok=True)
        (profiles / "profiles.yml").write_text(yaml.safe_dump(_profile(services, task, project, certificate)))
    else:
        profiles = project / (task.get("profiles_directory") or ".")
    environment["DBT_PROFILES_DIR"] = str(profiles)
    return environment


def _profile(services: Services, task: Mapping[str, Any], project: Path, certificate: Path) -> dict[str, Any]:
    name = yaml.safe_load((project / "dbt_project.yml").read_text()).get("profile") or "default"
    host = urlsplit(services.base_url).netloc
    path = f"/sql/1.0/warehouses/{task['warehouse_id']}"
    target = {
        "type": "databricks",
        "host": host,
        "http_path": path,
        "token": "{{ env_var('DBT_ACCESS_TOKEN') }}",
        "schema": task.get("schema") or "default",
        "threads": THREADS,
        "connect_retries": 1,
        "connection_parameters": {
            "_connection_uri": f"https://{host}{path}",
            "_tls_trusted_ca_file": str(certificate),
            "use_cloud_fetch": False,
            "enable_telemetry": False,
            "_retry_stop_after_attempts_count": 2,
            "_retry_delay_max": 5,
        },
    }
    if task.get("catalog"):
        target["catalog"] = task["catalog"]
    return {name: {"target": "databricks", "outputs": {"databricks": target}}}


def _supervise(order: dict[str, Any], log: IO[bytes], attempt: Attempt) -> int:
    process = processes().start(order, log)
    attempt.stop.on_request(process.end)
    return process.wait()


def _output(services: Services, attempt: Attempt, folder: Path, project: Path) -> dict[str, Any]:
    data = (folder / "dbt.log").read_bytes()
    output: dict[str, Any] = {
        "logs": data[-_LOG_TAIL:].decode(errors="replace"),
        "logs_truncated": len(data) > _LOG_TAIL,
    }
    if (project / "target").is_dir():
        with tarfile.open(folder / "artifacts.tar.gz", "w:gz", compresslevel=1) as archive:
            archive.add(project / "target", "target", filter=lambda item: None if item.name == _PARSED else item)
        link = f"{services.base_url}/dbt-artifacts/{attempt.task_run.run_id}"
        output["dbt_output"] = {"artifacts_link": link, "artifacts_headers": {}}
    return output


def _ending(commands: list[list[str]], folder: Path, code: int, output: dict[str, Any]) -> Ending:
    if code == 0:
        return Ending(SUCCESS, output)
    report = folder / "report.json"
    done = json.loads(report.read_text()) if report.exists() else []
    if not done or done[-1]["exit_code"] == 0:
        text = f"dbt ended with code {code} during command {len(done) + 1} of {len(commands)}"
        outcome = Outcome("FAILED", f"{text}; see logs.", "RUN_EXECUTION_ERROR")
        return Ending(outcome, {**output, "error": text})
    text = f"dbt command 'dbt {shlex.join(done[-1]['command'])}' failed with exit code {code}"
    return Ending(failed(f"{text}; see logs."), {**output, "error": f"{text}. {done[-1]['error']}".strip()})
