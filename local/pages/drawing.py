"""Pictures of runs, as numbers for the SVG templates: the task graph and the Gantt chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.jobs.graph import dependencies, in_order
from local.jobs.ledger import TaskRun
from local.pages.words import State, state

BOX_WIDTH, BOX_HEIGHT = 212, 58
GAP_X, GAP_Y, MARGIN = 56, 20, 8
CHART_RIGHT, ROW = 990, 30
LETTER = 8  # of a label, at most
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True)
class Box:
    """One task of the graph."""

    key: str
    x: int
    y: int
    state: State
    note: str
    url: str

    @property
    def label(self) -> str:
        """Its key, cut to what the box holds."""
        return self.key if len(self.key) <= 24 else self.key[:23] + "…"


@dataclass(frozen=True)
class Edge:
    """An arrow from one box to another, as the path of an SVG."""

    path: str
    label: str
    x: int
    y: int


@dataclass(frozen=True)
class Graph:
    """The picture of a task graph."""

    width: int
    height: int
    boxes: Sequence[Box]
    edges: Sequence[Edge]
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


@dataclass(frozen=True)
class Bar:
    """One attempt in time: waiting for the cluster first, then at work."""

    key: str
    url: str
    state: State
    y: int
    x: float
    setup: float
    work: float
    text: str


@dataclass(frozen=True)
class Gantt:
    """Attempts of a run along time."""

    height: int
    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, str]]
    left: int


def graph(tasks: Sequence[dict[str, Any]], shown: Mapping[str, tuple[State, str, str]]) -> Graph:
    """Lay tasks out from left to right by depth; `shown` gives state, note and link of each."""
    columns = _columns(tasks)
    tallest = max((len(column) for column in columns), default=0)
    height = 2 * MARGIN + tallest * BOX_HEIGHT + max(0, tallest - 1) * GAP_Y
    boxes: dict[str, Box] = {}
    for depth, column in enumerate(columns):
        used = len(column) * BOX_HEIGHT + (len(column) - 1) * GAP_Y
        top = (height - used) // 2
        for row, key in enumerate(column):
            status, note, url = shown[key]
            x, y = MARGIN + depth * (BOX_WIDTH + GAP_X), top + row * (BOX_HEIGHT + GAP_Y)
            boxes[key] = Box(key, x, y, status, note, url)
    edges = [_edge(boxes, task["task_key"], item) for task in tasks for item in task.get("depends_on") or []]
    width = 2 * MARGIN + len(columns) * BOX_WIDTH + max(0, len(columns) - 1) * GAP_X
    return Graph(width, height, list(boxes.values()), edges)


def _columns(tasks: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Put each task one column right of what it waits for, and near it: that keeps crossings few."""
    depth: dict[str, int] = {}
    place: dict[str, float] = {}
    columns: list[list[str]] = []
    for task in in_order(tasks):
        before = dependencies(task)
        depth[task["task_key"]] = max((depth[key] + 1 for key in before), default=0)
    waits = {task["task_key"]: dependencies(task) for task in tasks}
    for level in range(max(depth.values(), default=-1) + 1):
        keys = sorted(key for key in depth if depth[key] == level)
        keys.sort(key=lambda key: sum(place[other] for other in waits[key]) / max(1, len(waits[key])))
        # Measured from the middle, since columns are centred.
        place |= {key: row - (len(keys) - 1) / 2 for row, key in enumerate(keys)}
        columns.append(keys)
    return columns


def _edge(boxes: Mapping[str, Box], key: str, dependency: Mapping[str, Any]) -> Edge:
    start, end = boxes[dependency["task_key"]], boxes[key]
    x1, y1 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT // 2
    x2, y2 = end.x - 3, end.y + BOX_HEIGHT // 2
    bend = GAP_X // 2
    path = f"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}"
    return Edge(path, str(dependency.get("outcome") or ""), (x1 + x2) // 2, (y1 + y2) // 2 - 6)


def gantt(attempts: Sequence[TaskRun], urls: Mapping[int, str], now: int, words: Mapping[int, str]) -> Gantt | None:
    """Draw the attempts that have started; None when none has."""
    started = sorted((one for one in attempts if one.started), key=lambda one: (one.started, one.run_id))
    if not started:
        return None
    first = started[0].started
    last = max(first + 1, *(one.ended or now for one in started))
    left = 2 * MARGIN + LETTER * max(len(_name(one)) for one in started)
    scale = (CHART_RIGHT - left) / (last - first)
    bars = []
    for row, one in enumerate(started):
        end = one.ended or now
        work_from = min(end, one.executing or end) if one.executing else one.started
        setup, work = (work_from - one.started) * scale, max(2.0, (end - work_from) * scale)
        x = left + (one.started - first) * scale
        y = ROW + row * ROW
        bars.append(Bar(_name(one), urls[one.run_id], state(one), y, x, setup, work, words[one.run_id]))
    return Gantt(ROW * (len(bars) + 1) + MARGIN, bars, _ticks(last - first, left, scale), left)


def _name(attempt: TaskRun) -> str:
    name = attempt.task_key if len(attempt.task_key) <= 22 else attempt.task_key[:21] + "…"
    return f"{name} #{attempt.attempt + 1}" if attempt.attempt else name


def _ticks(span: int, left: int, scale: float) -> list[tuple[float, str]]:
    seconds = span / 1000
    step = next((step for step in _STEPS if seconds / step <= 6), 86400 * (int(seconds / 86400 / 6) + 1))
    count = int(seconds / step)
    return [(left + number * step * 1000 * scale, _clock(number * step)) for number in range(count + 1)]


def _clock(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02} h"
