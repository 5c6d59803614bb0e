"""The parity ledger: which unmodified client proved which endpoint, in which test; recorded, never written by hand."""

from __future__ import annotations

import ast
import fcntl
import itertools
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.alerts.evaluations import Evaluations
from local.engine.dialect_tables import UNSUPPORTED
from local.jobs.orchestrator import Orchestrator
from local.pages.door import Door
from local.services import Services
from local.store import Store
from local.workspace import root, server

REPOSITORY = Path(__file__).resolve().parents[2]
LEDGER = Path(__file__).with_name("parity.json")
PAGE = REPOSITORY / "local" / "PARITY.md"
# Part of the user agent: who it is. The first that fits, for dbt names the connector it uses, which names the SDK.
CLIENTS = {
    "databricks-tf-provider": "official Terraform provider (recorded)",
    "local-terraform-provider": "Terraform (local provider)",
    "dbt-databricks": "dbt-databricks",
    "PyDatabricksSqlConnector": "databricks-sql-connector",
    "databricks-sdk-py": "databricks-sdk",
    "Mozilla": "browser",
    "local-spark-driver": "Spark driver",
    "": "plain HTTP",
}
# Registered to refuse by name: a client that asks for these must hear no, not 501.
REFUSING = frozenset(
    {
        "GET /api/2.0/secrets/get",
        "POST /api/2.0/fs/create-upload-part-urls",
        "POST /api/2.0/fs/create-abort-upload-url",
        "POST /api/2.0/fs/create-download-url",
    }
)
FORBIDDEN, ABSENT = 403, 404

Endpoints = dict[str, dict[str, str]]  # "POST /api/…" → client → test
Behaviours = dict[str, list[str]]  # test → clients


@dataclass(frozen=True)
class Endpoint:
    """A registered route: how the ledger calls it, and which paths are its."""

    name: str
    method: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Ledger:
    """What the recorded tests proved."""

    endpoints: Endpoints
    behaviours: Behaviours

    def owed_by(self, test: str) -> set[tuple[str, str]]:
        """Return endpoint and client of what a test is named for."""
        return {
            (name, client) for name, proofs in self.endpoints.items() for client, by in proofs.items() if by == test
        }


def read() -> Ledger:
    """Return the recorded ledger."""
    said = json.loads(LEDGER.read_text()) if LEDGER.exists() else {"endpoints": {}, "behaviours": {}}
    return Ledger(said["endpoints"], said["behaviours"])


def registered() -> list[Endpoint]:
    """Return every route of a workspace, in the order in which they are tried."""
    with tempfile.TemporaryDirectory() as folder:
        root.prepare(Path(folder))
        store = Store(Path(folder) / "state.db")
        nowhere: Any = None  # routes are bound, none is called
        services = Services(Path(folder), store, "me@example.com", "http://127.0.0.1:1", nowhere, 0)
        jobs = Orchestrator(services, None)
        evaluations = Evaluations(services, jobs.timers, jobs.clock, jobs.outbox)
        routes = server.all_routes(services, jobs, evaluations, Door())
    return [
        Endpoint(f"{method} {route.path}", method, route.path_regex)
        for route in routes
        for method in sorted(_methods(route.methods or set()))
    ]


def _methods(methods: set[str]) -> set[str]:
    return methods - {"HEAD"} if "GET" in methods else methods  # Starlette adds it to every GET


def seen(lines: Iterable[str], endpoints: list[Endpoint]) -> set[tuple[str, str]]:
    """Return endpoint and client of each request of a log that got what it asked for, or its due refusal."""
    found = set()
    for said in map(json.loads, lines):
        endpoint = _asked(said, endpoints)
        if endpoint and (said["status"] < 400 or said["status"] == _refusal(endpoint)):
            found.add((endpoint, client_of(said["agent"])))
    return found


def _refusal(name: str) -> int | None:
    """Return the status with which a route refuses by design."""
    if name in REFUSING:
        return FORBIDDEN
    return ABSENT if "{rest:path}" in name else None  # what is no page of that part


def _asked(said: Mapping[str, Any], endpoints: list[Endpoint]) -> str | None:
    for endpoint in endpoints:
        if endpoint.method == said["method"] and endpoint.pattern.match(said["path"]):
            return endpoint.name
    return None


def client_of(agent: str) -> str:
    """Return who asked."""
    return next(client for part, client in CLIENTS.items() if part in agent)


@contextmanager
def _alone() -> Iterator[None]:
    """Let the workers of one test run write one after the other."""
    with LEDGER.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def record(runs: Mapping[str, set[tuple[str, str]]], endpoints: list[Endpoint]) -> None:
    """Put what these tests proved into the ledger and its page; what others proved stays while they are there."""
    with _alone():
        old = Ledger({}, {}) if LEDGER.stat().st_size == 0 else read()
        new = _merged(old, runs, endpoints)
        LEDGER.write_text(json.dumps(asdict(new), indent=1, sort_keys=True) + "\n")
        PAGE.write_text(render(new, endpoints))


def _merged(old: Ledger, runs: Mapping[str, set[tuple[str, str]]], endpoints: list[Endpoint]) -> Ledger:
    kept: Endpoints = {}
    for endpoint in endpoints:
        proofs = {
            client: test
            for client, test in old.endpoints.get(endpoint.name, {}).items()
            if test not in runs and exists(test)
        }
        # A test that already has the entry keeps it: a ledger that changes with the order of tests tells nothing.
        for test in sorted(runs, key=lambda test: (old.owed_by(test) == set(), "[" in test, test)):
            for name, client in runs[test]:
                if name == endpoint.name:
                    proofs.setdefault(client, test)
        kept[endpoint.name] = proofs
    behaviours = {test: clients for test, clients in old.behaviours.items() if test not in runs and exists(test)}
    behaviours |= {test: sorted({client for _, client in found}) for test, found in runs.items() if found}
    return Ledger(kept, behaviours)


