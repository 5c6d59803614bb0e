"""MLflow for several notebooks in one process: its database, made ready by the first import of it.

On Databricks each notebook has a process of its own; here two may ask for the stores for the first time at once.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_DATABASE = "mlflow.db"


def install(folder: Path) -> None:
    """Let notebooks find MLflow set up, as on Databricks; it keeps everything in a folder."""
    os.environ.update(settings(folder))
    sys.meta_path.insert(0, _Finder(folder))


def settings(folder: Path) -> dict[str, str]:
    """Return what MLflow reads from the environment: runs and versions are in SQLite, files of models beside it."""
    return {
        "MLFLOW_TRACKING_URI": _uri(folder / _DATABASE),
        # What MLflow's own server sets; without it files would land in the folder where the driver was started.
        "_MLFLOW_SERVER_ARTIFACT_ROOT": _artifacts(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def make_database(folder: Path) -> None:
    """Make the database of runs and models unless it is there; whole or not at all, whoever else does the same."""
    database = folder / _DATABASE
    if database.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    store = importlib.import_module("mlflow.store.tracking.sqlalchemy_store").SqlAlchemyStore
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    # Its fifty steps are no transaction: killed between two, the database could be neither used nor finished.
    with tempfile.TemporaryDirectory(dir=folder) as unfinished:
        new = Path(unfinished) / _DATABASE
        store(_uri(new), _artifacts(folder)).engine.dispose()
        with contextlib.suppress(FileExistsError):
            os.link(new, database)


def _uri(database: Path) -> str:
    return f"sqlite:///{database}"


def _artifacts(folder: Path) -> str:
    return (folder / "artifacts").as_uri()


class _Finder(MetaPathFinder):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "mlflow":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._folder)
        return spec


class _Loader(Loader):
    """Makes database and stores while Python still lets every other thread wait for the import."""

    def __init__(self, loader: Loader, folder: Path) -> None:
        self._loader = loader
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        make_database(self._folder)
        # MLflow shows its tables of stores before they are filled.
        for kind in ("_tracking_service", "_model_registry"):
            importlib.import_module(f"mlflow.tracking.{kind}.utils")._get_store()
