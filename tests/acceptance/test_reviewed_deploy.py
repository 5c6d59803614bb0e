"""What was reviewed is what is applied: the whole platform by command, a small stack step by step."""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from infra.environments import PROD
from scripts import toolchain
from scripts.deploy import command, guard
from scripts.deploy.command import Deployer
from scripts.deploy.record import Record
from scripts.errors import CommandError
from scripts.plans import planning
from scripts.plans.commit import Commit
from scripts.plans.facts import Facts, StateMark
from scripts.plans.planning import Plan
from scripts.plans.progress import Steps
from scripts.plans.terraform import Terraform, TerraformError

pytestmark = pytest.mark.slow

HERE = Commit("0123456789abcdef0123456789abcdef01234567", dirty=False)
NOBODY = Deployer("http://127.0.0.1", "somebody@example.com", "Somebody <somebody@example.com>", HERE)
SHA = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(scope="module")
def deployer(serve: Callable[..., Any]) -> Any:
    return serve("reviewed", "--no-driver")


@dataclass(frozen=True)
class Small:
    """A stack of some notebooks in one folder, each what the code says now, with a state of its own."""

    terraform: Terraform
    plans: Path
    root: str

    def declare(self, *names: str, moved: dict[str, str] | None = None) -> None:
        text = {
            "terraform": {
                "required_providers": {
                    "databricks": {"source": "databricks/databricks", "version": toolchain.PROVIDER_VERSION}
                },
                "backend": {"local": {"path": str(self.state)}},
            },
            "resource": {
                "databricks_directory": {"root": {"path": self.root, "delete_recursive": True}},
                "databricks_notebook": {
                    name: {
                        "path": f"{self.root}/{name.partition('__')[0]}",
                        "language": "PYTHON",
                        "content_base64": "cHJpbnQoMSk=",
                        "depends_on": ["databricks_directory.root"],
                    }
                    for name in names
                },
            },
        }
        if moved:
            text["moved"] = [{"from": old, "to": new} for old, new in moved.items()]
        (self.terraform.folder / "cdk.tf.json").write_text(json.dumps(text))

    @property
    def state(self) -> Path:
        return self.terraform.folder / "kept.tfstate"

    def has_begun(self) -> bool:
        try:
            return b"databricks_notebook" in self.state.read_bytes()
        except FileNotFoundError:
            return False

    def plan(self) -> Plan:
        return planning.plan(self.terraform, HERE, self.terraform.mark(), self.plans, silent())

    def deploy(self, reviewed: Facts) -> Record:
        made = command.checked(self.terraform, reviewed, HERE, self.plans, silent())
        return command.roll_out(self.terraform, made, NOBODY, self.plans, silent())


def silent() -> Steps:
    return Steps(Console(quiet=True))


@pytest.fixture(scope="module")
def initialised(deployer: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Small]:
    def make(name: str) -> Small:
        folder = tmp_path_factory.mktemp(name)
        (folder / name).mkdir()
        small = Small(Terraform(folder / name, deployer.env, folder / "logs"), folder, f"/Shared/{name}")
        small.declare("a", "b")
        small.terraform.init()
        return small

    return make


@pytest.fixture(scope="module")
def small(initialised: Callable[[str], Small]) -> Small:
    return initialised("small")


@pytest.fixture
def deployed(small: Small) -> Small:
    """The small stack with two notebooks, deployed; what a test declares is taken back by the next one."""
    small.declare("a", "b")
    record = small.deploy(small.plan().facts)
    assert record.problem == ""
    return small


def refused(what: Callable[[], object]) -> str:
    with pytest.raises(CommandError) as raised:
        what()
    assert raised.value.code == 4
    assert "\n" not in str(raised.value)
    return str(raised.value)


def ecom(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts", *arguments], env=env, cwd=toolchain.ROOT, capture_output=True, text=True
    )


