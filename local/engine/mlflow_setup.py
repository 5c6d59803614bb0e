"""MLflow for several notebooks in one process: where it keeps things, and made ready by the first import of it.

On Databricks each notebook has a process of its own; here two may ask for the stores for the first time at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any


def install(folder: Path) -> None:
    """Let notebooks find MLflow set up, as on Databricks; it keeps runs and model versions in a folder."""
    os.environ["MLFLOW_TRACKING_URI"] = folder.as_uri()
    os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_DISABLE_TELEMETRY="true")
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "mlflow":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """Makes the stores while Python still lets every other thread wait for the import."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        # MLflow shows its tables of stores before they are filled, and two first stores would both make the folder.
        for kind in ("_tracking_service", "_model_registry"):
            importlib.import_module(f"mlflow.tracking.{kind}.utils")._get_store()
