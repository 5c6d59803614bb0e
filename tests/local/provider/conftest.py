"""The real Terraform, the real local workspace, and between them a proxy that records and can do harm."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.provider.install import install
from local.workspace.process import RunningWorkspace, start
from tests.faults import Proxy, through

CONFIGURATION = Path(__file__).parent / "configuration"


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    """The workspace that the tests share; each of them leaves it without its objects."""
    with start(tmp_path_factory.mktemp("workspace") / "root", arguments=["--no-driver"]) as running:
        yield running


@pytest.fixture
def proxy(workspace: RunningWorkspace) -> Iterator[Proxy]:
    with through(workspace.host) as running:
        yield running


@pytest.fixture
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, str]]:
    """A proxy to a workspace that nobody has used, and its token: not even folders are left in it."""
    root = tmp_path_factory.mktemp("untouched") / "root"
    with start(root, arguments=["--no-driver"]) as fresh, through(fresh.host) as running:
        yield running, fresh.token


@pytest.fixture(scope="session")
def terraformrc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a mirror with spaces")
    install(folder / "mirror", folder / "terraformrc")
    return folder / "terraformrc"


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder, with our provider and nothing else from the machine's settings."""

    folder: Path
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["terraform", *arguments, "-no-color"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, expect: int = 0) -> str:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == expect, output[output.find("Error:") :]
        return output

    def apply(self, *arguments: str, expect: int = 0) -> str:
        return self.run("apply", "-auto-approve", "-input=false", *arguments, expect=expect)

    def plan(self, expect: int) -> str:
        return self.run("plan", "-detailed-exitcode", "-input=false", expect=expect)

    def destroy(self) -> str:
        return self.run("destroy", "-auto-approve", "-input=false")

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the attributes of every resource and data source in the state, by address."""
        module = json.loads(self.run("show", "-json")).get("values", {}).get("root_module", {})
        return {item["address"]: item["values"] for item in module.get("resources", [])}


def _environment(terraformrc: Path, host: str, token: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "DATABRICKS_"))}
    settings = {"TF_CLI_CONFIG_FILE": str(terraformrc), "CHECKPOINT_DISABLE": "1"}
    return inherited | settings | {"TF_VAR_host": host, "TF_VAR_token": token}


@pytest.fixture(scope="session")
def initialised(terraformrc: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded configuration after `terraform init`, to be copied: every test would get the same from it."""
    folder = tmp_path_factory.mktemp("initialised") / "stack"
    shutil.copytree(CONFIGURATION, folder)
    Terraform(folder, _environment(terraformrc, "", "")).run("init", "-input=false")
    return folder


@pytest.fixture
def terraform(initialised: Path, terraformrc: Path, tmp_path: Path) -> Callable[..., Terraform]:
    """Return a maker of initialised Terraform folders: from a text, or from the whole recorded configuration."""

    def make(host: str, token: str, text: str | None = None) -> Terraform:
        folder = tmp_path / f"stack {len(list(tmp_path.iterdir()))}"
        shutil.copytree(initialised, folder, symlinks=True)
        if text is not None:
            complete = (folder / "main.tf").read_text()
            head = complete[: complete.index("# end of head")]
            (folder / "main.tf").write_text(head + text)
        return Terraform(folder, _environment(terraformrc, host, token))

    return make


@pytest.fixture
def kill() -> Callable[..., None]:
    """Return a function that kills Terraform with -9, its providers too unless told otherwise."""

    def kill_session(process: subprocess.Popen[str], *, terraform_only: bool) -> None:
        if terraform_only:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()

    return kill_session


@pytest.fixture
def squeeze() -> Callable[[str], str]:
    """Return a function that joins the lines of Terraform's wrapped messages."""
    return lambda text: re.sub(r"\s+", " ", text)
