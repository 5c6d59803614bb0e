"""Python imports from /Workspace paths, separate for each notebook run.

Every run has its own `sys.path` and its own copies of the workspace's modules, so that a run sees what was deployed
before it began, and two environments with a package of the same name can run at once. Python has one table of modules
per process: before a run imports, its modules are put into that table and those of the run before are put aside.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator, Mapping, MutableSequence, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, overload

from pyspark import cloudpickle

WORKSPACE = "/Workspace/"


# Where Python and what is installed for it are, and where this package is.
_PLACES = tuple(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OURS = str(Path(__file__).resolve().parents[2])


def _is_of_every_run(entry: str) -> bool:
    """Say whether a path is one that a cluster has too: code of a checkout beside us is not, and has to be deployed."""
    return entry == _OURS or entry.endswith(".zip") or f"{entry}/".startswith(_PLACES)


class RunModules:
    """What one run has imported from the workspace, and its `sys.path`."""

    def __init__(self, path: Iterable[str]) -> None:
        self.path = list(path)
        self.modules: dict[str, ModuleType] = {}


_current: ContextVar[RunModules | None] = ContextVar("run_modules", default=None)


class WorkspaceImports:
    """The process-wide machinery; install one per driver."""

    def __init__(self, files: Path) -> None:
        self._files = f"{files}/"
        self._owner: RunModules | None = None
        self._importing = 0
        self._turn = threading.Condition()
        self._import = builtins.__import__
        self._import_module = importlib.import_module

    def install(self) -> None:
        """Hook into Python's import system."""
        sys.path_hooks.insert(0, self._finder)
        sys.path_importer_cache.clear()
        sys.path = _RunPath(sys.path)  # type: ignore[assignment]
        builtins.__import__ = self._import_statement
        importlib.import_module = self._import_call

    @contextmanager
    def run(self, folder: str) -> Iterator[None]:
        """Import as a notebook in the workspace folder does, until the block ends."""
        modules = RunModules([f"{WORKSPACE}{folder.strip('/')}", *filter(_is_of_every_run, sys.path)])
        token = _current.set(modules)
        try:
            yield
        finally:
            _current.reset(token)
            with self._turn:
                if self._owner is modules:
                    self._put_aside()

    def _finder(self, entry: str) -> FileFinder:
        if entry.startswith(WORKSPACE):
            entry = self._files + entry.removeprefix(WORKSPACE)
        if not f"{entry}/".startswith(self._files):
            raise ImportError(entry)
        return FileFinder(entry, (_Loader, [".py"]))

    def _import_statement(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        package = str((globals or {}).get("__package__") or name) if level else name
        with self._turn_of(_current.get(), package):
            return self._import(name, globals, locals, fromlist or (), level)

    def _import_call(self, name: str, package: str | None = None) -> ModuleType:
        with self._turn_of(_current.get(), (package or name) if name.startswith(".") else name):
            return self._import_module(name, package)

    @contextmanager
    def _turn_of(self, run: RunModules | None, name: str) -> Iterator[None]:
        """Let a run import: wait until no other run is in the middle of an import, then exchange the modules."""
        top = name.partition(".")[0]
        loaded = sys.modules.get(top)
        if run is None or (loaded is not None and not self._is_ours(loaded)):
            yield
            return
        with self._turn:
            self._turn.wait_for(lambda: self._owner is run or self._importing == 0)
            if self._owner is not run:
                self._put_aside()
                sys.modules.update(run.modules)
                self._owner = run
            self._importing += 1
        try:
            yield
        finally:
            with self._turn:
                self._note(run)
                self._importing -= 1
                self._turn.notify_all()

    def _put_aside(self) -> None:
        for name in list(self._owner.modules) if self._owner else ():
            sys.modules.pop(name, None)
        self._owner = None

    def _note(self, run: RunModules) -> None:
        for name, module in list(sys.modules.items()):
            if name not in run.modules and self._is_ours(module):
                run.modules[name] = module
                # Spark's Python workers cannot import from the workspace: they get the code itself.
                cloudpickle.register_pickle_by_value(module)

    def _is_ours(self, module: ModuleType) -> bool:
        spec = getattr(module, "__spec__", None)
        if spec is None:
            return False
        places = [spec.origin or "", *(spec.submodule_search_locations or ())]
        return any(str(place).startswith(self._files) for place in places)


class _Loader(SourceFileLoader):
    """Compiles from source each time: cached bytecode would hide a deploy within the same second."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Offer no time stamp, so that bytecode is neither read nor written."""
        raise OSError(path)


class _RunPath(MutableSequence[str]):
    """`sys.path`: the process's list, or the run's own when asked from a run."""

    def __init__(self, shared: list[str]) -> None:
        self._shared = shared

    @property
    def _list(self) -> list[str]:
        run = _current.get()
        return self._shared if run is None else run.path

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._list[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._list[index] = value

    def __delitem__(self, index: int | slice) -> None:
        del self._list[index]

    def __len__(self) -> int:
        return len(self._list)

    def insert(self, index: int, value: str) -> None:
        """Insert an entry."""
        self._list.insert(index, value)

    def copy(self) -> list[str]:
        """Return a plain list."""
        return list(self._list)

    def __add__(self, other: Iterable[str]) -> list[str]:
        return [*self._list, *other]

    def __repr__(self) -> str:
        return repr(self._list)
