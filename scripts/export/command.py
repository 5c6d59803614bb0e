"""`ecom export terraform`: the way out of CDKTF, with the state that is there."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts import connection
from scripts.console import say
from scripts.errors import CommandError
from scripts.export import plain
from scripts.synth import synthesize


def run(environment: str, to: Path, console: Console) -> None:
    """Write an environment as plain Terraform into a new or empty folder; all of it or nothing."""
    env = connection.environment(environment)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise CommandError(f"--to {str(to)!r} is not empty; name a new folder.")
    with Console(stderr=True).status(f"synthesizing {env.name} …"):
        stack = declared(env.name)
    files = plain.files(stack, to)
    _write(files, to)
    resources = sum(len(each) for each in stack.get("resource", {}).values())
    say(
        console,
        f"{to}: {resources} resources in {len(files)} files. Next: terraform -chdir={to} init, then plan: it shows no"
        " change where the environment is deployed as it stands here.",
    )


def declared(environment: str) -> dict[str, Any]:
    """Return what CDKTF declares for one environment; CommandError with what the app says is wrong."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        stack = synthesize(environment, Path(folder), os.environ)
        document: dict[str, Any] = json.loads((stack / "cdk.tf.json").read_text())
    return document


def _write(files: dict[str, bytes], to: Path) -> None:
    """Put the files beside the folder first: a full disk leaves no half of them where Terraform would find it."""
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.") as beside:
            fresh = Path(beside) / "fresh"
            for name, content in files.items():
                file = fresh / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            fresh.replace(to)
    except OSError as error:
        raise CommandError(f"--to {str(to)!r}: {error}") from error
