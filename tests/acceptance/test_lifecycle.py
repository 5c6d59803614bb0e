"""deploy → read back → no changes → one change → exactly it → destroy → nothing left, for every environment."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.environments import ENVIRONMENTS
from scripts import toolchain
from scripts.drift import actual, declared
from scripts.drift.detection import detect

pytestmark = pytest.mark.slow

PROTECTED = {f"databricks_{kind}" for kind in ("catalog", "schema", "volume", "secret_scope", "sql_endpoint")}


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_lifecycle_of_an_environment(
    environment: str, serve: Callable[..., Any], everything: Callable[..., Any], tmp_path: Path
) -> None:
    deployer = serve(f"lifecycle-{environment}", "--no-driver")
    client = deployer.client()
    before = everything(client)

    deployer.cdktf("deploy", environment, "--auto-approve")
    deployed = everything(client)
    assert len(deployed["jobs"]) >= 4
    assert len(deployed["files"]) > 40
    assert deployed["alerts"]
    assert deployed["dashboards"]
    assert len(deployed["schemas"]) > len(before["schemas"])
    assert deployed["volumes"]
    assert deployer.plan(environment).returncode == 0, deployer.plan(environment).stdout
    assert _drift(deployer, environment) == []

    one_change_is_seen_and_reverted(deployer, environment)

    if environment == "prod":  # what holds data, or is referred to from outside, goes only when it is meant to
        refused = deployer.terraform(environment, "destroy", "-auto-approve", "-input=false")
        assert refused.returncode == 1
        named = re.findall(r"Resource (\w+)\.\S+ has lifecycle\.prevent_destroy set", refused.stderr)
        assert named
        assert set(named) <= PROTECTED
        assert everything(client) == deployed
        deployer = replace(deployer, unprotected="prod")
    deployer.cdktf("destroy", environment, "--auto-approve")
    assert everything(client) == before

    if environment == "local":  # once is enough: what kills a deploy knows no environment
        deployer.killed_deploy(environment, lambda: any(client.jobs.list()))
        assert before != everything(client) != deployed, "killed half-way"
        assert deployer.missing(environment)
        deployer.cdktf("deploy", environment, "--auto-approve")
        assert not deployer.missing(environment)
        assert everything(client) == deployed
        assert deployer.plan(environment).returncode == 0
    elif environment == "dev":  # and this once: everything comes back after a destroy that ended, as CI deploys it
        deploy_as_reviewed(deployer, environment, tmp_path / "plans")
        assert everything(client) == deployed
        assert deployer.plan(environment).returncode == 0
    assert not (deployer.workspace.root / "log" / "unknown_routes.log").exists()


def one_change_is_seen_and_reverted(deployer: Any, environment: str) -> None:
    """Change a job behind Terraform's back: the plan, the diff and drift see it and nothing else."""
    client = deployer.client()
    job = next(j for j in client.jobs.list() if j.settings.name.endswith("master_pipeline"))
    client.jobs.update(job.job_id, new_settings=type(job.settings)(timeout_seconds=61))
    assert "1 to change" in deployer.cdktf("diff", environment)
    assert _drift(deployer, environment) == [("databricks_job.master_pipeline", "timeout_seconds")]
    drifted = deployer.plan(environment)
    assert drifted.returncode == 2
    changes = deployer.changes(environment)
    assert [change["address"].split(".")[0] for change in changes] == ["databricks_job"], json.dumps(changes)[:2000]
    deployer.cdktf("deploy", environment, "--auto-approve")
    assert deployer.plan(environment).returncode == 0


def deploy_as_reviewed(deployer: Any, environment: str, plans: Path) -> None:
    """Type ecom plan and ecom deploy, and compare what they leave for each other and for people."""
    typed = os.path.relpath(plans, toolchain.ROOT)  # as the default is: Terraform works in another folder
    planned = deployer.ecom("plan", "--environment", environment, "--to", typed, "--json")
    assert planned.returncode == 2, planned.stderr
    said = json.loads(planned.stdout)
    assert said["counts"]["create"] > 200
    assert said["counts"]["delete"] == said["counts"]["replace"] == 0
    assert "synth" in planned.stderr

    folder = plans / environment
    facts = json.loads((folder / "facts.json").read_text())
    assert {key: value for key, value in said.items() if key != "counts"} == facts
    assert (facts["environment"], facts["stack"]) == (environment, environment)
    assert re.fullmatch(r"[0-9a-f]{64}", facts["digest"])
    assert facts["provider"] == toolchain.PROVIDER_VERSION
    assert len(json.loads((folder / "plan.json").read_text())["resource_changes"]) == said["counts"]["create"]
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {
        name: "0o600" for name in ("facts.json", "plan.json", "plan.tfplan")
    }

    done = deployer.ecom("deploy", "--environment", environment, "--plans", typed, "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record == json.loads((folder / "deploy.json").read_text())
    assert (record["counts"], record["digest"]) == (said["counts"], facts["digest"])
    assert (record["problem"], record["state_before"]) == ("", facts["state"])
    assert record["who"]
    assert record["state_after"]["serial"] > facts["state"]["serial"]
    assert "a second plan has no changes" in done.stderr
    assert re.search(r"drift .* none, in \d+ calls", done.stderr)


def _drift(deployer: Any, environment: str) -> list[tuple[str, str]]:
    """Return address and path of each drift, of a look that could read everything."""
    stack = declared.load(deployer.output / "stacks" / environment, {})
    env = ENVIRONMENTS[environment]
    world = actual.read(deployer.client(), stack, env.workspace_root, lambda _: None)
    assert not world.problems
    return [(each.address, each.path) for each in detect(stack, world, env).findings]
