"""CDKTF stays in a thin layer, and only main reads the process environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
INFRA = REPOSITORY / "infra"
TOOLKIT = ("cdktf", "cdktf_cdktf_provider_databricks", "constructs", "jsii")


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def uses_toolkit(source: str) -> bool:
    return any(name.split(".")[0] in TOOLKIT for name in imported(source))


def modules() -> dict[str, str]:
    found = {str(path.relative_to(INFRA)): path.read_text() for path in INFRA.rglob("*.py")}
    assert len(found) > 30
    return found


def test_the_toolkit_is_imported_by_the_rendering_layer_only() -> None:
    users = {path for path, source in modules().items() if uses_toolkit(source)}
    assert len(users) > 10
    assert {path for path in users if path.split("/")[0] != "render"} == {"stack.py", "main.py"}


def test_an_import_of_the_toolkit_would_be_found() -> None:
    assert uses_toolkit("def f():\n    from cdktf import App\n")
    assert uses_toolkit("import cdktf_cdktf_provider_databricks.job as job")
    assert not uses_toolkit("from infra.environments import ENVIRONMENTS")


def test_only_main_reads_the_process_environment() -> None:
    assert [
        path
        for path, source in modules().items()
        if "environ[" in source or "os.environ" in source or "getenv" in source
    ] == ["main.py"]


def test_rendering_reads_no_file() -> None:
    for path, source in modules().items():
        if path.startswith(("render/", "parts/")):
            assert "read_text" not in source, path
            assert "read_bytes" not in source, path