def test_the_platform_is_planned_then_deployed_as_reviewed(deployer: Any, tmp_path: Path) -> None:
    env = {**deployer.env, "GITHUB_ACTOR": "octocat"}
    plans = str(tmp_path / "plans")
    planned = ecom(env, "plan", "--environment", "dev", "--to", plans, "--json")
    assert planned.returncode == 2, planned.stderr
    said = json.loads(planned.stdout)
    assert said["counts"]["create"] > 200
    assert said["counts"]["delete"] == said["counts"]["replace"] == 0
    assert "synth" in planned.stderr

    folder = tmp_path / "plans" / "dev"
    facts = json.loads((folder / "facts.json").read_text())
    assert {key: value for key, value in said.items() if key != "counts"} == facts
    assert (facts["environment"], facts["stack"], facts["state"]) == ("dev", "dev", {"lineage": "", "serial": 0})
    assert SHA.fullmatch(facts["digest"])
    assert facts["provider"] == toolchain.PROVIDER_VERSION
    assert len(json.loads((folder / "plan.json").read_text())["resource_changes"]) == said["counts"]["create"]
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {
        name: "0o600" for name in ("facts.json", "plan.json", "plan.tfplan")
    }

    done = ecom(env, "deploy", "--environment", "dev", "--plans", plans, "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record == json.loads((folder / "deploy.json").read_text())
    assert record["counts"] == said["counts"]
    assert record["digest"] == facts["digest"]
    assert (record["who"], record["problem"]) == ("octocat", "")
    assert record["state_before"] == facts["state"]
    assert record["state_after"]["serial"] > 0
    assert "a second plan has no changes" in done.stderr
    assert any(deployer.client().jobs.list())


def test_a_plan_is_deployed_once(initialised: Callable[[str], Small]) -> None:
    fresh = initialised("fresh")
    first = fresh.plan()
    assert first.facts.state == StateMark("", 0)
    record = fresh.deploy(first.facts)
    assert (record.problem, record.counts["create"]) == ("", 3)
    assert record.state_after is not None
    assert record.state_after.lineage

    second = fresh.plan()
    assert (second.changes, sum(second.counts.values())) == (False, 0)
    assert "lineage moved, from no state to" in refused(lambda: fresh.deploy(first.facts))
    nothing = fresh.deploy(second.facts)
    assert (nothing.problem, nothing.state_after) == ("", second.facts.state)


def test_a_deploy_in_between_is_named_by_its_serial(deployed: Small) -> None:
    deployed.declare("a", "b", "c")
    reviewed = deployed.plan().facts
    assert deployed.deploy(reviewed).problem == ""
    assert "the state's serial moved, from" in refused(lambda: deployed.deploy(reviewed))


def test_a_workspace_that_changed_since_the_review_is_named_by_the_digest(deployed: Small, deployer: Any) -> None:
    deployed.declare("a", "b", "d")
    reviewed = deployed.plan().facts
    deployer.client().workspace.delete(f"{deployed.root}/b")
    assert "the plan's digest moved, from" in refused(lambda: deployed.deploy(reviewed))
    assert [entry.path for entry in deployer.client().workspace.list(deployed.root)] == [f"{deployed.root}/a"]


def test_a_plan_file_that_became_stale_is_not_applied(deployed: Small) -> None:
    deployed.declare("a")
    old = deployed.plan()
    kept = old.file.rename(deployed.plans / "old.tfplan")
    assert deployed.deploy(deployed.plan().facts).problem == ""
    assert "Saved plan is stale" in refused(lambda: deployed.terraform.apply(kept))


def test_a_killed_apply_is_told_and_resumed(initialised: Callable[[str], Small], deployer: Any) -> None:
    large = initialised("large")
    large.declare(*(f"n{number}" for number in range(60)))
    reviewed = large.plan().facts
    records: list[Record] = []
    thread = threading.Thread(target=lambda: records.append(large.deploy(reviewed)))
    thread.start()
    while not large.has_begun():
        assert thread.is_alive(), "the deploy ended before the moment came"
    applying = [
        child
        for child in psutil.Process().children(recursive=True)
        if child.name() == "terraform" and "apply" in child.cmdline()
    ]
    assert applying
    for child in applying:
        child.kill()
    thread.join(60)
    (record,) = records
    assert "killed by SIGKILL; what it had done is in the state: plan, review and deploy again" in record.problem
    assert record.state_after != record.state_before
    assert "moved" in refused(lambda: large.deploy(reviewed))

    again = large.plan()
    assert 0 < again.counts["create"] < 61
    assert large.deploy(again.facts).problem == ""
    assert len(list(deployer.client().workspace.list(large.root))) == 60


def test_an_interrupted_apply_ends_what_it_has_begun(deployed: Small) -> None:
    deployed.declare("a", "b", *(f"m{number}" for number in range(40)))
    made = deployed.plan()
    told: list[str] = []

    def interrupt(event: Any) -> None:
        if event["type"] == "apply_complete":
            told.append(event["type"])
            if len(told) == 1:
                raise KeyboardInterrupt

    with pytest.raises(CommandError, match="was interrupted, and ended in good order"):
        deployed.terraform.apply(made.file, interrupt)
    assert not deployed.terraform.state()["resources"][0]["instances"][0].get("status")
    assert 0 < deployed.plan().counts["create"] < 40


def test_a_held_lock_is_named_with_owner_age_and_mend(deployed: Small) -> None:
    info = {
        "ID": "8ba1f3a0-0000-4000-8000-000000000001",
        "Operation": "OperationTypeApply",
        "Who": "ci@runner-7",
        "Version": "1.11.4",
        "Created": "2026-11-20T14:02:11.123456789Z",
        "Path": str(deployed.state),
    }
    beside = deployed.state.with_name(f".{deployed.state.name}.lock.info")
    with deployed.state.open("r+") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        beside.write_text(json.dumps(info))
        with pytest.raises(TerraformError) as raised:
            deployed.plan()
    beside.unlink()
    said = str(raised.value)
    assert "locked by ci@runner-7 for apply since 2026-11-20 14:02 UTC, " in said
    assert re.search(r", \d+ d \d+ h ago\.", said)
    assert said.endswith(f"terraform -chdir={deployed.terraform.folder} force-unlock {info['ID']}")
    assert "\n" not in said


def test_a_rename_moves_and_destroys_nothing(deployed: Small) -> None:
    move = {"databricks_notebook.a": "databricks_notebook.a__renamed"}
    deployed.declare("a__renamed", "b")
    assert deployed.plan().counts["delete"] == 1
    deployed.declare("a__renamed", "b", moved=move)
    made = deployed.plan()
    assert made.changes
    assert made.counts == {"create": 0, "update": 0, "replace": 0, "delete": 0, "move": 1}
    assert deployed.deploy(made.facts).problem == ""
    assert not deployed.plan().changes


def test_a_person_does_not_deploy_to_prod(deployer: Any) -> None:
    user = guard.principal(deployer.client())
    with pytest.raises(CommandError, match=f"is of {user}") as raised:
        guard.refuse_person(PROD, user)
    assert raised.value.code == 3
