"""What the pages tell people to type, and who types it: `tests/acceptance/test_pipeline.py`, or a test named here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from .reading import ROOT, fences, spans

TYPIST = ROOT / "tests" / "acceptance" / "test_pipeline.py"
SHELLS = {"", "bash", "sh"}
_COMMAND = re.compile(r"(ecom|make|cdktf) ")

# What stands for something of one's own, and what is typed here instead. `local` is what commands mean when they are
# not told, but for the two that insist on being told.
_SAMPLES = (
    (r"--environment (dev|staging|prod)\b", "--environment local"),
    (r"(?<!ecom plan)(?<!ecom deploy) --environment local\b", ""),
    (r"<job>", "bronze_ingestion"),
    (r"--until \S+", "--until {until}"),
    (r'--reason "[^"]+"', '--reason "a test"'),
    (r"--from \S+ --to \S+", "--from {first} --to {last}"),
)
_STATEMENTS = (
    (r"\becommerce_prod\b", "ecommerce_local"),
    (r"\b(VERSION AS OF) \d+", r"\1 {version}"),
    (r"\b(TIMESTAMP AS OF) '[^']+'", r"\1 '{moment}'"),
    (r"\borders/[\d-]+\.csv\b", "{file}"),
)


@dataclass(frozen=True)
class Elsewhere:
    """Why a command or statement is not typed beside the others, and the test that stands for it; "" for none."""

    why: str
    proof: str = ""


_LIFECYCLE = "tests/acceptance/test_lifecycle.py::test_lifecycle_of_an_environment"
_TARGETS = "tests/acceptance/test_ci_targets.py::test_a_change_is_planned_reviewed_deployed_and_watched"
_EXPORT = "tests/acceptance/test_export.py::test_the_export_plans_no_change_and_one_edit_plans_exactly_that"
_CI = "tests/repo/test_repository.py::test_ci_runs_what_a_developer_runs"
_CHECKOUT = "it is about the workspace of this checkout, which somebody may be using"
_REWRITES = "it writes files of the repository"
_RUNNING = "it is what runs this test"
_DEPLOYS = "it takes a deployment of its own"

# By the whole command, or by how it begins.
ELSEWHERE: Mapping[str, Elsewhere] = {
    "make demo": Elsewhere(
        _CHECKOUT,
        "tests/acceptance/test_pipeline.py::test_master_keeps_every_line_though_its_driver_is_killed_during_bronze",
    ),
    "make demo DATA=<folder>": Elsewhere(
        _CHECKOUT, "tests/unit/data/test_loader.py::test_totals_of_the_landing_files_are_those_of_the_published_days"
    ),
    "make stop": Elsewhere(
        _CHECKOUT,
        "tests/local/workspace/test_process.py::test_a_signal_stops_in_good_order_and_a_restart_finds_everything",
    ),
    "make reset": Elsewhere(
        _CHECKOUT,
        "tests/unit/scripts/test_commands.py::test_a_reset_leaves_neither_workspace_nor_state_and_may_be_repeated",
    ),
    "ecom pages": Elsewhere(_CHECKOUT, "tests/local/pages/test_entrance.py::test_a_link_opens_once"),
    ". .local/env": Elsewhere(
        _CHECKOUT, "tests/unit/scripts/test_commands.py::test_what_the_demo_leaves_for_a_shell_says_where_and_as_whom"
    ),
    "export DATABRICKS_HOST=https://<workspace> DATABRICKS_TOKEN=<your token>": Elsewhere("every test sets both"),
    "ecom --install-completion": Elsewhere(
        "it writes into the files of somebody's shell",
        "tests/unit/scripts/test_completion.py::test_what_a_shell_is_taught_is_the_command_that_people_type",
    ),
    "make test": Elsewhere(_RUNNING, _CI),
    "make test-fast": Elsewhere(_RUNNING, _CI),
    "make lint": Elsewhere(_RUNNING, _CI),
    "make golden": Elsewhere(_REWRITES, "tests/golden/test_golden.py::test_deployed"),
    "make docs": Elsewhere(_REWRITES, "tests/docs/test_generated.py::test_the_pages_say_what_the_code_says"),
    "ecom docs --week 2026-12-07": Elsewhere(
        _REWRITES, "tests/docs/test_generated.py::test_a_week_is_kept_until_another_is_told"
    ),
    "ecom docs --bench .local/report/bench.json": Elsewhere(
        _REWRITES, "tests/docs/test_figures.py::test_what_a_report_has_is_taken_with_what_it_stands_beside_and_its_day"
    ),
    "make bench*": Elsewhere(
        "it takes half an hour",
        "tests/unit/scripts/test_bench.py::test_named_measurements_are_taken_in_order_and_others_are_refused",
    ),
    "make policy": Elsewhere(_DEPLOYS, _TARGETS),
    "make plan ENV=local": Elsewhere(_DEPLOYS, _TARGETS),
    "make deploy ENV=local": Elsewhere(_DEPLOYS, _TARGETS),
    "ecom review --plans .local/plans": Elsewhere(_DEPLOYS, _TARGETS),
    "cdktf diff local": Elsewhere(_DEPLOYS, _LIFECYCLE),
    "cdktf diff dev": Elsewhere(_DEPLOYS, _LIFECYCLE),
    "cdktf deploy local": Elsewhere(_DEPLOYS, _LIFECYCLE),
    "cdktf deploy prod": Elsewhere(_DEPLOYS, _LIFECYCLE),
    "ecom plan --environment local": Elsewhere(_DEPLOYS, _LIFECYCLE),
    "ecom deploy --environment local": Elsewhere(_DEPLOYS, _LIFECYCLE),
    "ecom import": Elsewhere(
        _DEPLOYS,
        "tests/acceptance/test_operating_jobs.py::test_what_exists_is_taken_into_the_state_and_stays_as_it_is",
    ),
    "ecom export terraform --to terraform/local": Elsewhere(_DEPLOYS, _EXPORT),
    "terraform -chdir=terraform/local init": Elsewhere(_DEPLOYS, _EXPORT),
    "terraform -chdir=terraform/local plan": Elsewhere(_DEPLOYS, _EXPORT),
    "grep *": Elsewhere("it is done to a copy", "tests/synth/test_fork.py::test_the_fork_synthesizes_the_same"),
    "ecom status --watch": Elsewhere(
        "it goes on until Ctrl-C",
        "tests/unit/scripts/test_status.py::test_watching_goes_on_until_ctrl_c_whatever_a_look_says",
    ),
    "az *": Elsewhere("it needs an Azure account"),
}
# By what stands in them.
STATEMENTS_ELSEWHERE: Mapping[str, Elsewhere] = {
    "system.billing.usage": Elsewhere("only a workspace that sends bills has it"),
    "LIST '/Volumes": Elsewhere(
        "open-source Spark lists no volume by SQL", "tests/local/warehouse/test_dialect_tables.py::test_unsupported"
    ),
}


def pages() -> list[Path]:
    """The pages that are followed at work; decisions (docs/adr) speak about commands and ask for none."""
    docs = ROOT / "docs"
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted([*docs.glob("*.md"), *docs.glob("how-to/*.md")])]


def commands(text: str) -> Iterator[str]:
    """Each line of a shell's block and each command within a sentence, as it is typed here."""
    for language, block in fences(text):
        for line in block.splitlines() if language in SHELLS else ():
            if typed := line.partition(" #")[0].strip():
                yield sampled(typed, _SAMPLES)
    yield from (sampled(span, _SAMPLES) for span in spans(text) if _COMMAND.match(span))


