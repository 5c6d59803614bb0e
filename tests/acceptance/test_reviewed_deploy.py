"""What was reviewed is what is applied; test_lifecycle.py has the commands with the whole platform."""

from __future__ import annotations

import fcntl
import json
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
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
from scripts.plans.terraform import Terraform, TerraformError, managed

pytestmark = pytest.mark.slow

HERE = Commit("0123456789abcdef0123456789abcdef01234567", dirty=False)
NOBODY = Deployer("http://127.0.0.1", "somebody@example.com", "Somebody <somebody@example.com>", HERE)

Resources = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Small:
    """A stack that costs a second, with a state of its own."""

    terraform: Terraform

    @property
    def folder(self) -> Path:
        return self.terraform.folder

    @property
    def state(self) -> Path:
        return self.folder / "kept.tfstate"

    def declare(self, resources: Resources) -> None:
        providers = {"databricks": {"source": "databricks/databricks", "version": toolchain.PROVIDER_VERSION}}
        settings = {"required_providers": providers, "backend": {"local": {"path": str(self.state)}}}
        (self.folder / "cdk.tf.json").write_text(json.dumps({"terraform": settings, "resource": resources}))

    def has_begun(self) -> bool:
        try:
            return b'"name": "n0"' in self.state.read_bytes()
        except FileNotFoundError:
            return False

    def plan(self) -> Plan:
        return planning.plan(self.terraform, HERE, self.terraform.mark(), self.folder, silent())

    def deploy(self, reviewed: Facts) -> Record:
        made = command.checked(self.terraform, reviewed, HERE, self.folder, silent())
        return command.roll_out(self.terraform, made, NOBODY, self.folder, silent(), lambda: None)

    def deployed(self, resources: Resources) -> Small:
        self.declare(resources)
        assert self.deploy(self.plan().facts).problem == ""
        return self


def silent() -> Steps:
    return Steps(Console(quiet=True))


def numbers(*names: str, **arguments: Any) -> Resources:
    """Resources of Terraform itself: what does not depend on the workspace is tested without a provider's start."""
    return {"terraform_data": {name: {"input": name, **arguments} for name in names}}


def notebooks(root: str, *names: str) -> Resources:
    content = {"language": "PYTHON", "content_base64": "cHJpbnQoMSk=", "depends_on": ["databricks_directory.root"]}
    return {
        "databricks_directory": {"root": {"path": root, "delete_recursive": True}},
        "databricks_notebook": {name: {"path": f"{root}/{name}", **content} for name in names},
    }


@pytest.fixture(scope="module")
def deployer(serve: Callable[..., Any]) -> Any:
    return serve("reviewed", "--no-driver")


@pytest.fixture
def small(deployer: Any, tmp_path: Path) -> Small:
    (tmp_path / "small").mkdir()
    stack = Small(Terraform(tmp_path / "small", deployer.env, tmp_path / "logs"))
    stack.declare(numbers("a"))
    stack.terraform.init()
    return stack


def refused(what: Callable[[], object]) -> str:
    with pytest.raises(CommandError) as raised:
        what()
    assert raised.value.code == 4
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_plan_is_deployed_once(small: Small) -> None:
    first = small.plan()
    assert first.facts.state == StateMark("", 0)
    record = small.deploy(first.facts)
    assert (record.problem, record.counts["create"]) == ("", 1)
    assert record.state_after is not None
    assert record.state_after.lineage
    assert "lineage moved, from no state to" in refused(lambda: small.deploy(first.facts))

    second = small.plan()
    assert (second.changes, sum(second.counts.values())) == (False, 0)
    nothing = small.deploy(second.facts)
    assert (nothing.problem, nothing.state_after) == ("", second.facts.state)


def test_a_deploy_in_between_moves_the_serial(small: Small) -> None:
    small.deployed(numbers("a"))
    small.declare(numbers("a", "b"))
    old = small.plan()
    kept = old.file.rename(small.folder / "old.tfplan")
    small.deployed(numbers("a", "c"))
    small.declare(numbers("a", "b"))
    assert "the state's serial moved, from" in refused(lambda: small.deploy(old.facts))
    # Between our look at the state and the apply there are seconds: Terraform itself looks once more.
    assert "Saved plan is stale" in refused(lambda: small.terraform.apply(kept))


def test_a_workspace_that_changed_since_the_review_moves_the_digest(small: Small, deployer: Any) -> None:
    workspace = deployer.client().workspace
    small.deployed(notebooks("/Shared/changed", "a", "b"))
    small.declare(notebooks("/Shared/changed", "a", "b", "c"))
    reviewed = small.plan().facts
    workspace.delete("/Shared/changed/b")
    assert "the plan's digest moved, from" in refused(lambda: small.deploy(reviewed))
    assert [entry.path for entry in workspace.list("/Shared/changed")] == ["/Shared/changed/a"]


