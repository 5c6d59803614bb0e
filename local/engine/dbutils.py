"""`dbutils` as notebooks know it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.engine.filesystem import FileSystem
from local.engine.internal import Internal
from local.engine.output import Output
from local.engine.refusal import Part

TASK_VALUE_LIMIT = 48 * 1024
RunNotebook = Callable[[str, int, Mapping[str, str]], str]


@dataclass(frozen=True)
class Context:
    """Where a run comes from; ids are None outside of a job."""

    job_id: int | None
    run_id: int | None
    task_run_id: int | None
    task_key: str | None
    user: str
    host: str


class NotebookExit(BaseException):
    """Ends a notebook early, with a value; `except Exception` in the notebook must not swallow it."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class InputWidgetNotDefined(Exception):  # noqa: N818 (Databricks' name)
    """A notebook asked for a widget that neither the job nor the notebook defines."""


class Widgets(Part, called="dbutils.widgets"):
    """`dbutils.widgets`: parameters of the job win over defaults of the notebook."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = dict(parameters)
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: N803
        """Define a text widget."""
        self._defaults[name] = str(defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: N803
        """Define a widget with choices."""
        if defaultValue not in choices:
            raise ValueError(f"Widget {name}: default {defaultValue!r} is not among the choices {list(choices)}.")
        value = self._parameters.get(name, defaultValue)
        if value not in choices:
            raise ValueError(f"Widget {name}: value {value!r} is not among the choices {list(choices)}.")
        self._defaults[name] = defaultValue

    def combobox(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: N803
        """Define a widget with choices that also takes other text."""
        self._defaults[name] = defaultValue

    def multiselect(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: N803
        """Define a widget of which several choices may be taken, joined by commas."""
        self._defaults[name] = defaultValue

    def get(self, name: str) -> str:
        """Return the value of a widget."""
        if name in self._parameters:
            return self._parameters[name]
        if name in self._defaults:
            return self._defaults[name]
        raise InputWidgetNotDefined(
            f"No input widget named {name} is defined: pass the parameter or call dbutils.widgets.text first."
        )

    def getAll(self) -> dict[str, str]:  # noqa: N802
        """Return the values of all widgets and parameters."""
        return {**self._defaults, **self._parameters}

    def remove(self, name: str) -> None:
        """Remove a widget."""
        self._defaults.pop(name, None)
        self._parameters.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802
        """Remove all widgets."""
        self._defaults.clear()
        self._parameters.clear()


@dataclass(frozen=True)
class SecretScope:
    """One scope of a listing."""

    name: str

    def getName(self) -> str:  # noqa: N802
        """Return its name."""
        return self.name


@dataclass(frozen=True)
class SecretMetadata:
    """One secret of a listing: its key, never its value."""

    key: str


class Secrets(Part, called="dbutils.secrets"):
    """`dbutils.secrets`: values come from the workspace and never reach an output."""

    def __init__(self, internal: Internal, output: Output) -> None:
        self._internal = internal
        self._output = output

    def get(self, scope: str, key: str) -> str:
        """Return a secret as text."""
        return self.getBytes(scope, key).decode()

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802
        """Return a secret as bytes."""
        value = self._internal.secret(scope, key)
        if value is None:
            raise KeyError(f"Secret does not exist with scope: {scope} and key: {key}")
        for shown in (value.decode(errors="replace"), base64.b64encode(value).decode()):
            self._output.add_secret(shown)
        return value

    def listScopes(self) -> list[SecretScope]:  # noqa: N802
        """Return all scopes."""
        return [SecretScope(name) for name in self._internal.secret_scopes()]

    def list(self, scope: str) -> list[SecretMetadata]:
        """Return the keys of a scope."""
        keys = self._internal.secret_keys(scope)
        if keys is None:
            raise KeyError(f"Scope {scope} does not exist!")
        return [SecretMetadata(key) for key in keys]


class TaskValues(Part, called="dbutils.jobs.taskValues"):
    """`dbutils.jobs.taskValues`: small values that tasks of one job run hand to later ones."""

    def __init__(self, internal: Internal, context: Context) -> None:
        self._internal = internal
        self._context = context

    def set(self, key: str, value: Any) -> None:
        """Set a value; outside of a job this does nothing, as on Databricks."""
        size = len(json.dumps(value).encode())
        if size > TASK_VALUE_LIMIT:
            raise ValueError(f"Task value {key!r} has {size} bytes as JSON: the limit is {TASK_VALUE_LIMIT}.")
        if self._context.task_run_id is not None:
            self._internal.set_task_value(self._context.task_run_id, key, value)

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:  # noqa: N803
        """Return a value that a task has set, else the default; outside of a job `debugValue`."""
        if self._context.run_id is None:
            if debugValue is None:
                raise TypeError("Must pass debugValue when calling get outside of a job context.")
            return debugValue
        found = self._internal.task_value(self._context.run_id, taskKey, key)
        if found is not None:
            return found["value"]
        if default is None:
            raise ValueError(f"Task value {key!r} of task {taskKey!r} was not set, and no default was given.")
        return default


@dataclass(frozen=True)
class Jobs(Part, called="dbutils.jobs"):
    """`dbutils.jobs`."""

    taskValues: TaskValues  # noqa: N815


class Notebook(Part, called="dbutils.notebook"):
    """`dbutils.notebook`."""

    def __init__(self, run: RunNotebook) -> None:
        self._run = run

    def exit(self, value: Any) -> None:
        """End this notebook with a value."""
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: int, arguments: Mapping[str, str] | None = None) -> str:
        """Run another notebook and return its exit value; 0 seconds means no time limit."""
        return self._run(path, timeout_seconds, {key: str(value) for key, value in (arguments or {}).items()})


class DbUtils(Part, called="dbutils"):
    """The object that notebooks call `dbutils`."""

    def __init__(
        self,
        volumes: Path,
        internal: Internal,
        output: Output,
        context: Context,
        parameters: Mapping[str, str],
        run_notebook: RunNotebook,
    ) -> None:
        self.widgets = Widgets(parameters)
        self.secrets = Secrets(internal, output)
        self.jobs = Jobs(TaskValues(internal, context))
        self.fs = FileSystem(volumes)
        self.notebook = Notebook(run_notebook)