def statements(text: str) -> Iterator[str]:
    """Each block of SQL as it is asked here: with `{version}`, `{moment}` and `{file}` for what a day decides."""
    yield from (sampled(block.strip(), _STATEMENTS) for language, block in fences(text) if language == "sql")


def asked() -> list[str]:
    """Return the statements of all pages that a local workspace can be asked, each once and in order."""
    found = dict.fromkeys(statement for page in pages() for statement in statements(page.read_text()))
    return [text for text in found if not any(words in text for words in STATEMENTS_ELSEWHERE)]


def here() -> set[str]:
    """Return the commands that the acceptance test types: every text in it that begins like one."""
    constants = (node for node in ast.walk(ast.parse(TYPIST.read_text())) if isinstance(node, ast.Constant))
    return {each.value for each in constants if isinstance(each.value, str) and each.value.startswith("ecom ")}


def elsewhere(command: str) -> Elsewhere | None:
    """Return why a command is not typed there, if that is said."""
    return next((found for name, found in ELSEWHERE.items() if fnmatchcase(command, name)), None)


def sampled(text: str, samples: tuple[tuple[str, str], ...]) -> str:
    """Put what is typed here in the place of what stands for something of one's own."""
    for pattern, sample in samples:
        text = re.sub(pattern, sample, text)
    return text
