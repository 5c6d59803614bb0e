"""What a job is: specs that cannot be constructed wrong. Rendering is elsewhere; this knows no CDKTF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from infra.environments import OrchestrationMode
from infra.schedules import Schedule

_KEY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_NOTEBOOK = re.compile(r"[a-z_]+/[a-z_]+")

RETRY_INTERVAL_SECONDS = 60  # a cluster that could not start or a storage that throttles is back within a minute
MAX_DBT_COMMANDS = 10  # the Jobs API refuses more

# Given to every notebook task; a task that set them would hide the environment's values.
RESERVED_PARAMETERS = ("catalog", "code_root")


class SpecError(ValueError):
    """A spec with a wrong field; the message names both."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SpecError(message)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all tasks have: a key, what they wait for, and how long and how often they may try."""

    key: str
    timeout_seconds: int
    max_retries: int
    depends_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(bool(_KEY.fullmatch(self.key)), f"task key: {self.key!r} is not lower_snake_case of at most 100")
        where = f"task '{self.key}'"
        _require(self.timeout_seconds > 0, f"{where}: timeout_seconds is {self.timeout_seconds}; 0 would mean forever")
        _require(self.max_retries >= 0, f"{where}: max_retries is {self.max_retries}; -1 would mean for ever")
        _require(self.key not in self.depends_on, f"{where}: depends_on names the task itself")
        _require(
            len(set(self.depends_on)) == len(self.depends_on),
            f"{where}: depends_on repeats a key: {', '.join(self.depends_on)}",
        )

    @property
    def longest_seconds(self) -> int:
        """How long the task can take when every attempt runs into its timeout."""
        attempts = 1 + self.max_retries
        return attempts * self.timeout_seconds + self.max_retries * RETRY_INTERVAL_SECONDS


@dataclass(frozen=True, kw_only=True)
class NotebookTask(Task):
    """Run one notebook, named `<group>/<name>` below `notebooks/`; one that `mails` is told by whom and to whom."""

    notebook: str
    mails: bool = False
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        super().__post_init__()
        where = f"task '{self.key}'"
        _require(
            bool(_NOTEBOOK.fullmatch(self.notebook)), f"{where}: notebook: {self.notebook!r} is not <group>/<name>"
        )
        for name in RESERVED_PARAMETERS:
            _require(name not in self.parameters, f"{where}: parameters: '{name}' is given to every notebook")


@dataclass(frozen=True, kw_only=True)
class DbtTask(Task):
    """Run dbt commands of the `dbt/` project on the SQL warehouse."""

    commands: tuple[str, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        where = f"task '{self.key}'"
        _require(
            0 < len(self.commands) <= MAX_DBT_COMMANDS,
            f"{where}: commands has {len(self.commands)} entries, 1 to {MAX_DBT_COMMANDS} are allowed",
        )
        for command in self.commands:
            _require(command.startswith("dbt "), f"{where}: commands: {command!r} does not start with 'dbt '")


@dataclass(frozen=True, kw_only=True)
class RunJobTask(Task):
    """Run another job, named by its key, and wait for it; it is given the job parameters named in `passes`."""

    job: str
    passes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One job: its tasks, its clock and its limits.

    `by_clock` says in which orchestration modes the schedule is live; in the others it is declared but paused.
    `beside_clock` says that another job may start it although its clock is live, since a run more does no harm.
    `writes` names the tables that two runs must not write at once. `parameters` are what a run may be told, with what
    holds when it is not; its notebooks have them as widgets and its dbt commands as variables. `queues` and
    `max_concurrent_runs` say what becomes of a start during a run.
    """

    key: str
    description: str
    layer: str
    tasks: tuple[NotebookTask | DbtTask | RunJobTask, ...]
    schedule: Schedule
    by_clock: tuple[OrchestrationMode, ...]
    timeout_seconds: int
    expected_seconds: int
    writes: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    beside_clock: bool = False
    queues: bool = True
    max_concurrent_runs: int = 1

    def __post_init__(self) -> None:
        _require(bool(_KEY.fullmatch(self.key)), f"key: {self.key!r} is not lower_snake_case")
        _require(bool(self.tasks), f"job '{self.key}': tasks is empty")
        _require(bool(self.by_clock), f"job '{self.key}': by_clock is empty, nothing would ever start it")
        _require(
            0 < self.expected_seconds <= self.timeout_seconds,
            f"job '{self.key}': expected_seconds {self.expected_seconds} is not between 1 and"
            f" timeout_seconds {self.timeout_seconds}",
        )
        self._check_starts()
        self._check_graph()
        self._check_parameters()

    def _check_starts(self) -> None:
        where = f"job '{self.key}'"
        runs = self.max_concurrent_runs
        _require(runs > 0, f"{where}: max_concurrent_runs is {runs}; every start would be skipped")
        if self.beside_clock:
            _require(self.queues, f"{where}: queues is False, and beside_clock lets two starts meet: set it to True")
            _require(
                runs == 1, f"{where}: max_concurrent_runs is {runs}, and beside_clock lets two starts meet: set it to 1"
            )

    def _check_graph(self) -> None:
        keys = [task.key for task in self.tasks]
        for key in keys:
            _require(keys.count(key) == 1, f"job '{self.key}': tasks: key '{key}' is used twice")
        for task in self.tasks:
            for upstream in task.depends_on:
                _require(
                    upstream in keys,
                    f"job '{self.key}': task '{task.key}': depends_on: there is no task '{upstream}'",
                )
            _require(
                task.timeout_seconds <= self.timeout_seconds,
                f"job '{self.key}': task '{task.key}': timeout_seconds {task.timeout_seconds} is longer than the"
                f" job's {self.timeout_seconds}",
            )
        try:
            TopologicalSorter({task.key: task.depends_on for task in self.tasks}).prepare()
        except CycleError as error:
            raise SpecError(f"job '{self.key}': depends_on: cycle {' -> '.join(error.args[1])}") from error

    def _check_parameters(self) -> None:
        for name in self.parameters:
            where = f"job '{self.key}': parameters: '{name}'"
            _require(bool(_KEY.fullmatch(name)), f"{where} is not lower_snake_case")
            _require(name not in RESERVED_PARAMETERS, f"{where} is given to every notebook")
        for task in self.tasks:
            where = f"job '{self.key}': task '{task.key}'"
            if isinstance(task, RunJobTask):
                for name in task.passes:
                    _require(name in self.parameters, f"{where}: passes: the job has no parameter '{name}'")
            if isinstance(task, NotebookTask):
                for name in task.parameters:
                    _require(name not in self.parameters, f"{where}: parameters: the job's '{name}' would win over it")

    @property
    def children(self) -> tuple[str, ...]:
        """Keys of the jobs that this one runs."""
        return tuple(task.job for task in self.tasks if isinstance(task, RunJobTask))

    @property
    def one_at_a_time(self) -> bool:
        """Whether no two of its runs ever overlap: a start during a run waits until that one has ended."""
        return self.queues and self.max_concurrent_runs == 1

    def longest_path_seconds(self) -> int:
        """How long the slowest chain of tasks can take when every attempt runs into its timeout."""
        tasks = {task.key: task for task in self.tasks}
        longest: dict[str, int] = {}
        for key in TopologicalSorter({task.key: task.depends_on for task in self.tasks}).static_order():
            upstream = max((longest[each] for each in tasks[key].depends_on), default=0)
            longest[key] = upstream + tasks[key].longest_seconds
        return max(longest.values())
