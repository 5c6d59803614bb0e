from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from databricks.sdk import WorkspaceClient

from local.workspace import process
from scripts import toolchain
from scripts.plans.terraform import Terraform, managed

RUN_AS = "8f1e4c1a-5a1e-4b67-9b6e-0d6f6a2f1c11"


@dataclass(frozen=True)
class Deployer:
    """Types cdktf and terraform against one local workspace, with state and output of its own."""

    workspace: process.RunningWorkspace
    folder: Path
    unprotected: str = ""  # the environment whose protected objects may be destroyed

    @property
    def env(self) -> dict[str, str]:
        base = toolchain.environment(toolchain.local_provider(), self.workspace.host, self.workspace.token)
        own = {"ECOM_STATE": f"local:{self.folder / 'state'}", "ECOM_RUN_AS": RUN_AS}
        return {**base, **own, "ECOM_UNPROTECTED": self.unprotected}

    @property
    def output(self) -> Path:
        return self.folder / "cdktf.out"

    def cdktf(self, *arguments: str) -> str:
        command = [str(toolchain.CDKTF), *arguments, "--output", str(self.output)]
        result = subprocess.run(command, env=self.env, cwd=toolchain.ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"cdktf {' '.join(arguments)}:\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
        return result.stdout

    def ecom(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts", *arguments]
        return subprocess.run(command, env=self.env, cwd=toolchain.ROOT, capture_output=True, text=True, check=False)

    def killed_deploy(self, stack: str, moment: Callable[[], bool]) -> None:
        """Deploy and kill Terraform with -9 at a moment; cdktf itself, which calls that a success, ends by itself."""
        command = [str(toolchain.CDKTF), "deploy", stack, "--auto-approve", "--output", str(self.output)]
        with subprocess.Popen(
            command, env=self.env, cwd=toolchain.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            while not moment():
                assert process.poll() is None, "the deploy ended before the moment came"
            applying = [
                child
                for child in psutil.Process(process.pid).children(recursive=True)
                if child.name() == "terraform" and "apply" in child.cmdline()
            ]
            assert applying, "no terraform apply is running"
            for child in applying:
                child.kill()
            process.wait(60)

    def missing(self, stack: str) -> set[str]:
        """Return what the stack declares and its state does not have."""
        terraform = Terraform(self.output / "stacks" / stack, self.env, self.folder / "log")
        return terraform.declared() - managed(terraform.state())

    def terraform(self, stack: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", f"-chdir={self.output / 'stacks' / stack}", *arguments, "-no-color"]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)

    def plan(self, stack: str) -> subprocess.CompletedProcess[str]:
        """Plan into a file; exit code 0 is no changes, 2 is changes, anything else fails the test."""
        result = self.terraform(stack, "plan", "-detailed-exitcode", "-input=false", "-out=test.tfplan")
        assert result.returncode in (0, 2), result.stdout + result.stderr
        return result

    def changes(self, stack: str) -> list[dict[str, Any]]:
        """Return the changes of the last plan."""
        shown = self.terraform(stack, "show", "-json", "test.tfplan")
        return [each for each in json.loads(shown.stdout)["resource_changes"] if each["change"]["actions"] != ["no-op"]]

    def client(self) -> WorkspaceClient:
        return WorkspaceClient(host=self.workspace.host, token=self.workspace.token, auth_type="pat")


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Deployer]]:
    """Start workspaces on their own roots; all are stopped at the end of the module."""
    running: list[process.RunningWorkspace] = []

    def start(name: str, *arguments: str) -> Deployer:
        folder = tmp_path_factory.mktemp(name)
        workspace = process.start(folder / "workspace", arguments=arguments)
        running.append(workspace)
        return Deployer(workspace, folder)

    yield start
    for workspace in running:
        workspace.stop()


@pytest.fixture(scope="session")
def everything() -> Callable[[WorkspaceClient], dict[str, list[str]]]:
    return _everything


def _everything(client: WorkspaceClient) -> dict[str, list[str]]:
    """List what the workspace holds, kind by kind; what is there before any deploy is the workspace's own."""
    catalogs = sorted(catalog.name for catalog in client.catalogs.list())
    schemas = sorted(schema.full_name for catalog in catalogs for schema in client.schemas.list(catalog))
    volumes = [volume for schema in schemas for volume in client.volumes.list(*schema.split("."))]
    return {
        "jobs": sorted(job.settings.name for job in client.jobs.list()),
        "clusters": sorted(cluster.cluster_name for cluster in client.clusters.list()),
        "policies": sorted(policy.name for policy in client.cluster_policies.list()),
        "warehouses": sorted(warehouse.name for warehouse in client.warehouses.list()),
        "scopes": sorted(scope.name for scope in client.secrets.list_scopes()),
        "alerts": sorted(alert.display_name for alert in client.alerts_v2.list_alerts()),
        "dashboards": sorted(dashboard.display_name for dashboard in client.lakeview.list()),
        "catalogs": catalogs,
        "schemas": schemas,
        "volumes": sorted(volume.full_name for volume in volumes),
        "files": sorted(entry.path for entry in client.workspace.list("/", recursive=True)),
    }
