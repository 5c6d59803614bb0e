from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.engine import mlflow_setup
from scripts.browser import MISSING
from tests import retail, synthesis

HERE = Path(__file__).parent

# Modules are objects that stay: to look through them for garbage as often as usual is a tenth of what collecting takes.
gc.set_threshold(50_000, 20, 20)
# Read when MLflow is imported: nothing here calls home.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


class _Failures:
    """Says what failed when it does: a run that is cut off would never come to its summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            terminal.write_line(f"\n{report.when} of {report.nodeid} failed:\n{report.longreprtext[-3000:]}")


def pytest_configure(config: pytest.Config) -> None:
    """MLflow warns about type hints of its own when a model is loaded first."""
    config.addinivalue_line("filterwarnings", "ignore:.*Any type hint is inferred:UserWarning")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Failures(config))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite the golden files instead of comparing with them")


def pytest_report_header() -> str:
    found = "is there" if retail.DAYS.is_dir() else "is not there: tested with generated trade only"
    return f"real trade {found} ({retail.DAYS})"


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests go first, those that share a server or a Spark to one worker: starting it twice would cost most.

    The longest of these groups begins, or one worker would still be at it when the other has nothing left. Of the
    others only those that look at what is synthesized share something that costs more than their worker would wait.
    """
    order: dict[pytest.Item, int] = {}
    for item in items:
        order[item] = 2
        if item.get_closest_marker("slow"):
            group = _shared_by(item.path.relative_to(HERE))
            order[item] = 0 if group == "spark" else 1
            item.add_marker(pytest.mark.xdist_group(group))
        elif {"stacks", "synthesize"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("synthesis"))
    items.sort(key=order.__getitem__)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last that pages were not looked at: among skipped tests nobody would notice."""
    yield
    blind = [report for report in terminalreporter.getreports("skipped") if MISSING in str(report.longrepr)]
    if blind:
        terminalreporter.section("browser checks did not run")
        terminalreporter.line(f"{len(blind)} tests were skipped: {MISSING}.")


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What Terraform would be given, by environment; to be looked at, not to be changed."""
    return synthesis.synthesize(synthesis.environments().values(), tmp_path_factory.mktemp("stacks"))


@pytest.fixture(scope="session")
def empty_model_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an MLflow that has seen nothing; to be copied."""
    folder = tmp_path_factory.mktemp("mlflow")
    mlflow_setup.make_database(folder)
    return folder / "mlflow.db"


@pytest.fixture
def model_store(empty_model_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty MLflow of one test, kept as the local driver keeps it."""
    import mlflow

    folder = tmp_path / "mlflow"
    folder.mkdir()
    shutil.copy(empty_model_store, folder)
    for name, value in mlflow_setup.settings(folder).items():
        monkeypatch.setenv(name, value)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    yield
    mlflow.set_tracking_uri(before)


def _shared_by(path: Path) -> str:
    """Return what a test shares: Spark with its process, a deployment with its file, a server with its folder."""
    if path.parts[0] in ("notebooks", "sql"):
        return "spark"
    return str(path) if path.parts[0] == "acceptance" else str(path.parent)
