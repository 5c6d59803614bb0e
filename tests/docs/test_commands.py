"""Every command, statement and link of the pages is one that exists."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from typer.main import get_command

from scripts.cli import app
from scripts.docs import lineage

from . import typist
from .reading import ROOT, anchors, fences, links, pages, spans

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
VARIABLES = set(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, re.M))
ECOM: Any = get_command(app)
SHELLS = {"", "bash", "sh"}
LARGEST_PICTURE = 150_000  # bytes: a page is read over slow lines too
# Statements of Databricks that sqlglot only keeps as text; the seed's `VERSION AS OF 24 HOURS AGO` is none of them.
RESTORE = re.compile(r"RESTORE TABLE (\S+) TO (?:VERSION AS OF \d+|TIMESTAMP AS OF (?P<moment>.+))", re.IGNORECASE)
LIST = re.compile(r"LIST '/Volumes/[\w/]+'")
TABLES = {*lineage.edges(ROOT), *lineage.ABOUT_ALL}
PATH = re.compile(r"(?:infra|scripts|sql|dbt|notebooks|tests|docs|local)/[\w./*<>-]+")


def typed(text: str) -> tuple[list[str], list[str]]:
    """Return the commands of a page: whole lines of blocks, and names within sentences."""
    lines = [line for language, block in fences(text) if language in SHELLS for line in block.splitlines()]
    whole = [line.partition(" #")[0].strip() for line in lines if re.match(r"\s*(ecom|make) ", line)]
    return whole, [span for span in spans(text) if re.match(r"(ecom|make) ", span)]


def command_fault(line: str, whole: bool) -> str | None:
    """Return what is wrong with a command; a name within a sentence may leave its arguments out."""
    program, *words = shlex.split(line)
    return _make_fault(words) if program == "make" else _ecom_fault(words, whole)


def _make_fault(words: list[str]) -> str | None:
    for word in words:
        name, assigned, _ = word.partition("=")
        if name not in (VARIABLES if assigned else TARGETS):
            return f"make has no {'variable' if assigned else 'target'} {name}"
    return None


def _ecom_fault(words: list[str], whole: bool) -> str | None:
    command = ECOM
    path = ["ecom"]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"{' '.join(path)} has no command {words[0]}"
        path.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    if not words and not whole:
        return None
    context = command.context_class(command, info_name=" ".join(path))
    if "--help" in words:
        return None
    try:
        given, left, _ = command.make_parser(context).parse_args(list(words))
    except Exception as error:  # noqa: BLE001 -- whatever the parser does not take; its class is private to typer
        return f"{' '.join(path)}: {error}"
    if left:
        return f"{' '.join(path)}: {left[0]} is one argument too many"
    missing = [each.name for each in command.params if each.required and not given.get(each.name)]
    return f"{' '.join(path)}: {', '.join(missing)} is missing" if missing else None


def sql_fault(statement: str) -> str | None:
    """Return why Databricks would refuse a statement, or that it names a table nobody makes."""
    statement = statement.strip()
    if restore := RESTORE.fullmatch(statement):
        return sql_fault(f"SELECT {restore['moment']} AS moment FROM {restore[1]}") if restore["moment"] else None
    if LIST.fullmatch(statement):
        return None
    try:
        parsed = sqlglot.parse_one(statement, dialect="databricks")
    except SqlglotError as error:
        return str(error).splitlines()[0]
    if isinstance(parsed, exp.Command):
        return f"not a statement that can be read: {statement[:40]!r}"
    named = {each.alias for each in parsed.find_all(exp.CTE)}
    for table in parsed.find_all(exp.Table):
        name = f"{table.db}.{table.name}"
        if name not in TABLES and table.catalog != "system" and (table.db or table.name not in named):
            return f"nobody makes table {name}"
    return None


def link_fault(page: Path, target: str) -> str | None:
    """Return why a link leads nowhere; links to the web are not followed."""
    if re.match(r"https?://|mailto:", target):
        return None
    name, _, fragment = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    if not file.exists():
        return f"{target}: there is no such file"
    if fragment and (file.suffix != ".md" or fragment not in anchors(file.read_text())):
        return f"{target}: there is no such heading"
    return None


def path_fault(span: str) -> str | None:
    """Return why a path of the repository in a sentence is none; `<name>` stands for any."""
    if not PATH.fullmatch(span):
        return None
    pattern = re.sub(r"<\w+>", "*", span).rstrip("/")
    return None if any(ROOT.glob(pattern)) or any(ROOT.glob(f"{pattern}.py")) else f"{span}: there is no such file"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists(page: Path) -> None:
    whole, named = typed(page.read_text())
    checked = [(line, command_fault(line, True)) for line in whole]
    checked += [(line, command_fault(line, False)) for line in named]
    assert {line: fault for line, fault in checked if fault} == {}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_statement_can_be_run(page: Path) -> None:
    statements = [block for language, block in fences(page.read_text()) if language == "sql"]
    assert [fault for each in statements if (fault := sql_fault(each))] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_path_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    old = set(spans(text)) - set(re.findall(r"[Nn]ew file `([^`]+)`:", text))  # how-to pages make some
    faults = [link_fault(page, target) for target in links(text)] + [path_fault(span) for span in old]
    assert [fault for fault in faults if fault] == []


def typing_faults(pages: list[str]) -> tuple[set[str], set[str]]:
    """Return the commands of pages that nothing types, and what is typed or excused though no page asks for it."""
    written = {command for page in pages for command in typist.commands(page)}
    here = typist.here()
    known = {command for command in written if command in here or typist.elsewhere(command)}
    named = {each for each in written if any(command.startswith(f"{each} ") for command in known)}  # without arguments
    idle = {name for name in typist.ELSEWHERE if not any(fnmatchcase(command, name) for command in written)}
    return written - known - named, idle | (here - written)


def test_every_command_is_typed_by_a_test_or_has_one_that_stands_for_it() -> None:
    texts = [page.read_text() for page in typist.pages()]
    assert len(typist.here()) > 30
    assert typing_faults(texts) == (set(), set())
    new = "```bash\necom jobs list --json\nsudo reboot   # again\n```\nor `ecom status --json`, or `ecom jobs`"
    assert typing_faults([*texts, new])[0] == {"ecom jobs list --json", "sudo reboot", "ecom status --json"}
    assert "ecom jobs list" in typing_faults([])[1]


def test_every_statement_is_asked_by_a_test_or_has_a_reason() -> None:
    asked = [statement for page in typist.pages() for statement in typist.statements(page.read_text())]
    for words in typist.STATEMENTS_ELSEWHERE:
        assert any(words in statement for statement in asked), words
    assert sum("ecommerce_local" in statement for statement in asked) > 12


def test_what_stands_for_a_command_is_a_test_that_exists() -> None:
    excused = (*typist.ELSEWHERE.values(), *typist.STATEMENTS_ELSEWHERE.values())
    proofs = [each.proof for each in excused if each.proof]
    assert len(proofs) > 20
    for proof in proofs:
        file, _, name = proof.partition("::")
        assert f"\ndef {name}(" in (ROOT / file).read_text(), proof


def test_pictures_are_small_and_shown_somewhere() -> None:
    shown = {(page.parent / target).resolve() for page in pages() for target in links(page.read_text())}
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    assert pictures
    assert {str(each): each.stat().st_size for each in pictures if each.stat().st_size > LARGEST_PICTURE} == {}
    assert set(pictures) - shown == set()


def test_there_is_enough_to_check() -> None:
    texts = {page.name: page.read_text() for page in pages()}
    assert len(typed(texts["runbook.md"])[1]) > 40
    assert len(typed(texts["orchestration_guide.md"])[0]) > 10
    assert sum(language == "sql" for text in texts.values() for language, _ in fences(text)) > 8
    assert sum(len(links(text)) for text in texts.values()) > 60


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("ecom statuss", "ecom has no command statuss"),
        ("ecom data make", "ecom data has no command make"),
        ("ecom status --enviroment prod", "ecom status: No such option: --enviroment"),
        ("ecom status prod", "ecom status: prod is one argument too many"),
        ("ecom dashboards render", "ecom dashboards render: to is missing"),
        ("make deploys", "make has no target deploys"),
        ("make demo DAT=x", "make has no variable DAT"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, fault: str) -> None:
    assert fault in str(command_fault(line, True))


@pytest.mark.parametrize(
    "statement",
    [
        "RESTORE TABLE silver.dim_customers TO VERSION AS OF 24 HOURS AGO",
        "RESTORE TABLE silver.dim_customers TO TIMESTAMP AS OF 24 HOURS AGO",
        "SELECT count(* FROM silver.fact_orders",
        "SELECT 1 FROM silver.fact_order",
        "OPTIMISE silver.fact_orders",
    ],
)
def test_a_statement_that_would_be_refused_is_found(statement: str) -> None:
    assert sql_fault(statement)


@pytest.mark.parametrize("target", ["nowhere.md", "runbook.md#nothing", "#nothing", "../sql/thresholds.toml#L1"])
def test_a_link_to_nowhere_is_found(target: str) -> None:
    assert link_fault(ROOT / "docs" / "orchestration_guide.md", target)


def test_a_path_to_nowhere_is_found() -> None:
    assert path_fault("infra/jobz/<job>.py") == "infra/jobz/<job>.py: there is no such file"
    assert path_fault("infra/jobs/<job>.py") is None