def test_a_killed_apply_is_told_and_resumed(small: Small, deployer: Any) -> None:
    names = [f"n{number}" for number in range(8)]
    stack = notebooks("/Shared/killed", *names)
    wait = {"provisioner": {"local-exec": {"command": "test -e go || sleep 60"}}}
    stack |= numbers("wait", depends_on=["databricks_notebook.n0"], **wait)
    for name in names[1:]:
        stack["databricks_notebook"][name]["depends_on"] = ["terraform_data.wait"]
    small.declare(stack)
    reviewed = small.plan().facts
    records: list[Record] = []
    thread = threading.Thread(target=lambda: records.append(small.deploy(reviewed)))
    thread.start()
    while not small.has_begun():
        assert thread.is_alive(), "the deploy ended before the moment came"
        time.sleep(0.05)
    kill_apply()
    thread.join(60)
    (record,) = records
    assert "killed by SIGKILL; what it had done is in the state: plan, review and deploy again" in record.problem
    assert record.state_after != record.state_before
    assert "moved" in refused(lambda: small.deploy(reviewed))

    (small.folder / "go").touch()
    again = small.plan()
    assert 0 < again.counts["create"] < record.counts["create"]
    assert small.deploy(again.facts).problem == ""
    assert len(list(deployer.client().workspace.list("/Shared/killed"))) == len(names)


def kill_apply() -> None:
    """Kill -9 the Terraform that applies, and then what it waits for."""
    (applying,) = [
        child
        for child in psutil.Process().children(recursive=True)
        if child.name() == "terraform" and "apply" in child.cmdline()
    ]
    for each in (applying, *applying.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # the provider leaves by itself
            each.kill()


def test_an_interrupted_apply_ends_what_it_has_begun(small: Small) -> None:
    slow = {"provisioner": {"local-exec": {"command": "sleep 0.2"}}}
    small.declare(numbers(*(f"n{number}" for number in range(40)), **slow))
    made = small.plan()
    told: list[str] = []

    def interrupt(event: Any) -> None:
        if event["type"] == "apply_complete":
            told.append(event["hook"]["resource"]["addr"])
            if len(told) == 1:
                raise KeyboardInterrupt

    with pytest.raises(CommandError, match="was interrupted, and ended in good order"):
        small.terraform.apply(made.file, interrupt)
    assert 0 < len(managed(small.terraform.state())) < 40
    assert small.deploy(small.plan().facts).problem == ""


def test_a_held_lock_is_named_with_owner_age_and_mend(small: Small) -> None:
    small.deployed(numbers("a"))
    info = {
        "ID": "8ba1f3a0-0000-4000-8000-000000000001",
        "Operation": "OperationTypeApply",
        "Who": "ci@runner-7",
        "Version": "1.11.4",
        "Created": "2026-11-20T14:02:11.123456789Z",
        "Path": str(small.state),
    }
    with small.state.open("r+") as state:  # as Terraform itself holds it
        fcntl.lockf(state, fcntl.LOCK_EX)
        small.state.with_name(f".{small.state.name}.lock.info").write_text(json.dumps(info))
        with pytest.raises(TerraformError) as raised:
            small.plan()
    said = str(raised.value)
    assert "locked by ci@runner-7 for apply since 2026-11-20 14:02 UTC, " in said
    assert re.search(r", \d+ d \d+ h ago\.", said)
    assert said.endswith(f"terraform -chdir={small.folder} force-unlock {info['ID']}")
    assert "\n" not in said


def test_a_rename_moves_and_destroys_nothing(small: Small, tmp_path: Path) -> None:
    def declare(key: str, renames: dict[str, str]) -> None:
        from cdktf import App, LocalBackend, TerraformStack  # takes a second, even of those who run none of this
        from cdktf_cdktf_provider_databricks.directory import Directory

        from infra.render.moved import render_moved
        from infra.render.naming import named
        from infra.render.provider import render_provider

        app = App(outdir=str(tmp_path / f"{key}-{len(renames)}"), stack_traces=False)
        stack = TerraformStack(app, "small")
        LocalBackend(stack, path=str(small.state))
        render_provider(stack)
        named(Directory(stack, key, path="/Shared/renamed"), key)
        render_moved(stack, renames)
        app.synth()
        (Path(app.outdir) / "stacks" / "small" / "cdk.tf.json").replace(small.folder / "cdk.tf.json")

    declare("old", {})
    assert small.deploy(small.plan().facts).problem == ""
    declare("new", {})
    without = small.plan()
    declare("new", {"databricks_directory.old": "databricks_directory.new"})
    made = small.plan()
    assert (without.counts["delete"], without.counts["create"]) == (1, 1)
    assert made.counts == {"create": 0, "update": 0, "replace": 0, "delete": 0, "move": 1}
    assert made.changes
    assert made.facts.digest != without.facts.digest
    assert small.deploy(made.facts).problem == ""


def test_a_person_does_not_deploy_to_prod(deployer: Any) -> None:
    user = guard.principal(deployer.client())
    with pytest.raises(CommandError, match=f"is of {user}") as raised:
        guard.refuse_person(PROD, user)
    assert raised.value.code == 3
