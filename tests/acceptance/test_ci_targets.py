"""A change as CI takes it: the make targets of the workflows, against a local workspace and a GitHub on loopback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.service.jobs import JobSettings

from scripts import toolchain
from tests.github import server
from tests.github.server import GitHub

pytestmark = pytest.mark.slow

DRIFT = "databricks_job.master_pipeline"


@dataclass(frozen=True)
class Runner:
    """Types make with the variables that the workflows set."""

    deployer: Any
    github: GitHub
    folder: Path

    @property
    def summary(self) -> Path:
        return self.folder / "summary.md"

    def make(self, target: str, *settings: str, expect: int = 0) -> str:
        variables = {
            **self.deployer.env,
            "ENV": "dev",
            "PLANS": os.path.relpath(self.folder / "plans", toolchain.ROOT),  # as the workflows have it
            "GITHUB_TOKEN": server.TOKEN,
            "GITHUB_REPOSITORY": server.REPOSITORY,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REF": "refs/pull/1/merge",
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }
        done = subprocess.run(
            ["make", target, *settings], cwd=toolchain.ROOT, env=variables, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == expect, said[-4000:]
        assert server.TOKEN not in said
        return said

    def issues(self) -> list[dict[str, Any]]:
        return [issue for issue in self.github.issues.values() if "pull_request" not in issue]


@pytest.fixture
def runner(serve: Callable[..., Any], tmp_path: Path) -> Iterator[Runner]:
    with server.serving() as github:
        github.add_issue("A change", "", [], pull=True)
        yield Runner(serve("ci", "--no-driver"), github, tmp_path)
        assert not github.unknown


def test_a_change_is_planned_reviewed_deployed_and_watched(runner: Runner) -> None:
    runner.make("plan")
    runner.make("policy")
    runner.make("review", "POST=1")
    comments = runner.github.comments_of(1)
    assert len(comments) == 1
    facts = json.loads((runner.folder / "plans" / "dev" / "facts.json").read_text())
    assert facts["digest"][:12] in comments[0]["body"]
    assert comments[0]["body"].strip() in runner.summary.read_text()
    assert json.loads((runner.folder / "plans" / "policy.json").read_text())
    runner.make("review", "POST=1")
    assert len(runner.github.comments_of(1)) == 1, "one comment per environment, whatever is run again"

    runner.make("deploy")
    assert runner.issues() == []
    runner.make("drift", "ISSUE=1")
    assert runner.issues() == [], "what was just deployed has not drifted"

    client = runner.deployer.client()
    job = next(each for each in client.jobs.list() if each.settings.name.endswith("master_pipeline"))
    client.jobs.update(job.job_id, new_settings=JobSettings(timeout_seconds=61))
    runner.make("drift", "ISSUE=1", expect=2)
    (issue,) = runner.issues()
    assert issue["state"] == "open"
    assert DRIFT in issue["body"]

    runner.make("plan")
    runner.make("deploy")
    runner.make("drift", "ISSUE=1")
    (issue,) = runner.issues()
    assert issue["state"] == "closed"


def test_a_plan_that_is_not_the_reviewed_one_is_not_deployed(runner: Runner) -> None:
    runner.make("plan")
    facts = runner.folder / "plans" / "dev" / "facts.json"
    facts.write_text(facts.read_text().replace('"digest": "', '"digest": "0'))
    assert "plan" in runner.make("deploy", expect=2), "make itself says 2; the line above names what moved"
    assert not list(runner.deployer.client().jobs.list())
