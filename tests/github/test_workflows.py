"""What the workflows may do: the schema, zizmor and rules of our own, each of which is seen to fail once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema.cli.main_command import main as check_jsonschema
from click.testing import CliRunner, Result

from infra.environments import ENVIRONMENTS

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.prefix) / "bin"
FOLDER = ROOT / ".github"
WORKFLOWS = {file.stem: file.read_text() for file in sorted((FOLDER / "workflows").glob("*.y*ml"))}
ACTIONS = {file.parent.name: file.read_text() for file in sorted(FOLDER.glob("actions/*/action.yml"))}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
MAKE = re.compile(r"make (?P<target>[a-z-]+)( [A-Z]+=[\w./-]+)*")
# What a job may be given; anything else is a decision to be taken here.
GRANTS = {("contents", "read"), ("id-token", "write"), ("pull-requests", "write"), ("issues", "write")}
FORK_GUARD = "github.event.pull_request.head.repo.full_name == github.repository"


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow.get("jobs", {}).values():
        yield from job.get("steps", [])
    yield from workflow.get("runs", {}).get("steps", [])


def used(text: str) -> list[str]:
    return [line.partition("uses:")[2].strip() for line in text.splitlines() if "uses:" in line]


def unpinned(text: str) -> list[str]:
    """Actions that could change under us; our own come with the checkout."""
    return [each for each in used(text) if not each.startswith("./") and not PINNED.fullmatch(each)]


def commands_beside_make(text: str) -> list[str]:
    """What runs that is not one target of the Makefile, or takes an expression into a shell."""
    commands = [str(step["run"]) for step in steps(yaml.safe_load(text)) if "run" in step]
    return [each for each in commands if not (found := MAKE.fullmatch(each)) or found["target"] not in TARGETS]


def wide_permissions(text: str) -> list[str]:
    """Grants to all jobs at once, jobs without grants of their own, and grants that are not on the list."""
    workflow = yaml.safe_load(text)
    found = [] if workflow.get("permissions") == {} else ["permissions at the top are not {}"]
    for name, job in workflow["jobs"].items():
        grants = job.get("permissions")
        if not isinstance(grants, dict) or not set(grants.items()) <= GRANTS:
            found.append(f"{name}: {grants}")
    return found


def open_to_strangers(text: str) -> list[str]:
    """Triggers that give code of a fork our rights, and jobs of pull requests with an identity and no guard."""
    workflow = yaml.safe_load(text)
    triggers = workflow[True]  # `on` in YAML 1.1
    found = [each for each in ("pull_request_target", "workflow_run", "issue_comment") if each in triggers]
    if "pull_request" in triggers:
        found += [
            name
            for name, job in workflow["jobs"].items()
            if "write" in job["permissions"].values() and FORK_GUARD not in job.get("if", "")
        ]
    return found


def stored_secrets(text: str) -> list[str]:
    """Every identity comes by OIDC: there is no secret to read, in a command or anywhere else."""
    return re.findall(r"secrets[.\[]\S*", text)


def kept_credentials(text: str) -> list[str]:
    """Checkouts that leave the token in .git, where any later step could read it."""
    checkouts = [step for step in steps(yaml.safe_load(text)) if step.get("uses", "").startswith("actions/checkout@")]
    return [str(step) for step in checkouts if step.get("with", {}).get("persist-credentials") is not False]


def unbounded(text: str) -> list[str]:
    """Workflows that may run beside themselves, and jobs that may run for six hours."""
    workflow = yaml.safe_load(text)
    found = [] if workflow.get("concurrency", {}).get("group") else ["no concurrency group"]
    return found + [name for name, job in workflow["jobs"].items() if job.get("timeout-minutes", 360) > 120]


Rule = Callable[[str], list[str]]
# Each rule, and how a workflow that keeps it is broken: what to replace by what.
RULES: dict[Rule, tuple[tuple[str, str, str], ...]] = {
    unpinned: (
        ("pr", "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "actions/checkout@v7"),
        (
            "pr",
            "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
            "actions/checkout@3d3c42e # v7.0.1",
        ),
        ("pr", " # v7.0.1", ""),
    ),
    commands_beside_make: (
        ("pr", "run: make test", "run: pytest"),
        ("pr", "run: make test", "run: make everything"),
        ("pr", "run: make test", "run: make test && curl example.com"),
        ("pr", "run: make test", "run: make test ONLY=${{ github.head_ref }}"),
        ("pr", "run: make test", "run: |\n          make test\n          env"),
    ),
    wide_permissions: (
        ("pr", "permissions: {}", "permissions: write-all"),
        ("pr", "permissions: {}", "permissions:\n  contents: read"),
        ("pr", "contents: read #", "contents: write #"),
        ("drift", "issues: write #", "actions: write #"),
    ),
    open_to_strangers: (
        ("pr", "  pull_request:", "  pull_request_target:"),
        ("pr", f"if: {FORK_GUARD} && ", "if: "),
    ),
    stored_secrets: (
        ("deploy", "${{ vars.DATABRICKS_CLIENT_ID }}", "${{ secrets.DATABRICKS_TOKEN }}"),
        ("deploy", "${{ vars.DATABRICKS_CLIENT_ID }}", "${{ secrets['DATABRICKS_TOKEN'] }}"),
    ),
    kept_credentials: (
        ("drift", "persist-credentials: false", "persist-credentials: true"),
        ("drift", "persist-credentials: false", "fetch-depth: 1"),
    ),
    unbounded: (
        ("drift", "timeout-minutes: 30", "timeout-minutes: 300"),
        ("drift", "  group: drift", "  group: ''"),
        ("drift", "    timeout-minutes: 30\n", ""),
    ),
}
SEEDED = [(rule, *seed) for rule, seeds in RULES.items() for seed in seeds]
OF_ACTIONS = (unpinned, commands_beside_make, stored_secrets)


def test_the_workflows_are_the_ones_we_know() -> None:
    assert set(WORKFLOWS) == {"pr", "deploy", "drift"}
    assert set(ACTIONS) == {"tools"}


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_workflow_keeps_the_rule(rule: Rule, name: str) -> None:
    assert rule(WORKFLOWS[name]) == []


@pytest.mark.parametrize("rule", OF_ACTIONS, ids=lambda rule: rule.__name__)
def test_our_action_keeps_the_rule(rule: Rule) -> None:
    assert rule(ACTIONS["tools"]) == []


@pytest.mark.parametrize(("rule", "name", "good", "bad"), SEEDED, ids=lambda each: getattr(each, "__name__", None))
def test_each_rule_finds_its_violation(rule: Rule, name: str, good: str, bad: str) -> None:
    assert good in WORKFLOWS[name]
    broken = WORKFLOWS[name].replace(good, bad, 1)
    assert len(rule(broken)) == len(rule(WORKFLOWS[name])) + 1


def test_the_same_action_has_the_same_commit_everywhere() -> None:
    pins = {each for text in (*WORKFLOWS.values(), *ACTIONS.values()) for each in used(text) if "@" in each}
    assert len(pins) == len({each.partition("@")[0] for each in pins}) == 6


def test_all_environments_but_the_local_one_are_planned_deployed_and_looked_at() -> None:
    matrices = [
        job["strategy"]["matrix"]["environment"]
        for text in WORKFLOWS.values()
        for job in yaml.safe_load(text)["jobs"].values()
        if "strategy" in job
    ]
    assert len(matrices) == 4
    assert all(set(each) == set(ENVIRONMENTS) - {"local"} for each in matrices)


def test_only_deploy_has_the_identity_that_deploys() -> None:
    jobs = {
        (name, key): job.get("environment")
        for name, text in WORKFLOWS.items()
        for key, job in yaml.safe_load(text)["jobs"].items()
    }
    deploying = {key for key, environment in jobs.items() if environment == "${{ matrix.environment }}"}
    assert deploying == {("deploy", "deploy")}
    assert {each for each in jobs.values() if each} == {"${{ matrix.environment }}", "${{ matrix.environment }}-read"}


def test_a_deploy_waits_for_the_plan_of_its_own_run_and_is_never_cut_off() -> None:
    workflow = yaml.safe_load(WORKFLOWS["deploy"])
    assert workflow[True] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    assert workflow["jobs"]["deploy"]["needs"] == "plan"
    assert workflow["jobs"]["deploy"]["strategy"]["max-parallel"] == 1
    assert workflow["concurrency"] == {"group": "deploy", "cancel-in-progress": False}


def test_of_a_plan_only_the_facts_leave_the_machine() -> None:
    uploads = [
        step["with"]["path"]
        for text in WORKFLOWS.values()
        for step in steps(yaml.safe_load(text))
        if "upload-artifact" in step.get("uses", "")
    ]
    assert uploads == [".local/plans/${{ matrix.environment }}/facts.json"]


def test_the_token_of_github_reaches_only_the_step_that_posts() -> None:
    given = [
        step["run"]
        for text in WORKFLOWS.values()
        for step in steps(yaml.safe_load(text))
        if "GITHUB_TOKEN" in str(step)
    ]
    assert given == ["make drift ISSUE=1", "make review POST=1"]
    assert sum(text.count("github.token") for text in WORKFLOWS.values()) == 2


def check(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)


def schema(kind: str, *files: Path) -> Result:
    """Run check-jsonschema in this process: its start takes two seconds."""
    arguments = ["--builtin-schema", f"vendor.{kind}", *map(str, files)]
    return CliRunner().invoke(check_jsonschema, arguments)


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    return check(BIN / "zizmor", "--offline", "--pedantic", "--no-progress", "--strict-collection", folder)


def test_every_file_has_the_shape_that_github_wants() -> None:
    assert schema("github-workflows", *sorted((FOLDER / "workflows").iterdir())).exit_code == 0
    assert schema("github-actions", *FOLDER.glob("actions/*/action.yml")).exit_code == 0
    assert schema("dependabot", FOLDER / "dependabot.yml").exit_code == 0


def test_the_schema_finds_a_misspelt_word(tmp_path: Path) -> None:
    (tmp_path / "pr.yml").write_text(WORKFLOWS["pr"].replace("timeout-minutes", "timeout-minute"))
    result = schema("github-workflows", tmp_path / "pr.yml")
    assert result.exit_code == 1
    assert "timeout-minute" in result.output


def test_zizmor_finds_nothing() -> None:
    result = zizmor(FOLDER)
    assert result.returncode == 0, result.stdout
    for name in WORKFLOWS:
        assert f"{name}.yml" in result.stderr  # it was read


def test_zizmor_finds_an_expression_in_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    bad = WORKFLOWS["pr"].replace("run: make test", "run: echo ${{ github.event.pull_request.title }}")
    (folder / "pr.yml").write_text(bad)
    result = zizmor(tmp_path / ".github")
    assert result.returncode != 0
    assert "template-injection" in result.stdout


Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run a target as a workflow does, with an `ecom` that says how it was called and exits as the test wants."""
    ecom = tmp_path / "ecom"
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "comment.md").write_text("What changes.")

    def run(exit_code: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        ecom.write_text(f'#!/bin/sh\necho "$@"\nexit {exit_code}\n')
        ecom.chmod(0o755)
        variables = {"ENV": "dev", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
        return check("make", "-s", "-C", ROOT, f"BIN={tmp_path}", "PYTHON=true", *arguments, **variables)

    return run


@pytest.mark.parametrize(
    ("target", "typed", "fine"),
    [
        ("plan", "plan --environment dev --to .local/plans", {0, 2}),
        ("review PLANS={plans}", "review --plans {plans} --environment dev", {0, 2}),
        ("review PLANS={plans} POST=1", "review --plans {plans} --environment dev --post", {0, 2}),
        ("deploy PLANS=reviewed", "deploy --environment dev --plans reviewed", {0}),
        ("drift", "drift --environment dev", {0}),
        ("drift ISSUE=1", "drift --environment dev --issue", {0}),
    ],
)
def test_a_target_types_the_command_and_fails_with_it(
    make: Make, tmp_path: Path, target: str, typed: str, fine: set[int]
) -> None:
    arguments = target.format(plans=tmp_path).split()
    results = {code: make(code, *arguments) for code in range(5)}
    assert {each.stdout.strip() for each in results.values()} == {typed.format(plans=tmp_path)}
    assert {code for code, each in results.items() if each.returncode == 0} == fine


def test_a_review_reads_the_policies_where_there_are_some(make: Make, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text("[]")
    assert f"--policies {tmp_path}/policy.json" in make(0, "review", f"PLANS={tmp_path}").stdout


@pytest.mark.parametrize("code", [0, 2, 3])
def test_who_approves_reads_the_plan_in_the_summary_of_the_run(make: Make, tmp_path: Path, code: int) -> None:
    make(code, "review", f"PLANS={tmp_path}")
    assert (tmp_path / "summary").read_text() == "What changes."


def test_every_identity_is_told_in_the_same_way() -> None:
    told = [
        tuple(sorted(job["env"].items()))
        for text in WORKFLOWS.values()
        for job in yaml.safe_load(text)["jobs"].values()
        if job["permissions"].get("id-token")
    ]
    assert len(told) == 4
    assert len(set(told)) == 1
