"""What one benchmark found, beside what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """One figure and its baseline in the same unit; it is met when `ratio` is at most `goal`."""

    name: str
    figure: float
    baseline: float
    ratio: float
    goal: float
    unit: str
    note: str