def exists(test: str) -> bool:
    """Whether a test of this name is still in its file; the case in brackets is not looked at."""
    file, _, name = test.partition("::")
    path = REPOSITORY / file
    return path.exists() and f"def {name.partition('[')[0]}(" in path.read_text()


def unproved(ledger: Ledger, endpoints: list[Endpoint]) -> list[str]:
    """Return the routes that no test of the ledger asked."""
    return [each.name for each in endpoints if not any(map(exists, ledger.endpoints.get(each.name, {}).values()))]


def render(ledger: Ledger, endpoints: list[Endpoint]) -> str:
    """Return the ledger as a page for people."""
    return "\n".join([*_head(), *_endpoint_tables(ledger, endpoints), *_behaviours(ledger), *_refusals()]) + "\n"


def _head() -> list[str]:
    return [
        "# What the local workspace answers, and who proved it",
        "",
        "Recorded while `tests/local` ran: the workspace notes each request that it answered and the user agent of",
        "who asked. `pytest tests/local --golden` records anew, `make golden` writes this page. Each route is here",
        "with a test that asked it; a test that stops asking what it is named for fails. *plain HTTP* is a request",
        "that a test made by hand; the other clients are as they are published. The official Terraform provider is",
        "here by its recorded requests, the local one as Terraform runs it.",
        "",
    ]


def _endpoint_tables(ledger: Ledger, endpoints: list[Endpoint]) -> Iterator[str]:
    for group, members in itertools.groupby(sorted(endpoints, key=_order), key=lambda each: _group(each.name)):
        yield from (f"## {group}", "", "| endpoint | proved by |", "|---|---|")
        for each in members:
            status = _refusal(each.name)
            refuses = f" (refuses: {status})" if status else ""
            proofs = sorted(_telling(ledger.endpoints.get(each.name, {})).items())
            yield f"| `{each.name}`{refuses} | {'<br>'.join(f'{who}: {_short(test)}' for who, test in proofs)} |"
        yield ""


def _telling(proofs: dict[str, str]) -> dict[str, str]:
    """Leave out requests made by hand where a client proves the same."""
    published = {client: test for client, test in proofs.items() if client != CLIENTS[""]}
    return published or proofs


def _order(endpoint: Endpoint) -> tuple[str, str, str]:
    return _group(endpoint.name), endpoint.name.partition(" ")[2], endpoint.method


def _group(name: str) -> str:
    parts = name.partition(" ")[2].strip("/").split("/")
    if parts[0] == "api":
        return f"API: {parts[2] if parts[2] not in ('sql', 'preview') else '/'.join(parts[2:4])}"
    return {"internal": "Internal: what the Spark driver asks", "sql": "Warehouse over Thrift"}.get(parts[0], "Pages")


def _short(test: str) -> str:
    file, _, name = test.removeprefix("tests/local/").partition("::")
    return f"`{file}` {_words(name)}"


def _words(name: str) -> str:
    return name.partition("[")[0].removeprefix("test_").replace("_", " ")


def _behaviours(ledger: Ledger) -> Iterator[str]:
    yield from (
        "# Behaviours",
        "",
        "Each line is a test of `tests/local`, all of them, with the clients whose requests it was seen to make; one",
        "without a client calls the code itself.",
        "",
    )
    seen: dict[tuple[str, str], set[str]] = {}
    for test, clients in ledger.behaviours.items():
        file, _, name = test.partition("::")
        seen.setdefault((file, _words(name)), set()).update(clients)
    for path in sorted((REPOSITORY / "tests" / "local").rglob("test_*.py")):
        module, file = ast.parse(path.read_text()), str(path.relative_to(REPOSITORY))
        about = ast.get_docstring(module) or file
        yield from (f"## `{file}`", "", about.partition("\n\n")[0].replace("\n", " "), "")
        for name in _tests(module):
            clients = seen.get((file, _words(name)), set())
            yield f"- {_words(name)}" + (f" ({', '.join(sorted(clients))})" if clients else "")
        yield ""


def _tests(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        for member in members:
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and member.name.startswith("test_"):
                yield member.name


def _refusals() -> Iterator[str]:
    yield from ("# Refused", "", "Every other method and path is answered with 501 and noted in the log. By name:", "")
    for path in sorted((REPOSITORY / "local").rglob("*.py")):
        for message in _refused_in(ast.parse(path.read_text())):
            yield f"- {message} (`{path.relative_to(REPOSITORY)}`)"
    yield from ("", "In SQL, with `UNSUPPORTED_FEATURE` and SQLSTATE 0A000 (`local/engine/dialect_tables.py`):", "")
    yield from (f"- {feature}" for feature in UNSUPPORTED)


def _refused_in(module: ast.Module) -> Iterator[str]:
    """Yield what is raised in the name of the local workspace, with … for what is filled in."""
    for statement in ast.walk(module):
        if isinstance(statement, ast.Raise) and statement.exc is not None:
            for node in ast.walk(statement.exc):
                text = _text(node)
                if "local workspace" in text and "501" not in ast.unparse(statement):
                    yield text.replace("\n", " ")
                    break


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""
