"""What one benchmark found, beside the floor it is compared with."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measurement:
    """One figure and its floor in the same unit; it is met when `ratio` is at most `goal`.

    The floor, `baseline`, is the bare tool, the physics or the peer; `note` says which, and what dominates the figure.
    Without a goal a figure is shown and not judged. `peak_mb` and `load` say how it was taken, not what was found.
    """

    name: str
    figure: float
    baseline: float
    ratio: float
    goal: float | None
    unit: str
    note: str
    samples: tuple[float, ...] = ()  # every repetition of a figure that is a median
    peak_mb: float | None = field(default=None, compare=False)
    load: float | None = field(default=None, compare=False)

    @property
    def met(self) -> bool | None:
        """Say whether the goal is met, None where there is none."""
        return None if self.goal is None else self.ratio <= self.goal


def beside(
    name: str, figures: Sequence[float], floors: Sequence[float], goal: float | None, note: str, unit: str = "s"
) -> Measurement:
    """Compare the medians of two series that were taken in turn."""
    figure, floor = statistics.median(figures), statistics.median(floors)
    samples = tuple(round(each, 3) for each in figures)
    return Measurement(name, round(figure, 3), round(floor, 3), round(figure / floor, 2), goal, unit, note, samples)


def against(name: str, figures: Sequence[float], floor: float, limit: float, note: str) -> Measurement:
    """Hold a median of seconds against a limit that does not depend on the machine; the floor is shown beside it."""
    figure = statistics.median(figures)
    samples = tuple(round(each, 3) for each in figures)
    said = f"{note}; ratio to {limit:g} s"
    return Measurement(name, round(figure, 3), round(floor, 3), round(figure / limit, 2), 1.0, "s", said, samples)


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    started = time.monotonic()
    action()
    return time.monotonic() - started
