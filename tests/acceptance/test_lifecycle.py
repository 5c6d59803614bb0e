"""deploy → read back → no changes → one change → exactly it → destroy → nothing left, for every environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_lifecycle_of_an_environment(
    environment: str, serve: Callable[..., Any], everything: Callable[..., Any]
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

    job = next(j for j in client.jobs.list() if j.settings.name.endswith("master_pipeline"))
    client.jobs.update(job.job_id, new_settings=type(job.settings)(timeout_seconds=61))
    assert "1 to change" in deployer.cdktf("diff", environment)
    drifted = deployer.plan(environment)
    assert drifted.returncode == 2
    changes = deployer.changes(environment)
    assert [change["address"].split(".")[0] for change in changes] == ["databricks_job"], json.dumps(changes)[:2000]
    deployer.cdktf("deploy", environment, "--auto-approve")
    assert deployer.plan(environment).returncode == 0

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
    elif environment == "dev":  # and this once: everything comes back after a destroy that ended
        deployer.cdktf("deploy", environment, "--auto-approve")
        assert everything(client) == deployed
        assert deployer.plan(environment).returncode == 0
    assert not (deployer.workspace.root / "log" / "unknown_routes.log").exists()
